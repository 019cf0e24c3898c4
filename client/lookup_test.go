package client_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// byID looks up an order by the id in the body that was sent.
var byID = policy.Lookup{Path: "/orders/{body.id}", At: "/id", Is: "{body.id}"}

// settled is byID of a vendor whose reads are consistent.
var settled = policy.Lookup{Path: byID.Path, At: byID.At, Is: byID.Is, Consistent: true, Settle: 5 * time.Second}

// ordersShop is a shop whose orders are looked up by l.
func ordersShop(t testing.TB, l policy.Lookup) shop {
	t.Helper()
	p, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{Methods: []string{"POST"}, Paths: []string{"/orders"}, Lookup: &l}}})
	if err != nil {
		t.Fatal(err)
	}
	return shop{p}
}

// A oneOrder is created by POST.
type oneOrder struct {
	ID    string `json:"id"`
	Email string `json:"email,omitempty"`
}

// createOrder creates an order by Do.
func createOrder(ctx context.Context, c *client.Client, o client.CallOptions) (client.Response[oneOrder], error) {
	return client.DoResponse[oneOrder](ctx, c, client.Call{Method: "POST", Path: "/orders", Body: oneOrder{"A-1", "ana@example.com"}, Options: o})
}

// sentTo returns the methods and paths of the requests.
func sentTo(srv *retrywisetest.Server) string {
	var lines []string
	for _, r := range srv.Requests() {
		line := r.Method + " " + r.Path
		if r.Query != "" {
			line += "?" + r.Query
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, ", ")
}

const (
	postIt = "POST /orders"
	getIt  = "GET /orders/A-1"
)

// What a call in doubt ends in, by what its look-up says.
func TestLookupOfADoubt(t *testing.T) {
	there, elsewhere := retrywisetest.JSON(200, `{"id":"A-1"}`), retrywisetest.JSON(200, `{"id":"B-2"}`)
	absent, created := retrywisetest.JSON(404, `{}`), retrywisetest.JSON(201, `{"id":"A-1"}`)
	for name, tt := range map[string]struct {
		lookup  policy.Lookup
		answers script
		sent    string
		applied apierrors.Applied
		text    string // Error.Lookup; the call succeeds if Applied is yes
	}{
		"found after a reset":             {byID, script{retrywisetest.Reset(), there}, postIt + ", " + getIt, apierrors.AppliedYes, ""},
		"found after a 504":               {settled, script{retrywisetest.HTML(504), there}, postIt + ", " + getIt, apierrors.AppliedYes, ""},
		"absent, and reads may lag":       {byID, script{retrywisetest.Reset(), absent}, postIt + ", " + getIt, apierrors.AppliedUnknown, "absent (404), which proves nothing, as its reads are not known to be consistent"},
		"absent for certain, and retried": {settled, script{retrywisetest.Reset(), absent, created}, postIt + ", " + getIt + ", " + postIt, apierrors.AppliedYes, ""},
		"absent twice": {settled, script{retrywisetest.Reset(), absent, retrywisetest.Reset(), absent, created},
			postIt + ", " + getIt + ", " + postIt + ", " + getIt + ", " + postIt, apierrors.AppliedYes, ""},
		"absent, then refused":          {settled, script{retrywisetest.Reset(), absent, retrywisetest.Status(422)}, postIt + ", " + getIt + ", " + postIt, apierrors.AppliedNo, ""},
		"absent, then found":            {settled, script{retrywisetest.Reset(), absent, retrywisetest.Reset(), there}, postIt + ", " + getIt + ", " + postIt + ", " + getIt, apierrors.AppliedYes, ""},
		"another record":                {settled, script{retrywisetest.Reset(), elsewhere}, postIt + ", " + getIt, apierrors.AppliedUnknown, "unclear (200)"},
		"a page of a gateway":           {settled, script{retrywisetest.Reset(), retrywisetest.HTML(404)}, postIt + ", " + getIt, apierrors.AppliedUnknown, "failed with not_found (404)"},
		"refused unclearly, and absent": {settled, script{retrywisetest.Status(418), absent}, postIt + ", " + getIt, apierrors.AppliedNo, "absent (404)"},
		"look-up: 401":                  {settled, script{retrywisetest.Reset(), retrywisetest.Status(401)}, postIt + ", " + getIt, apierrors.AppliedUnknown, "failed with authentication (401)"},
		"look-up: 429 for an hour":      {settled, script{retrywisetest.Reset(), retrywisetest.Status(429, "Retry-After", "3600")}, postIt + ", " + getIt, apierrors.AppliedUnknown, "failed with rate_limited (429), the wait is longer than allowed"},
		"look-up: 500, then found":      {settled, script{retrywisetest.Reset(), retrywisetest.Status(500), there}, postIt + ", " + getIt + ", " + getIt, apierrors.AppliedYes, ""},
		"look-up: redirected elsewhere": {settled, script{retrywisetest.Reset(), retrywisetest.Status(302, "Location", "https://elsewhere.test/orders/A-1")}, postIt + ", " + getIt, apierrors.AppliedUnknown, "failed with unsupported (302)"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{Vendor: ordersShop(t, tt.lookup)})
				_, err := createOrder(t.Context(), c, client.CallOptions{})
				if got := sentTo(srv); got != tt.sent {
					t.Errorf("sent %s; want %s", got, tt.sent)
				}
				if tt.applied == apierrors.AppliedYes {
					if err != nil {
						t.Errorf("got %v; want a success", err)
					}
					return
				}
				if e := failure(t, err); e.Applied != tt.applied || e.Lookup != tt.text {
					t.Errorf("applied %v, look-up %q; want %v, %q", e.Applied, e.Lookup, tt.applied, tt.text)
				}
			})
		})
	}
}

// A look-up that fails as often as it may be sent leaves the doubt.
func TestLookupThatFails(t *testing.T) {
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   string
	}{
		"500, until it is held":   {retrywisetest.Status(500), "failed with server_error, calls are held back while the vendor is down"},
		"reset, until it is held": {retrywisetest.Reset(), "failed with server_error, calls are held back while the vendor is down"},
		"no response":             {retrywisetest.Hang(), "failed with server_error, calls are held back while the vendor is down"},
		"refused":                 {retrywisetest.Status(403), "failed with permission (403)"},
		"limited":                 {retrywisetest.Status(429, "Retry-After", "3600"), "failed with rate_limited (429), the wait is longer than allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				mux := http.NewServeMux()
				mux.Handle(postIt, retrywisetest.Reset())
				mux.Handle(getIt, tt.answer)
				c := newClient(t, retrywisetest.Handle(t, mux), client.Config{Vendor: ordersShop(t, settled)})
				_, err := createOrder(t.Context(), c, client.CallOptions{Timeout: time.Second})
				if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || e.Lookup != tt.want || e.Stop != apierrors.StopUnsafe {
					t.Errorf("applied %v, stop %v, look-up %q", e.Applied, e.Stop, e.Lookup)
				}
			})
		})
	}
}

// The look-up begins when the vendor cannot execute the write any more, and the retry comes
// after it.
func TestLookupWaitsUntilItIsSettled(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.JSON(404, `{}`), retrywisetest.JSON(201, `{"id":"A-1"}`))
		var seen events
		c := newClient(t, srv, client.Config{Vendor: ordersShop(t, settled), Observer: seen.observer()})
		start := time.Now()
		r, err := createOrder(t.Context(), c, client.CallOptions{Op: "orders.create"})
		if err != nil || r.Accepted || r.Value.ID != "A-1" || len(r.Attempts) != 2 {
			t.Errorf("got %+v, error %v", r, err)
		}
		gaps := srv.Gaps()
		if gaps[0] != 5*time.Second || gaps[1] != 250*time.Millisecond {
			t.Errorf("gaps %v; want the time to settle, and a back-off", gaps)
		}
		subject := client.Subject{Vendor: "shop", Op: "orders.create", Method: "POST"}
		want := []client.LookupEvent{{
			Subject: subject, Start: start, Took: 5 * time.Second, Status: 404, Answer: policy.LookupAbsent, Applied: apierrors.AppliedNo,
		}}
		if diff := cmp.Diff(want, seen.lookups); diff != "" {
			t.Errorf("look-ups (-want +got):\n%s", diff)
		}
		if got, want := strings.Join(seen.started, " "), "call attempt lookup wait call attempt wait attempt"; got != want {
			t.Errorf("started %s; want %s", got, want)
		}
		if w := seen.waits[0]; w.For != "settle" || w.Took != 5*time.Second || w.Stop != apierrors.StopNone {
			t.Errorf("wait %+v", w)
		}
		if op := seen.calls[0].Op; op != "orders.create.lookup" {
			t.Errorf("the op of the look-up is %q", op)
		}
	})
}

// What is found is a success without a response, and its event says why.
func TestLookupFindsASuccess(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(504), retrywisetest.JSON(200, `{"id":"A-1"}`))
		var seen events
		c := newClient(t, srv, client.Config{Vendor: ordersShop(t, byID), Observer: seen.observer()})
		r, err := createOrder(t.Context(), c, client.CallOptions{})
		want := client.Response[oneOrder]{Accepted: true, Attempts: []apierrors.Attempt{{Status: 504, Class: apierrors.Timeout, Rule: "status 504"}}}
		if diff := cmp.Diff(want, r, cmpopts.IgnoreTypes(time.Time{}, time.Duration(0))); diff != "" || err != nil {
			t.Errorf("error %v, response (-want +got):\n%s", err, diff)
		}
		e := seen.calls[1]
		if e.Action != apierrors.Accept || e.Applied != apierrors.AppliedYes || e.Rule != "status 504, found by a look-up" || e.Err != nil {
			t.Errorf("event %+v", e)
		}
	})
}

// Send and HTTP have no response of a write that only a look-up found: the error says so. HTTP
// looks up only what the caller asks for.
func TestLookupByOtherDoors(t *testing.T) {
	there, absent, created := retrywisetest.JSON(200, `{"id":"A-1"}`), retrywisetest.Status(404), retrywisetest.JSON(201, `{}`)
	for name, tt := range map[string]struct {
		byHTTP  bool
		options client.CallOptions
		answers script
		status  int
		applied apierrors.Applied
		action  apierrors.Action
		sent    string
	}{
		"Send, found after a 504":    {false, client.CallOptions{}, script{retrywisetest.Status(504), there}, 0, apierrors.AppliedYes, apierrors.Accept, postIt + ", " + getIt},
		"Send, found after a reset":  {false, client.CallOptions{}, script{retrywisetest.Reset(), there}, 0, apierrors.AppliedYes, apierrors.Accept, postIt + ", " + getIt},
		"Send, absent and retried":   {false, client.CallOptions{}, script{retrywisetest.Status(504), absent, created}, 201, apierrors.AppliedYes, apierrors.ActionNone, postIt + ", " + getIt + ", " + postIt},
		"HTTP, not asked for":        {true, client.CallOptions{}, script{retrywisetest.Status(504)}, 504, apierrors.AppliedUnknown, apierrors.Retry, postIt},
		"HTTP, found after a 504":    {true, client.CallOptions{Lookup: &settled}, script{retrywisetest.Status(504), there}, 504, apierrors.AppliedYes, apierrors.Accept, postIt + ", " + getIt},
		"HTTP, found after a reset":  {true, client.CallOptions{Lookup: &settled}, script{retrywisetest.Reset(), there}, 0, apierrors.AppliedYes, apierrors.Accept, postIt + ", " + getIt},
		"HTTP, absent and retried":   {true, client.CallOptions{Lookup: &settled}, script{retrywisetest.Status(504), absent, created}, 201, apierrors.AppliedYes, apierrors.ActionNone, postIt + ", " + getIt + ", " + postIt},
		"HTTP, absent, not provable": {true, client.CallOptions{Lookup: &byID}, script{retrywisetest.Status(504), absent}, 504, apierrors.AppliedUnknown, apierrors.Retry, postIt + ", " + getIt},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{Vendor: ordersShop(t, settled)})
				do := c.Send
				if tt.byHTTP {
					do = c.HTTP().Do
				}
				resp, err := do(client.With(newRequest(t, "POST", srv.URL()+"/orders", `{"id":"A-1"}`), tt.options))
				status := 0
				if err == nil {
					status, err = resp.StatusCode, c.Check(resp)
					_ = resp.Body.Close()
				}
				applied, action := apierrors.AppliedYes, apierrors.ActionNone
				if err != nil {
					e := failure(t, err)
					applied, action = e.Applied, e.Action
				}
				if status != tt.status || applied != tt.applied || action != tt.action || sentTo(srv) != tt.sent || apierrors.Temporary(err) {
					t.Errorf("status %d, applied %v, action %v, temporary %v, sent %s", status, applied, action, apierrors.Temporary(err), sentTo(srv))
				}
			})
		})
	}
}

// A look-up that cannot be made leaves the doubt, and the error says why.
func TestLookupNotMade(t *testing.T) {
	byRecord := policy.Lookup{Path: "/orders/{record_key}"}
	dots := policy.Lookup{Path: "/orders/{record_key}/x"}
	for name, tt := range map[string]struct {
		lookup  policy.Lookup
		options client.CallOptions
		timeout time.Duration
		want    string
	}{
		"a deadline too short to settle": {settled, client.CallOptions{}, 4 * time.Second, "not made: the caller's deadline leaves no time"},
		"a wait that is too long":        {settled, client.CallOptions{MaxWait: new(4 * time.Second)}, time.Hour, "not made: the wait is longer than allowed"},
		"one request only":               {settled, client.CallOptions{MaxAttempts: 1}, time.Hour, "not made: no attempts left"},
		"no key of the record":           {byRecord, client.CallOptions{}, time.Hour, "not made: the request has no {record_key}"},
		"a key that leads elsewhere":     {dots, client.CallOptions{RecordKey: ".."}, time.Hour, "not made: the request has no {record_key}"},
		"no such member":                 {policy.Lookup{Path: "/orders/{body.customer.id}"}, client.CallOptions{}, time.Hour, "not made: the request has no {body.customer.id}"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Reset())
				c := newClient(t, srv, client.Config{Vendor: ordersShop(t, tt.lookup)})
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				_, err := createOrder(ctx, c, tt.options)
				if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || e.Lookup != tt.want {
					t.Errorf("applied %v, look-up %q; want %q", e.Applied, e.Lookup, tt.want)
				}
				if text := err.Error(); !strings.HasSuffix(text, "; applied: unknown; look-up: "+tt.want) {
					t.Errorf("the error is %s", text)
				}
			})
		})
	}
}

// The caller gives up during the write, the wait before the look-up, and the look-up.
func TestLookupEndsWithTheContext(t *testing.T) {
	for name, tt := range map[string]struct {
		answers script
		after   time.Duration
		want    string
		sent    string
	}{
		"during the write":   {script{retrywisetest.Hang()}, time.Second, "not made: the call's context has ended", postIt},
		"before the look-up": {script{retrywisetest.Reset()}, 3 * time.Second, "not made: the call's context has ended", postIt},
		"during the look-up": {script{retrywisetest.Reset(), retrywisetest.Hang()}, 7 * time.Second, "failed with canceled, the caller canceled the call", postIt + ", " + getIt},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{Vendor: ordersShop(t, settled)})
				ctx, cancel := context.WithCancel(t.Context())
				defer time.AfterFunc(tt.after, cancel).Stop()
				start := time.Now()
				_, err := createOrder(ctx, c, client.CallOptions{})
				e := failure(t, err)
				if e.Class != apierrors.Canceled || e.Applied != apierrors.AppliedUnknown || e.Lookup != tt.want || sentTo(srv) != tt.sent {
					t.Errorf("class %v, applied %v, look-up %q, sent %s", e.Class, e.Applied, e.Lookup, sentTo(srv))
				}
				if took := time.Since(start); took != tt.after {
					t.Errorf("took %v; want %v", took, tt.after)
				}
			})
		})
	}
}

// Close ends the wait before a look-up.
func TestCloseEndsTheWaitForALookup(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset())
		c := newClient(t, srv, client.Config{Vendor: ordersShop(t, settled)})
		defer time.AfterFunc(time.Second, func() { _ = c.Close() }).Stop()
		_, err := createOrder(t.Context(), c, client.CallOptions{})
		if e := failure(t, err); e.Class != apierrors.Canceled || e.Rule != "the client was closed" || e.Applied != apierrors.AppliedUnknown {
			t.Errorf("class %v, rule %q, applied %v", e.Class, e.Rule, e.Applied)
		}
	})
}

// The look-up has the credential and the headers of the write, and its time is a part of the
// call's waits.
func TestLookupIsACallOfTheClient(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.JSON(200, `{"id":"A-1"}`))
		c := newClient(t, srv, client.Config{Vendor: ordersShop(t, settled), Auth: client.Bearer("token"), BaseURL: srv.URL() + "/v2"})
		req := newRequest(t, "POST", "/orders", `{"id":"A-1","note":"x"}`, "X-Tenant", "7", "Content-Type", "application/json", "If-Match", "*", "Prefer", "return=minimal")
		_, err := sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Applied != apierrors.AppliedYes {
			t.Errorf("applied %v", e.Applied)
		}
		all := srv.Requests()
		got := all[len(all)-1].Header.Clone()
		for _, name := range []string{"User-Agent", "Accept-Encoding"} {
			got.Del(name)
		}
		want := http.Header{"Authorization": {"Bearer token"}, "X-Tenant": {"7"}, "Accept": {"application/json"}}
		if diff := cmp.Diff(want, got); diff != "" || !strings.HasSuffix(sentTo(srv), "GET /v2/orders/A-1") {
			t.Errorf("sent %s, header (-want +got):\n%s", sentTo(srv), diff)
		}
	})
}

// Through HTTP, the response of the failure stands if the caller gives up during the look-up.
func TestHTTPKeepsTheResponseWithoutALookup(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(504), retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(7*time.Second, cancel).Stop()
		req := newRequest(t, "POST", srv.URL()+"/orders", `{"id":"A-1"}`).WithContext(ctx)
		resp, err := c.HTTP().Do(client.With(req, client.CallOptions{Lookup: &settled}))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		e := failure(t, c.Check(resp))
		if resp.StatusCode != 504 || e.Class != apierrors.Timeout || e.Applied != apierrors.AppliedUnknown || e.Lookup != "failed with canceled, the caller canceled the call" {
			t.Errorf("status %d, class %v, applied %v, look-up %q", resp.StatusCode, e.Class, e.Applied, e.Lookup)
		}
	})
}
