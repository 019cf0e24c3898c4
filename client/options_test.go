package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Options belong to a request and its copies, and not to other requests with its context.
func TestWithBindsOptionsToARequest(t *testing.T) {
	order := func(t *testing.T, ctx context.Context) *http.Request { //nolint:revive // t is first, as in all helpers
		req := newRequest(t, "POST", "/orders", "two of them").WithContext(ctx)
		return req
	}
	for name, tt := range map[string]struct {
		send    func(t *testing.T, c *client.Client, bound *http.Request) *http.Request
		isBound bool
	}{
		"request": {func(_ *testing.T, _ *client.Client, bound *http.Request) *http.Request { return bound }, true},
		"clone": {func(t *testing.T, _ *client.Client, bound *http.Request) *http.Request {
			return bound.Clone(bound.Context())
		}, true},
		"copy with a derived context": {func(t *testing.T, _ *client.Client, bound *http.Request) *http.Request {
			return bound.WithContext(context.WithValue(bound.Context(), "k", "v"))
		}, true}, //nolint:revive,staticcheck // any key will do
		"another request with its context": {func(t *testing.T, _ *client.Client, bound *http.Request) *http.Request {
			return order(t, bound.Context())
		}, false},
		"options that replace other options": {func(_ *testing.T, _ *client.Client, bound *http.Request) *http.Request {
			return client.With(client.With(bound, client.CallOptions{}), client.CallOptions{IdempotencyKey: "k-1"})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{})
				bound := client.With(order(t, t.Context()), client.CallOptions{IdempotencyKey: "k-1"})
				if _, err := sendRequest(t, c.Send, tt.send(t, c, bound)); err != nil {
					t.Fatal(err)
				}
				key := srv.Requests()[0].Header.Get("Idempotency-Key")
				if (key == "k-1") != tt.isBound {
					t.Errorf("sent with key %q; want k-1: %v", key, tt.isBound)
				}
			})
		})
	}
}

// A copy under a context that is not derived from the bound one has lost its options. It is
// refused: without its key it might be executed twice.
func TestWithRefusesACopyThatLostItsOptions(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	first := client.With(newRequest(t, "POST", "/orders", "x"), client.CallOptions{IdempotencyKey: "k-1"})
	second := client.With(newRequest(t, "POST", "/orders", "y"), client.CallOptions{IdempotencyKey: "k-2"})
	for name, req := range map[string]*http.Request{
		"a plain context":     first.WithContext(t.Context()),
		"another one's":       first.WithContext(second.Context()),
		"a clone, plain":      first.Clone(t.Context()),
		"replaced, then lost": client.With(first, client.CallOptions{}).WithContext(t.Context()),
	} {
		_, err := c.Send(req) //nolint:bodyclose // there is no response beside an error
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A reverse proxy may give options to what it passes on.
func TestWithBehindAReverseProxy(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		target, err := url.Parse(srv.URL())
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.Transport = c.HTTP().Transport
		inbound := httptest.NewRequestWithContext(t.Context(), "POST", "http://proxy.test/orders", strings.NewReader("x"))
		inbound.RemoteAddr, inbound.Pattern = "192.0.2.1:1234", "POST /orders"
		proxy.ServeHTTP(httptest.NewRecorder(), client.With(inbound, client.CallOptions{IdempotencyKey: "k-1"}))
		got := srv.Requests()[0].Header
		if got.Get("X-Forwarded-For") != "192.0.2.1" || got.Get("Idempotency-Key") != "k-1" {
			t.Errorf("forwarded for %q with key %q", got.Get("X-Forwarded-For"), got.Get("Idempotency-Key"))
		}
	})
}

// With changes neither the caller's request nor what the transport gets.
func TestWithLeavesTheRequestAsItIs(t *testing.T) {
	var sent *http.Request
	c := onWire(t, func(r *http.Request) (*http.Response, error) {
		sent = r
		return okWire(r)
	}, client.Config{})
	req := newRequest(t, "GET", "http://vendor.test/items", "")
	req.Pattern = "GET /items" // as in a request of a reverse proxy
	before := req.Context()
	bound := client.With(client.With(req, client.CallOptions{Op: "a"}), client.CallOptions{Op: "b"})
	if _, err := sendRequest(t, c.Send, bound); err != nil {
		t.Fatal(err)
	}
	if sent.Pattern != req.Pattern || req.Pattern != "GET /items" || req.Context() != before {
		t.Errorf("Pattern is %q in what was sent, %q in the caller's request; want \"GET /items\", and the caller's context unchanged", sent.Pattern, req.Pattern)
	}
}

// A request that net/http makes for a redirect keeps the options of the first one.
func TestWithIsKeptBehindARedirect(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/b"), retrywisetest.Status(400, "X-Code", "BAD"))
		c := newClient(t, srv, client.Config{})
		resp, err := c.HTTP().Do(client.With(newRequest(t, "GET", srv.URL()+"/a", ""), client.CallOptions{Op: "items.list"}))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if e := failure(t, c.Check(resp)); e.Op != "items.list" {
			t.Errorf("op %q; want items.list", e.Op)
		}
	})
}

// An idempotency key is sent in the vendor's header. It is malformed for a vendor without
// one. Without a vendor it is sent as Idempotency-Key, and retries nothing.
func TestCallOptionsIdempotencyKey(t *testing.T) {
	for name, tt := range map[string]struct {
		vendor   func(*testing.T) client.Vendor // nil: none
		answers  script
		class    apierrors.Class
		stop     apierrors.Stop
		requests int
	}{
		"vendor with keys":    {func(t *testing.T) client.Vendor { return shop{shopPolicy(t)} }, script{retrywisetest.Status(503), retrywisetest.Status(200)}, apierrors.None, apierrors.StopNone, 2},
		"vendor without keys": {func(t *testing.T) client.Vendor { return keyless{shop{shopPolicy(t)}} }, nil, apierrors.MalformedRequest, apierrors.StopPermanent, 0},
		"no vendor":           {nil, script{retrywisetest.Status(503)}, apierrors.ServerError, apierrors.StopUnsafe, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				cfg := client.Config{BaseURL: srv.URL(), Transport: srv.Transport()}
				if tt.vendor != nil {
					cfg.Vendor = tt.vendor(t)
				}
				c := newClientOf(t, cfg)
				_, err := send(t.Context(), t, c, "POST", "/orders", "x", client.CallOptions{IdempotencyKey: "k-1"})
				if got := apierrors.ClassOf(err); got != tt.class || len(srv.Requests()) != tt.requests {
					t.Fatalf("class %v after %d requests; want %v after %d", got, len(srv.Requests()), tt.class, tt.requests)
				}
				if err != nil && failure(t, err).Stop != tt.stop {
					t.Errorf("stop %v; want %v", failure(t, err).Stop, tt.stop)
				}
				for _, r := range srv.Requests() {
					if diff := cmp.Diff("k-1", r.Header.Get("Idempotency-Key")); diff != "" {
						t.Errorf("Idempotency-Key (-want +got):\n%s", diff)
					}
				}
				if tt.requests == 0 && !strings.Contains(err.Error(), "IdempotencyKey: shop has no place for one") {
					t.Errorf("the error is %q; want one that says that the shop has no place for a key", err)
				}
			})
		})
	}
}

// CallOptions.Timeout replaces the attempt timeout of the policy.
func TestCallOptionsTimeout(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{Timeout: 3 * time.Second})
		if e := failure(t, err); e.Class != apierrors.Timeout || time.Since(start) != 3*time.Second {
			t.Errorf("class %v after %v; want timeout after 3s", e.Class, time.Since(start))
		}
	})
}
