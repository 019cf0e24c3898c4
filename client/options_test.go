package client_test

import (
	"context"
	"net/http"
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
		"clone with another context": {func(t *testing.T, _ *client.Client, bound *http.Request) *http.Request {
			return bound.Clone(t.Context())
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

// With changes neither the caller's request nor what the transport gets.
func TestWithLeavesTheRequestAsItIs(t *testing.T) {
	var sent *http.Request
	c := onWire(t, func(r *http.Request) (*http.Response, error) {
		sent = r
		return okWire(r)
	}, client.Config{})
	req := newRequest(t, "GET", "http://vendor.test/items", "")
	req.RemoteAddr = "192.0.2.1:80" // as in a request of a reverse proxy
	before := req.Context()
	bound := client.With(client.With(req, client.CallOptions{Op: "a"}), client.CallOptions{Op: "b"})
	if _, err := sendRequest(t, c.Send, bound); err != nil {
		t.Fatal(err)
	}
	if sent.RemoteAddr != req.RemoteAddr || req.RemoteAddr != "192.0.2.1:80" || req.Context() != before {
		t.Errorf("RemoteAddr is %q in what was sent, %q in the caller's request; want 192.0.2.1:80, and the caller's context unchanged", sent.RemoteAddr, req.RemoteAddr)
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
