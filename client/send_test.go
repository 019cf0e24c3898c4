package client_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An end is how a call ended, after how many requests and how long.
type end struct {
	Status   int
	Class    apierrors.Class
	Action   apierrors.Action
	Stop     apierrors.Stop
	Applied  apierrors.Applied
	RetryIn  time.Duration
	Requests int
	Took     time.Duration
}

// A call from the first attempt to its end. The backoff is 250 ms, 500 ms and 1 s, as
// newClient takes the middle of its range.
func TestSend(t *testing.T) {
	unavailable := retrywisetest.HTML(503)
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		method  string
		options client.CallOptions
		answers script
		want    end
	}{
		"success": {
			"GET", client.CallOptions{}, script{retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 1},
		},
		"the redirect of a GET is followed": {
			"GET", client.CallOptions{}, script{retrywisetest.Status(302, "Location", "/other"), retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2},
		},
		"the redirect of a PUT to a GET is an error": {
			"PUT", client.CallOptions{}, script{retrywisetest.Status(302, "Location", "/other")},
			end{Class: apierrors.Unsupported, Action: apierrors.FailFast, Stop: apierrors.StopPermanent, Requests: 1},
		},
		"a GET is retried": {
			"GET", client.CallOptions{}, script{unavailable, unavailable, retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 3, Took: 750 * ms},
		},
		"all attempts fail": {
			"GET", client.CallOptions{}, script{unavailable, unavailable, unavailable, unavailable},
			end{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopAttempts, Requests: 4, Took: 1750 * ms},
		},
		"a POST that may have been executed is not retried": {
			"POST", client.CallOptions{}, script{unavailable},
			end{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopUnsafe, Requests: 1},
		},
		"a POST whose connection closed is not retried": {
			"POST", client.CallOptions{}, script{retrywisetest.Reset()},
			end{Class: apierrors.Network, Action: apierrors.Retry, Stop: apierrors.StopUnsafe, Requests: 1},
		},
		"a POST that is repeatable by its options is retried": {
			"POST", client.CallOptions{Repeatable: true}, script{retrywisetest.Reset(), retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2, Took: 250 * ms},
		},
		"a POST with an idempotency key is retried": {
			"POST", client.CallOptions{IdempotencyKey: "k"}, script{unavailable, retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2, Took: 250 * ms},
		},
		"a PATCH that is repeatable by the vendor's data is retried": {
			"PATCH", client.CallOptions{}, script{retrywisetest.Reset(), retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2, Took: 250 * ms},
		},
		"a 400 whose body is truncated is retried": {
			"PATCH", client.CallOptions{}, script{retrywisetest.Cut(retrywisetest.JSON(400, `{"why":"it is bad"}`)), retrywisetest.Status(400, "X-Code", "BAD")},
			end{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Requests: 2, Took: 250 * ms},
		},
		"a record that is refused": {
			"PATCH", client.CallOptions{}, script{retrywisetest.JSON(400, `{}`, "X-Code", "BAD")},
			end{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo, Requests: 1},
		},
		"a record that is refused after an attempt that may have been executed": {
			"PATCH", client.CallOptions{}, script{retrywisetest.Reset(), retrywisetest.JSON(400, `{}`, "X-Code", "BAD")},
			end{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Requests: 2, Took: 250 * ms},
		},
		"a wrong credential": {
			"GET", client.CallOptions{}, script{retrywisetest.Status(401)},
			end{Class: apierrors.Authentication, Action: apierrors.FailFast, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo, Requests: 1},
		},
		"a full queue defers the call": {
			"POST", client.CallOptions{}, script{retrywisetest.Status(400, "X-Code", "FULL")},
			end{Class: apierrors.QuotaExceeded, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Applied: apierrors.AppliedNo, RetryIn: 5 * time.Minute, Requests: 1},
		},
		"a DELETE of what is gone is accepted": {
			"DELETE", client.CallOptions{}, script{retrywisetest.Status(404, "X-Code", "GONE")},
			end{Status: 404, Requests: 1},
		},
		"already_exists is accepted after an attempt that may have been executed": {
			"POST", client.CallOptions{Repeatable: true}, script{retrywisetest.Reset(), retrywisetest.Status(400, "X-Code", "THERE")},
			end{Status: 400, Requests: 2, Took: 250 * ms},
		},
		"a POST is retried after a 429, which does not cost an attempt": {
			"POST", client.CallOptions{}, script{
				retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(429, "Retry-After", "5"),
				retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.JSON(200, `{}`),
			},
			end{Status: 200, Requests: 6, Took: 25 * time.Second},
		},
		"three waits of an hour fit into a MaxWait of four": {
			"GET", client.CallOptions{MaxWait: new(4 * time.Hour)}, script{
				retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(429, "Retry-After", "3600"),
				retrywisetest.JSON(200, `{}`),
			},
			end{Status: 200, Requests: 4, Took: 3 * time.Hour},
		},
		"three waits of an hour after a 503 fit, too": {
			"GET", client.CallOptions{MaxWait: new(4 * time.Hour)}, script{
				retrywisetest.Status(503, "Retry-After", "3600"), retrywisetest.Status(503, "Retry-After", "3600"), retrywisetest.Status(503, "Retry-After", "3600"),
				retrywisetest.JSON(200, `{}`),
			},
			end{Status: 200, Requests: 4, Took: 3 * time.Hour},
		},
		"a wait of an hour does not fit into the default": {
			"GET", client.CallOptions{}, script{retrywisetest.Status(429, "Retry-After", "3600")},
			end{Class: apierrors.RateLimited, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Applied: apierrors.AppliedNo, RetryIn: time.Hour, Requests: 1},
		},
		"a Retry-After that overflows": {
			"GET", client.CallOptions{}, script{retrywisetest.Status(429, "Retry-After", "9223372037")},
			end{Class: apierrors.RateLimited, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Applied: apierrors.AppliedNo, RetryIn: 1<<63 - 1, Requests: 1},
		},
		"no response within the timeout": {
			"GET", client.CallOptions{MaxWait: new(time.Millisecond)}, script{retrywisetest.Hang()},
			end{Class: apierrors.Timeout, Action: apierrors.Retry, Stop: apierrors.StopMaxWait, Requests: 1, Took: time.Minute},
		},
		"no response until MaxElapsed": {
			"GET", client.CallOptions{}, script{retrywisetest.Hang(), retrywisetest.Hang()},
			end{Class: apierrors.Timeout, Action: apierrors.Retry, Stop: apierrors.StopElapsed, Requests: 2, Took: 2*time.Minute + 250*ms},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				start := time.Now()
				status, err := send(t.Context(), t, c, tt.method, "/items/7", "", tt.options)
				got := end{Status: status, Requests: len(srv.Requests()), Took: time.Since(start)}
				if err != nil {
					e := failure(t, err)
					got.Class, got.Action, got.Stop, got.Applied = e.Class, e.Action, e.Stop, e.Applied
					if at, ok := apierrors.RetryAt(err); ok {
						got.RetryIn = at.Sub(start.Add(got.Took))
					}
					if len(e.Attempts) != got.Requests {
						t.Errorf("the error has %d attempts, the server got %d requests", len(e.Attempts), got.Requests)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("the call's end (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A redirect with a malformed Location is returned.
func TestSendReturnsAMalformedLocation(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "http://[bad"))
		c := newClient(t, srv, client.Config{})
		resp, err := open(t, c, "/items/7") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 302 || resp.Header.Get("Location") != "http://[bad" {
			t.Errorf("status %d, Location %q; want 302, http://[bad", resp.StatusCode, resp.Header.Get("Location"))
		}
	})
}

// Paths in the vendor's data are relative to the base URL.
func TestSendMatchesPathsBelowTheBaseURL(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		p, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{Methods: []string{"PUT"}, Paths: []string{"/surveys"}, Repeatable: false}}})
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(500), retrywisetest.Status(500))
		c := newClient(t, srv, client.Config{Policy: &p, BaseURL: srv.URL() + "/proxy/"})
		for _, target := range []string{"/surveys", srv.URL() + "/proxy/surveys"} {
			_, err := send(t.Context(), t, c, "PUT", target, "x")
			if e := failure(t, err); e.Stop != apierrors.StopUnsafe {
				t.Errorf("%s: stop %v; want unsafe", target, e.Stop)
			}
		}
		for _, r := range srv.Requests() {
			if r.Path != "/proxy/surveys" {
				t.Errorf("sent to %s; want /proxy/surveys", r.Path)
			}
		}
	})
}

// The userinfo of a URL becomes basic authentication, as with net/http, in each attempt.
func TestSendPutsUserinfoIntoTheHeader(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(200), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		if _, err := send(t.Context(), t, c, "GET", "http://u:p@vendor.test/items", ""); err != nil {
			t.Fatal(err)
		}
		req := newRequest(t, "GET", "http://u:p@vendor.test/items", "", "Authorization", "Bearer mine")
		if _, err := sendRequest(t, c.Send, req); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, r.Header.Get("Authorization"))
		}
		if diff := cmp.Diff([]string{"Basic dTpw", "Basic dTpw", "Bearer mine"}, got); diff != "" {
			t.Errorf("Authorization (-want +got):\n%s", diff)
		}
	})
}

// A request that cannot be sent is malformed, and not applied.
func TestSendRefusesMalformedRequests(t *testing.T) {
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, spoil := range map[string]func(*http.Request){
		"header with a line break": func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} },
		"scheme that is not HTTP":  func(r *http.Request) { r.URL.Scheme = "gopher" },
		"no host and no base URL":  func(r *http.Request) { r.URL.Host = "" },
		"no URL":                   func(r *http.Request) { r.URL = nil },
		"request of a server":      func(r *http.Request) { r.RequestURI = "/" },
		"opaque URL":               func(r *http.Request) { r.URL = &url.URL{Scheme: "mailto", Opaque: "a@b.c"} },
	} {
		req := newRequest(t, http.MethodPost, "http://vendor.test/", "x")
		spoil(req)
		_, err := sendRequest(t, c.Send, req)
		e := failure(t, err)
		if e.Class != apierrors.MalformedRequest || e.Action != apierrors.FailFast || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: %v, action %v, applied %v; want malformed_request, fail_fast, no", name, e, e.Action, e.Applied)
		}
	}
}

// The URL of a relative path, below each base URL.
func TestSendPutsPathsBelowTheBaseURL(t *testing.T) {
	for name, tt := range map[string]struct{ base, target, want string }{
		"path":             {"http://vendor.test", "/items/7", "http://vendor.test/items/7"},
		"base with a path": {"http://vendor.test/v1/", "/items/7?n=1", "http://vendor.test/v1/items/7?n=1"},
		"escaped path":     {"http://vendor.test/a%2Fb", "/c%2Fd", "http://vendor.test/a%2Fb/c%2Fd"},
		"escaped space":    {"http://vendor.test", "/a%20b", "http://vendor.test/a%20b"},
		"IPv6 zone":        {"http://[fe80::1%25en0]:8080", "/items", "http://[fe80::1%25en0]:8080/items"},
		"no path":          {"http://vendor.test/v1", "", "http://vendor.test/v1/"},
	} {
		var sent string
		c := newClientOf(t, client.Config{BaseURL: tt.base, Transport: wire(func(r *http.Request) (*http.Response, error) {
			sent = r.URL.String()
			return okWire(r)
		})})
		if _, err := send(t.Context(), t, c, "GET", tt.target, ""); err != nil || sent != tt.want {
			t.Errorf("%s: sent to %q, error %v; want %q", name, sent, err, tt.want)
		}
	}
}

// A request without a header map is sent with the Client's headers, and is not changed.
func TestSendWithoutHeader(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Auth: client.Bearer("token")})
		req := newRequest(t, http.MethodGet, "/items", "")
		req.Header = nil
		if _, err := sendRequest(t, c.Send, req); err != nil || req.Header != nil {
			t.Fatalf("got error %v, header %v of the caller's request; want neither", err, req.Header)
		}
		if got := srv.Requests()[0].Header.Get("Authorization"); got != "Bearer token" {
			t.Errorf("Authorization %q; want \"Bearer token\"", got)
		}
	})
}
