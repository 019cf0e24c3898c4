package client_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/policy"
)

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
					vendor := testserver.New(t, testserver.Status(tt.status, "Location", tt.location))
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
			srv := testserver.New(t, testserver.Status(302, "Location", "/b"), testserver.Status(200))
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

// The scheme is part of the origin, also where both name the same port.
func TestACredentialStaysWithItsScheme(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test:8443", Auth: client.Bearer("s3cret")})
		if _, err := send(t.Context(), t, c, "GET", "http://vendor.test:8443/items", ""); err != nil {
			t.Fatal(err)
		}
		if got := srv.Requests()[0].Header.Get("Authorization"); got != "" {
			t.Errorf("without encryption it got %q", got)
		}
	})
}

// A chain is bounded, not a call: each attempt begins a chain of its own.
func TestEachAttemptHasItsOwnChain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		srv := testserver.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

// What a redirect led away from the origin is judged by its status, wherever it leads.
func TestWhatARedirectLedToIsNotTheVendors(t *testing.T) {
	for name, tt := range map[string]struct{ base, to string }{
		"another host of theirs":    {"https://api.vendor.test", "https://files.vendor.test/f"},
		"a client that was told no": {"", "https://storage.test/f"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, testserver.Status(302, "Location", tt.to), testserver.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: shop{shopPolicy(t)}, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, _, err = open(t, c, "https://api.vendor.test/export") //nolint:bodyclose // there is no answer beside an error
				if got := apierrors.ClassOf(err); got != apierrors.Permission {
					t.Errorf("class %v; want permission, by its status", got)
				}
			})
		})
	}
}

// Which origin is the vendor's. (Rows for TestACallToAnotherOrigin.)
func TestWhichOriginIsTheVendors(t *testing.T) {
	for name, tt := range map[string]struct {
		url, base string
		vendor    client.Vendor
		class     apierrors.Class
	}{
		"an IP, and its port told":                {"http://127.0.0.1:80/f", "http://127.0.0.1", shop{shopPolicy(t)}, apierrors.Validation},
		"another IP of the same end":              {"http://10.0.0.1/f", "http://10.9.0.1", shop{shopPolicy(t)}, apierrors.Permission},
		"another port of a short name":            {"https://vendor.test:8443/f", "https://vendor.test", shop{shopPolicy(t)}, apierrors.Validation},
		"an address that only the data name":      {"https://proxy.test/f", "", shopAt{shop{shopPolicy(t)}}, apierrors.Validation},
		"an address that the caller has told too": {"https://proxy.test/f", "https://api.vendor.test", shopAt{shop{shopPolicy(t)}}, apierrors.Permission},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, testserver.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: tt.vendor, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, err = send(t.Context(), t, c, "POST", tt.url, "x")
				if got := apierrors.ClassOf(err); got != tt.class {
					t.Errorf("class %v; want %v", got, tt.class)
				}
			})
		})
	}
}

// Behind a redirect, a request has neither the body nor the key of the first one, and
// may be led on.
func TestWhatARedirectOfAGetTakesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(303, "Location", "/b"), testserver.Status(302, "Location", "/c"), testserver.Status(200))
		c := newClient(t, srv, client.Config{})
		ctx := client.WithCall(t.Context(), client.CallOptions{IdempotencyKey: "k"})
		status, err := send(ctx, t, c, "GET", "/a", "query")
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
		srv := testserver.New(t, testserver.Status(303, "Location", "/jobs/1"), testserver.Status(503), testserver.Status(200))
		c := newClient(t, srv, client.Config{})
		ctx := client.WithCall(t.Context(), client.CallOptions{IdempotencyKey: "k"})
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "/jobs", file)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(req)
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
		srv := testserver.New(t, testserver.Status(303, "Location", "/jobs/1"), testserver.Status(503))
		_, err = send(t.Context(), t, newClient(t, srv, client.Config{Policy: &once}), "POST", "/jobs", "x")
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe {
			t.Errorf("stop %v", e.Stop)
		}
	})
}

// A redirect is no success that could hold an error.
func TestARedirectHoldsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.JSON(307, `{}`, "Location", "/b", "X-Code", "BAD"))
		if status, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "PUT", "/items/7", "x"); status != 307 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
}

// A redirect that led away and back is not trusted again: its 401 is not about our token.
func TestA401BehindADetourRenewsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := testserver.New(t, testserver.Status(302, "Location", "https://storage.test/back"), testserver.Status(401))
		storage := testserver.New(t, testserver.Status(302, "Location", "https://vendor.test/last"))
		renewed := 0
		c := newClient(t, nil, client.Config{
			BaseURL: "https://vendor.test", Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
			Auth: client.RenewableBearer("t", func(context.Context) (string, error) {
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

// The vendor's rules, and the operator's, are about the vendor.
func TestWhatIsElsewhereIsJudgedByNoRuleOfTheVendor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lenient := shopPolicy(t).With(policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: 403, To: 403}}}, Action: apierrors.Accept})
		srv := testserver.New(t, testserver.Status(403), testserver.Status(403))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test", Policy: &lenient})
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/f", ""); status != 403 || err != nil {
			t.Errorf("the vendor's: status %d, %v", status, err)
		}
		if _, err := send(t.Context(), t, c, "GET", "https://storage.test/f", ""); !errors.Is(err, apierrors.Permission) {
			t.Errorf("elsewhere: %v", err)
		}
	})
}

// A gate of elsewhere is nobody's. (closeGate is not asked for what is strange.)
func TestA429OfElsewhereHoldsNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(429, "Retry-After", "3600"), testserver.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test"})
		_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/items", ""); status != 200 {
			t.Errorf("status %d, %v", status, err)
		}
	})
}
