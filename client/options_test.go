package client_test

import (
	"context"
	"errors"
	"io"
	"math"
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
	type key struct{}
	for name, tt := range map[string]struct {
		send    func(t *testing.T, bound *http.Request) *http.Request
		isBound bool
	}{
		"request": {func(_ *testing.T, bound *http.Request) *http.Request { return bound }, true},
		"clone":   {func(_ *testing.T, bound *http.Request) *http.Request { return bound.Clone(bound.Context()) }, true},
		"copy with a derived context": {func(_ *testing.T, bound *http.Request) *http.Request {
			return bound.WithContext(context.WithValue(bound.Context(), key{}, "v"))
		}, true},
		"another request with its context": {func(t *testing.T, bound *http.Request) *http.Request {
			return newRequest(t, "POST", "/orders", "two of them").WithContext(bound.Context())
		}, false},
		"options that replace other options": {func(_ *testing.T, bound *http.Request) *http.Request {
			return client.With(client.With(bound, client.CallOptions{}), client.CallOptions{IdempotencyKey: "k-1"})
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(200))
				c := newClient(t, srv, client.Config{})
				bound := client.With(newRequest(t, "POST", "/orders", "two of them"), client.CallOptions{IdempotencyKey: "k-1"})
				if _, err := sendRequest(t, c.Send, tt.send(t, bound)); err != nil {
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

// A copy with a context that is not derived from the bound one has lost its options. It is
// malformed, as without its key it might be executed twice.
func TestWithRefusesACopyThatLostItsOptions(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	first := client.With(newRequest(t, "POST", "/orders", "x"), client.CallOptions{IdempotencyKey: "k-1"})
	second := client.With(newRequest(t, "POST", "/orders", "y"), client.CallOptions{IdempotencyKey: "k-2"})
	for name, req := range map[string]*http.Request{
		"another context":            first.WithContext(t.Context()),
		"context of another request": first.WithContext(second.Context()),
		"clone with another context": first.Clone(t.Context()),
		"options that were replaced": client.With(first, client.CallOptions{}).WithContext(t.Context()),
	} {
		_, err := sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: %v, applied %v; want malformed_request, no", name, err, e.Applied)
		}
	}
}

// A reverse proxy may give options to the requests that it sends.
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
			t.Errorf("X-Forwarded-For %q, Idempotency-Key %q; want 192.0.2.1, k-1", got.Get("X-Forwarded-For"), got.Get("Idempotency-Key"))
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

// However long the timeout is, a stream that stalls ends after the policy's StallTimeout.
func TestCallOptionsTimeoutWithoutABound(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		req := client.With(newRequest(t, "GET", "/stream", ""), client.CallOptions{Timeout: math.MaxInt64})
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		start := time.Now()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
			t.Errorf("reading: error %v after %v; want deadline exceeded after 30s", err, time.Since(start))
		}
	})
}

// A request to a foreign origin with an idempotency key, which is for the vendor, is malformed.
func TestCallOptionsIdempotencyKeyIsForTheVendor(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	req := newRequest(t, "POST", "http://storage.test/uploads", "x")
	_, err := sendRequest(t, c.Send, client.With(req, client.CallOptions{IdempotencyKey: "k-1"}))
	if e := failure(t, err); e.Class != apierrors.MalformedRequest {
		t.Errorf("class %v; want malformed_request", e.Class)
	}
}
