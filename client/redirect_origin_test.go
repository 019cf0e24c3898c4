package client_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A redirect that is not followed is returned: one from https to http or to another scheme,
// and a 303 of a POST to another origin. For Send, that of a write is an error.
func TestRedirectThatIsNotFollowedIsTheResponse(t *testing.T) {
	for name, tt := range map[string]struct {
		method   string
		status   int
		location string
	}{
		"from https to http":                {"GET", 302, "http://vendor.test/b"},
		"to a scheme that is not HTTP":      {"GET", 302, "ftp://vendor.test/b"},
		"to an opaque URL":                  {"GET", 302, "mailto:a@b.c"},
		"to a scheme without a host":        {"GET", 302, "app:/b"},
		"303 of a POST to another origin":   {"POST", 303, "https://storage.test/b"},
		"303 of a POST to another port":     {"POST", 303, "https://vendor.test:8443/b"},
		"303 of a POST from https to http":  {"POST", 303, "http://vendor.test/b"},
		"303 of a POST to http on port 443": {"POST", 303, "http://vendor.test:443/b"},
	} {
		for _, through := range []string{"Send", "HTTP"} {
			t.Run(name+" through "+through, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					vendor := retrywisetest.New(t, retrywisetest.Status(tt.status, "Location", tt.location))
					c := newClient(t, nil, client.Config{BaseURL: "https://vendor.test", Transport: wire(func(r *http.Request) (*http.Response, error) {
						return vendor.Transport().RoundTrip(r)
					})})
					resp, err := doors[through](c, newRequest(t, tt.method, "https://vendor.test/a", "x"))
					if tt.method == "POST" && through == "Send" {
						if e := failure(t, err); e.Class != apierrors.Unsupported || e.Details["location"] != tt.location {
							t.Errorf("class %v, location %v; want unsupported, %s", e.Class, e.Details["location"], tt.location)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					if resp.StatusCode != tt.status || resp.Header.Get("Location") != tt.location || len(vendor.Requests()) != 1 {
						t.Errorf("got status %d, Location %q after %d requests; want %d, %q after 1", resp.StatusCode, resp.Header.Get("Location"), len(vendor.Requests()), tt.status, tt.location)
					}
				})
			})
		}
	}
}

// A body is not sent to another origin, nor is its request without it. If the caller's
// CheckRedirect follows the redirect, the call fails before anything is sent there.
func TestRedirectDoesNotTakeABodyElsewhere(t *testing.T) {
	for _, method := range []string{"GET", "PUT", "POST"} {
		for through, send := range doors {
			t.Run(method+" through "+through, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					vendor := retrywisetest.Handle(t, retrywisetest.Status(307, "Location", "https://storage.test/object"))
					storage := retrywisetest.New(t)
					c := newClient(t, nil, client.Config{
						BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
					})
					req := newRequest(t, method, "https://vendor.test/object", "the object")
					resp, err := send(c, req)
					switch {
					case err != nil:
						if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Action != apierrors.FailFast {
							t.Errorf("action %v, applied %v; want fail_fast, no", e.Action, e.Applied)
						}
					case resp.StatusCode != http.StatusTemporaryRedirect || resp.Body.Close() != nil:
						t.Errorf("got status %d; want 307", resp.StatusCode)
					}
				})
			})
		}
	}
}

// Headers are dropped at another origin even if their names are not canonical.
func TestRedirectDropsHeadersThatAreNotCanonical(t *testing.T) {
	for through, key := range map[string]string{"lower case": "x-api-key", "another case": "AUTHORIZATION", "canonical": "X-Api-Key"} {
		t.Run(through, func(t *testing.T) {
			vendor := retrywisetest.Handle(t, crossroads(302, "https://storage.test/file"))
			storage := retrywisetest.Handle(t, retrywisetest.Status(200))
			c := newClient(t, nil, client.Config{
				BaseURL:   "https://vendor.test",
				Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
			})
			for _, do := range []func(*http.Request) (*http.Response, error){c.Send, c.HTTP().Do} {
				req := newRequest(t, "GET", "https://vendor.test/a", "")
				req.Header[key] = []string{"s3cret"}
				resp, err := do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
			}
			for _, r := range storage.Requests() {
				if got := r.Header.Get(key); got != "" {
					t.Errorf("the other origin got %s: %s; want none", key, got)
				}
			}
			if len(storage.Requests()) != 2 {
				t.Errorf("the other origin got %d requests; want 2", len(storage.Requests()))
			}
		})
	}
}

// A response behind a redirect to another origin is judged by its status, wherever that is.
func TestRedirectToAnotherOriginIsForeign(t *testing.T) {
	for name, tt := range map[string]struct{ base, to string }{
		"another host of the vendor": {"https://api.vendor.test", "https://files.vendor.test/f"},
		"no base URL":                {"", "https://storage.test/f"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", tt.to), retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: shop{shopPolicy(t)}, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, err = open(t, c, "https://api.vendor.test/export") //nolint:bodyclose // open closes it
				if got := apierrors.ClassOf(err); got != apierrors.Permission {
					t.Errorf("class %v; want permission, by the status 403", got)
				}
			})
		})
	}
}

// A chain of redirects that leaves the origin and comes back is foreign from then on: its
// 401 renews nothing.
func TestRedirectAwayAndBackIsForeign(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.New(t, retrywisetest.Status(302, "Location", "https://storage.test/back"), retrywisetest.Status(401))
		storage := retrywisetest.New(t, retrywisetest.Status(302, "Location", "https://vendor.test/last"))
		renewed := 0
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
			Auth: renewable("t", func(context.Context) (string, error) {
				renewed++
				return "new", nil
			}),
		})
		_, err := send(t.Context(), t, c, "GET", "/export", "")
		if e := failure(t, err); e.Class != apierrors.Authentication || renewed != 0 {
			t.Errorf("class %v, %d renewals; want authentication, 0", e.Class, renewed)
		}
	})
}
