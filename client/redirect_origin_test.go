package client_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What is not followed is the answer, through either door: a redirect from https to
// http, to what is not HTTP, and a 303 that leads a POST to another origin.
func TestRedirectThatIsNotFollowedIsTheResponse(t *testing.T) {
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
				retrywisetest.VirtualTime(t, func(t *testing.T) {
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

// A body does not leave the origin, and a request that had one does not go without it:
// what the caller's own CheckRedirect wants all the same is refused before the wire.
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
						if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Class != apierrors.MalformedRequest {
							t.Errorf("class %v, applied %v", e.Class, e.Applied)
						}
					case resp.StatusCode != http.StatusTemporaryRedirect || resp.Body.Close() != nil:
						t.Errorf("status %d", resp.StatusCode)
					}
				})
			})
		}
	}
}

// A header under a key that is not canonical leaves the origin no more than any other.
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
					t.Errorf("the other origin got %s: %s", key, got)
				}
			}
			if len(storage.Requests()) != 2 {
				t.Error("the redirect was not followed")
			}
		})
	}
}

// What a redirect led away from the origin is judged by its status, wherever it leads.
func TestRedirectToAnotherOriginIsForeign(t *testing.T) {
	for name, tt := range map[string]struct{ base, to string }{
		"another host of theirs":    {"https://api.vendor.test", "https://files.vendor.test/f"},
		"a client that was told no": {"", "https://storage.test/f"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", tt.to), retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: shop{shopPolicy(t)}, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = open(t, c, "https://api.vendor.test/export") //nolint:bodyclose // open closes it
				if got := apierrors.ClassOf(err); got != apierrors.Permission {
					t.Errorf("class %v; want permission, by its status", got)
				}
			})
		})
	}
}

// A redirect that led away and back is not trusted again: its 401 is not about our token.
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
			t.Errorf("class %v, renewed %d times", e.Class, renewed)
		}
	})
}
