package client_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What a look-up must not change: keys, budgets, the number of requests, and whom it asks.

// A key goes before a look-up: the request is repeated under it, and so is a later run.
func TestLookupLeavesKeysAsTheyAre(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.Reset(), retrywisetest.Reset(), retrywisetest.Status(404), // the first run
			retrywisetest.JSON(201, `{"id":"A-1"}`)) // the second one
		c := newClient(t, srv, client.Config{Vendor: ordersShop(t, byID)})
		o := client.CallOptions{IdempotencyKey: "key-1", MaxAttempts: 2}
		_, err := createOrder(t.Context(), c, o)
		if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || e.IdempotencyKey != "key-1" || e.Stop != apierrors.StopAttempts {
			t.Errorf("applied %v, key %q, stop %v", e.Applied, e.IdempotencyKey, e.Stop)
		}
		if _, err := createOrder(t.Context(), c, o); err != nil {
			t.Errorf("the second run: %v", err)
		}
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, r.Method+" "+r.Header.Get("Idempotency-Key"))
		}
		if diff := cmp.Diff([]string{"POST key-1", "POST key-1", "GET ", "POST key-1"}, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

// A retry after a look-up is paid for, and counts as an attempt.
func TestLookupKeepsTheBounds(t *testing.T) {
	for name, tt := range map[string]struct {
		retry policy.Retry
		posts int
		stop  apierrors.Stop
	}{
		"without a budget":  {policy.Retry{Budget: new(0)}, 1, apierrors.StopBudget},
		"with two attempts": {policy.Retry{MaxAttempts: 2}, 2, apierrors.StopAttempts},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				mux := http.NewServeMux()
				mux.Handle(postIt, retrywisetest.Reset())
				mux.Handle(getIt, retrywisetest.Status(404))
				srv := retrywisetest.Handle(t, mux)
				v := ordersShop(t, settled)
				v.policy = v.policy.WithRetry(tt.retry)
				c := newClient(t, srv, client.Config{Vendor: v})
				_, err := createOrder(t.Context(), c, client.CallOptions{})
				e := failure(t, err)
				if posts := strings.Count(sentTo(srv), postIt); posts != tt.posts || e.Stop != tt.stop || e.Applied != apierrors.AppliedNo || e.Lookup != "absent (404)" {
					t.Errorf("%d POSTs, stop %v, applied %v, look-up %q", posts, e.Stop, e.Applied, e.Lookup)
				}
				if !apierrors.Temporary(err) {
					t.Error("a write that was certainly not executed may be run again")
				}
			})
		})
	}
}

// The caller's look-up goes before that of the data.
func TestLookupOfTheCaller(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.JSON(200, `{"orders":[{"ref":"r 1","ok":true}]}`))
		c := newClient(t, srv, client.Config{Vendor: ordersShop(t, settled)})
		_, err := createOrder(t.Context(), c, client.CallOptions{
			RecordKey: "r 1", Lookup: &policy.Lookup{Path: "/search?ref={record_key}", In: "/orders", At: "/ref", Is: "{record_key}"},
		})
		if want := postIt + ", GET /search?ref=r+1"; err != nil || sentTo(srv) != want {
			t.Errorf("error %v, sent %s; want %s", err, sentTo(srv), want)
		}
	})
}

func TestLookupOfTheCallerIsChecked(t *testing.T) {
	srv := retrywisetest.New(t)
	c := newClient(t, srv, client.Config{})
	_, err := createOrder(t.Context(), c, client.CallOptions{Lookup: &policy.Lookup{Path: "/orders/{id}"}})
	e := failure(t, err)
	if e.Class != apierrors.MalformedRequest || !strings.HasPrefix(e.Summary, "Lookup: lookup: unknown name {id}: expected") {
		t.Errorf("class %v, summary %q", e.Class, e.Summary)
	}
}

// Another origin than the vendor's is looked up only where the caller says how, and there.
func TestLookupOfAnotherOrigin(t *testing.T) {
	for _, own := range []*policy.Lookup{nil, &byID} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			vendor := retrywisetest.New(t)
			answers := script{retrywisetest.Reset()}
			if own != nil {
				answers = append(answers, retrywisetest.JSON(200, `{"id":"A-1"}`))
			}
			other := retrywisetest.New(t, answers...)
			c := newClient(t, vendor, client.Config{
				Vendor: ordersShop(t, settled), BaseURL: "https://api.other.example", Transport: other.Transport(), Auth: client.Bearer("token"),
			})
			req := newRequest(t, "POST", other.URL()+"/orders", `{"id":"A-1"}`)
			_, err := sendRequest(t, c.Send, client.With(req, client.CallOptions{Lookup: own}))
			want := apierrors.AppliedUnknown
			if own != nil {
				want = apierrors.AppliedYes
			}
			if e := failure(t, err); e.Applied != want {
				t.Errorf("applied %v; want %v", e.Applied, want)
			}
			for _, r := range other.Requests() {
				if r.Header.Get("Authorization") != "" {
					t.Errorf("%s got the credential", r.Method)
				}
			}
		})
	}
}

// A write that a caller's http.Client took to another origin is not looked up, there or here.
func TestLookupStaysInTheOrigin(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(307, "Location", "http://elsewhere.test/orders/A-1"), retrywisetest.Reset(), retrywisetest.Reset())
		c := newClient(t, srv, client.Config{})
		hc := &http.Client{Transport: c.HTTP().Transport}
		req := client.With(newRequest(t, "DELETE", srv.URL()+"/orders/A-1", ""), client.CallOptions{Lookup: &policy.Lookup{Path: "/orders/A-1"}, MaxAttempts: 2})
		resp, err := hc.Do(req)
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("status %d", resp.StatusCode)
		}
		if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || e.Lookup != "" || strings.Contains(sentTo(srv), "GET") {
			t.Errorf("applied %v, look-up %q, sent %s", e.Applied, e.Lookup, sentTo(srv))
		}
	})
}

// A segment of the write's path goes into that of the look-up.
func TestLookupBySegment(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		p, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{
			Methods: []string{"POST"}, Paths: []string{"/orders/{order}/payment"}, Lookup: &policy.Lookup{Path: "/payments?order={order}", At: "/order", Is: "{order}"},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.JSON(200, `{"order":"A/1"}`))
		c := newClient(t, srv, client.Config{Vendor: shop{p}})
		_, err = client.Do[struct{}](t.Context(), c, client.Call{Method: "POST", Path: "/orders/A%2F1/payment"})
		if err != nil || !strings.HasSuffix(sentTo(srv), "GET /payments?order=A%2F1") {
			t.Errorf("error %v, sent %s", err, sentTo(srv))
		}
	})
}

// A failure that a rule accepts as an empty result says that the record is absent.
func TestLookupOfAnEmptyResult(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.JSON(400, `{}`, "X-Code", "EMPTY"), retrywisetest.JSON(201, `{"id":"A-1"}`))
		c := newClient(t, srv, client.Config{})
		r, err := createOrder(t.Context(), c, client.CallOptions{Lookup: &settled})
		if err != nil || r.Value.ID != "A-1" {
			t.Errorf("got %+v, error %v", r, err)
		}
	})
}

// The smaller request is another one, so the caller's look-up is not about it.
func TestLookupIsNotOfASmallerRequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(413), retrywisetest.Reset())
		c := newClient(t, srv, client.Config{})
		_, err := createOrder(t.Context(), c, client.CallOptions{Lookup: &settled, Shrink: func(req *http.Request) (*http.Request, error) {
			smaller := req.Clone(req.Context())
			smaller.Body, smaller.ContentLength = io.NopCloser(strings.NewReader(`{}`)), 2
			return smaller, nil
		}})
		if e := failure(t, err); e.Lookup != "" || sentTo(srv) != postIt+", "+postIt {
			t.Errorf("look-up %q, sent %s", e.Lookup, sentTo(srv))
		}
	})
}

// A body that can be read only once, or is long, has no values for a look-up.
func TestLookupWithoutTheBody(t *testing.T) {
	long := `{"id":"A-1","note":"` + strings.Repeat("x", 1<<20) + `"}`
	for name, body := range map[string]io.Reader{
		"read once": io.NopCloser(strings.NewReader(`{"id":"A-1"}`)), "long": strings.NewReader(long), "not JSON": strings.NewReader("id=A-1"), "none": nil,
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Reset())
			c := newClient(t, srv, client.Config{Vendor: ordersShop(t, byID)})
			_, err := sendRequest(t, c.Send, newRequestOf(t, "POST", "/orders", body))
			if e := failure(t, err); e.Lookup != "not made: the request has no {body.id}" {
				t.Errorf("%s: look-up %q", name, e.Lookup)
			}
		})
	}
}

// A read that fails is in nobody's doubt, and a write that follows a look-up's rule is not looked
// up by a second one.
func TestLookupIsOfWritesOnly(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.Reset())
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/orders/A-1", "", client.CallOptions{Lookup: &byID, MaxAttempts: 2})
		if e := failure(t, err); e.Lookup != "" {
			t.Errorf("look-up %q", e.Lookup)
		}
	})
}

// What the look-up got is not in any form of the error or the log, and neither is whom it asked
// about.
func TestLookupLeaksNothing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		secret := `{"id":"other","message":"ana@example.com is unknown","code":"A-1"}`
		for _, answer := range []retrywisetest.Answer{
			retrywisetest.JSON(200, secret), retrywisetest.JSON(404, secret), retrywisetest.JSON(401, secret),
		} {
			var lines bytes.Buffer
			srv := retrywisetest.New(t, retrywisetest.Reset(), answer)
			c := newClient(t, srv, client.Config{Vendor: ordersShop(t, byID), Logger: slog.New(slog.NewTextHandler(&lines, nil))})
			_, err := createOrder(t.Context(), c, client.CallOptions{Op: "orders.create"})
			e := failure(t, err)
			form, _ := json.Marshal(e)
			text := string(form) + lines.String() + e.Error() + e.Hint
			for _, part := range []string{"ana@", "A-1", "other"} {
				if strings.Contains(text, part) {
					t.Errorf("%q is in %s", part, text)
				}
			}
			if !strings.Contains(lines.String(), `msg="retrywise lookup" vendor=shop op=orders.create method=POST`) {
				t.Errorf("the log has no look-up:\n%s", &lines)
			}
			if n := strings.Count(lines.String(), "level=WARN"); n != 1 {
				t.Errorf("%d warnings; want that of the call alone:\n%s", n, &lines)
			}
		}
	})
}

// The doubt of a call that a caller's http.Client was redirected from is looked up in the next
// one, although a closed gate lets that send nothing.
func TestLookupAfterARedirect(t *testing.T) {
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   apierrors.Applied
	}{
		"found":  {retrywisetest.JSON(200, `{"id":"A-1"}`), apierrors.AppliedYes},
		"absent": {retrywisetest.Status(404), apierrors.AppliedNo},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var c *client.Client
				moved := func(w http.ResponseWriter, r *http.Request) {
					_, _ = send(t.Context(), t, c, "POST", "/limited", "")
					retrywisetest.Status(307, "Location", "/moved")(w, r)
				}
				mux := http.NewServeMux()
				mux.Handle(postIt, retrywisetest.Script(retrywisetest.Reset(), moved))
				mux.Handle("POST /limited", retrywisetest.Status(429, "X-Limit", "writes", "Retry-After", "3600"))
				mux.Handle(getIt, tt.answer)
				srv := retrywisetest.Handle(t, mux)
				v := ordersShop(t, settled)
				v.policy = v.policy.WithLimit(policy.Limit{
					Name: "writes", Scope: apierrors.ScopeAccount, Methods: []string{"POST"}, Rate: policy.Rate{Count: 100, Per: time.Second}, Burst: 100,
				})
				c = newClient(t, srv, client.Config{Vendor: v})
				req := newRequest(t, "POST", srv.URL()+"/orders", `{"id":"A-1"}`)
				resp, err := c.HTTP().Do(client.With(req, client.CallOptions{Lookup: &settled, Repeatable: true}))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				e := failure(t, c.Check(resp))
				if sent := sentTo(srv); e.Applied != tt.want || !strings.HasSuffix(sent, "POST /limited, "+getIt) {
					t.Errorf("applied %v, look-up %q, sent %s", e.Applied, e.Lookup, sent)
				}
			})
		})
	}
}
