package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A chain without an end is the 3xx in the end, and every request of it is told.
func TestRedirectsWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, always(retrywisetest.Status(302, "Location", "/again")))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		status, err := send(t.Context(), t, c, "GET", "/items", "")
		if err != nil || status != 302 {
			t.Errorf("status %d, %v", status, err)
		}
		if told := len(seen.attempts); told != len(srv.Requests()) || told != 10 {
			t.Errorf("%d told, %d requests", told, len(srv.Requests()))
		}
		_, err = get(t, c.HTTP(), srv.URL()+"/items") //nolint:bodyclose // there is no answer beside an error
		if err == nil || !strings.HasSuffix(err.Error(), "stopped after 10 redirects") {
			t.Errorf("through HTTP: %v", err)
		}
	})
}

// What fails at the end of a redirect is sent again from its beginning, where a new
// address can be had; another origin is judged by its status, whatever the vendor means
// by it, and meets none of the vendor's limits.
func TestAFailureBehindARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := retrywisetest.New(t, retrywisetest.Status(302, "Location", "https://storage.test/1"), retrywisetest.Status(302, "Location", "https://storage.test/2"))
		storage := retrywisetest.New(t, retrywisetest.Status(503, "X-Code", "GONE"), retrywisetest.Text(200, "rows"))
		var seen events
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Observer: seen.observer(),
			Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		_, resp, err := open(t, c, "/export") //nolint:bodyclose // open does
		if err != nil {
			t.Fatal(err)
		}
		rows, err := io.ReadAll(resp.Body)
		if string(rows) != "rows" || err != nil || resp.Request.URL.Path != "/2" {
			t.Errorf("%q, %v, from %v", rows, err, resp.Request.URL)
		}
		var rules []string
		for _, e := range seen.attempts {
			rules = append(rules, fmt.Sprint(e.Number, " ", e.Status, " ", e.Class, " ", e.Rule))
		}
		want := []string{"1 302 none redirect followed", "2 503 server_error status 503", "3 302 none redirect followed", "4 200 none "}
		if diff := cmp.Diff(want, rules); diff != "" {
			t.Errorf("attempts (-want +got):\n%s", diff)
		}
	})
}

// The POST that a 303 answers was executed: what fails behind it is the GET, which is
// sent again alone, and no failure of it says that nothing was applied.
func TestAPostThatWasAnsweredBySeeOther(t *testing.T) {
	for name, tt := range map[string]struct {
		then    []retrywisetest.Answer
		want    []string
		applied apierrors.Applied
	}{
		"the answer is late":      {[]retrywisetest.Answer{retrywisetest.Status(503), retrywisetest.Reset(), retrywisetest.Status(200)}, []string{"POST", "GET", "GET", "GET"}, 0},
		"the answer is limited":   {[]retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "1"), retrywisetest.Status(200)}, []string{"POST", "GET", "GET"}, 0},
		"the answer is not there": {[]retrywisetest.Answer{retrywisetest.Status(404)}, []string{"POST", "GET"}, apierrors.AppliedUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, append([]retrywisetest.Answer{retrywisetest.Status(303, "Location", "/jobs/1")}, tt.then...)...)
				c := newClient(t, srv, client.Config{})
				_, err := send(t.Context(), t, c, "POST", "/jobs", "x")
				var got []string
				for _, r := range srv.Requests() {
					got = append(got, r.Method)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
				if err == nil {
					return
				}
				if e := failure(t, err); e.Applied != tt.applied || e.Class != apierrors.NotFound {
					t.Errorf("applied %v, class %v", e.Applied, e.Class)
				}
			})
		})
	}
}

// Through HTTP() as well, a 303 says that the POST was executed; and its answer is that of
// the GET, also where that was sent again.
func TestTheAnswerBehindSeeOther(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		t.Run(through, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seeOther := retrywisetest.Status(303, "Location", "/jobs/1")
				srv := retrywisetest.New(t, seeOther, retrywisetest.Status(404), seeOther, retrywisetest.Status(503), retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{})
				post := func() (*http.Response, error) {
					req := newRequest(t, http.MethodPost, srv.URL()+"/jobs", "x")
					return doors[through](c, client.With(req, client.CallOptions{IdempotencyKey: "k-1"}))
				}
				resp, err := post()
				if err == nil {
					err = c.Check(resp)
					_ = resp.Body.Close()
				}
				if e := failure(t, err); e.Applied != apierrors.AppliedUnknown {
					t.Errorf("the POST was executed; told: applied %v", e.Applied)
				}
				if resp, err = post(); err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.Request.Method != http.MethodGet || resp.Request.URL.Path != "/jobs/1" {
					t.Errorf("the answer is that of %s %s", resp.Request.Method, resp.Request.URL)
				}
				for _, r := range srv.Requests() {
					if hasKey := r.Header.Get("Idempotency-Key") != ""; hasKey != (r.Method == http.MethodPost) {
						t.Errorf("%s with an idempotency key: %v", r.Method, hasKey)
					}
				}
			})
		})
	}
}

// A redirect's path is one from the root, also where the base URL has a path.
func TestARedirectBelowABasePath(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		synctest.Test(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/v1/items/7"), retrywisetest.Status(200))
			c := newClient(t, srv, client.Config{BaseURL: srv.URL() + "/v1"})
			req := newRequest(t, http.MethodGet, "/items/latest", "")
			resp, err := doors[through](c, req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if got := srv.Requests()[1].Path; got != "/v1/items/7" {
				t.Errorf("through %s it was followed to %s", through, got)
			}
		})
	}
}

// The body of a redirect that does not end is not waited for.
func TestTheBodyOfARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" {
				w.Header().Set("Location", "/b")
				w.WriteHeader(http.StatusFound)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}
		}))
		began := time.Now()
		_, _, err := open(t, newClient(t, srv, client.Config{}), "/a") //nolint:bodyclose // open does
		if took := time.Since(began); err != nil || took > 50*time.Millisecond {
			t.Errorf("took %v, %v", took, err)
		}
	})
}

// What is not followed is the answer, through either door: a redirect from https to
// http, to what is not HTTP, and a 303 that leads a POST to another origin.
func TestARedirectThatIsNotFollowedIsTheAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		method   string
		status   int
		location string
	}{
		"from https to http":                 {"GET", 302, "http://vendor.test/b"},
		"to what is not HTTP":                {"GET", 302, "ftp://vendor.test/b"},
		"to what has no host":                {"GET", 302, "mailto:a@b.c"},
		"to another scheme without a host":   {"GET", 302, "app:/b"},
		"303 of a POST to another origin":    {"POST", 303, "https://storage.test/b"},
		"303 of a POST to another port":      {"POST", 303, "https://vendor.test:8443/b"},
		"303 of a POST from https to http":   {"POST", 303, "http://vendor.test/b"},
		"303 of a POST to http, by its port": {"POST", 303, "http://vendor.test:443/b"},
	} {
		for _, through := range []string{"Send", "HTTP"} {
			t.Run(name+" through "+through, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					vendor := retrywisetest.New(t, retrywisetest.Status(tt.status, "Location", tt.location))
					c := newClient(t, nil, client.Config{BaseURL: "https://vendor.test", Transport: wire(func(r *http.Request) (*http.Response, error) {
						return vendor.Transport().RoundTrip(r)
					})})
					resp, err := doors[through](c, newRequest(t, tt.method, "https://vendor.test/a", "x"))
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					if resp.StatusCode != tt.status || resp.Header.Get("Location") != tt.location || len(vendor.Requests()) != 1 {
						t.Errorf("status %d, location %q, %d requests", resp.StatusCode, resp.Header.Get("Location"), len(vendor.Requests()))
					}
				})
			})
		}
	}
}

// A request without a method is a GET, and its redirect that of a GET.
func TestARequestWithoutAMethodIsAGet(t *testing.T) {
	for _, through := range []string{"Send", "HTTP"} {
		synctest.Test(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/b"), retrywisetest.Status(200))
			req := newRequest(t, "GET", srv.URL()+"/a", "")
			req.Method = ""
			resp, err := doors[through](newClient(t, srv, client.Config{}), req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != 200 {
				t.Errorf("through %s: status %d", through, resp.StatusCode)
			}
		})
	}
}

// A chain is bounded, not a call: each attempt begins a chain of its own.
func TestEachAttemptHasItsOwnChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch n++; {
			case n%4 != 0:
				http.Redirect(w, r, "/again", http.StatusFound)
			case n < 16:
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		status, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items", "")
		if err != nil || status != 200 || n != 16 {
			t.Errorf("status %d after %d requests, %v", status, n, err)
		}
	})
}

// Behind a redirect, a request has neither the body nor the key of the first one, and
// may be led on.
func TestWhatARedirectOfAGetTakesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/b"), retrywisetest.Status(302, "Location", "/c"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		status, err := send(t.Context(), t, c, "GET", "/a", "query", client.CallOptions{IdempotencyKey: "k"})
		if err != nil || status != 200 {
			t.Fatalf("status %d, %v", status, err)
		}
		for i, r := range srv.Requests()[1:] {
			if len(r.Body) > 0 || r.Header.Get("Idempotency-Key") != "" {
				t.Errorf("request %d had %q and the key %q", i+2, r.Body, r.Header.Get("Idempotency-Key"))
			}
		}
	})
}

// The GET behind a 303 is a call of its own: without the POST's key, by its own path, and
// the POST's body is closed.
func TestTheGetBehindASeeOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("rows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/jobs/1"), retrywisetest.Status(503), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/jobs", file)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(client.With(req, client.CallOptions{IdempotencyKey: "k"}))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file is still open: %v", err)
		}
		for i, key := range []string{"k", "", ""} {
			if got := srv.Requests()[i].Header.Get("Idempotency-Key"); got != key {
				t.Errorf("request %d had the key %q; want %q", i+1, got, key)
			}
		}
	})
}

func TestTheGetBehindASeeOtherIsJudgedByItsPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{Methods: []string{"GET"}, Paths: []string{"/jobs/*"}}}})
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/jobs/1"), retrywisetest.Status(503))
		_, err = send(t.Context(), t, newClient(t, srv, client.Config{Policy: &once}), "POST", "/jobs", "x")
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe {
			t.Errorf("stop %v", e.Stop)
		}
	})
}

// A redirect is no success that could hold an error.
func TestARedirectHoldsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(307, `{}`, "Location", "/b", "X-Code", "BAD"))
		if status, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "PUT", "/items/7", "x"); status != 307 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
}
