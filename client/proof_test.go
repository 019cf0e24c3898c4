package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// After a failed dial nothing was sent, so even a POST is retried.
func TestProofOfADialThatFailed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		wire := failing(srv, 2, refused)
		c := newClient(t, srv, client.Config{Transport: wire})
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Errorf("a POST after two failed dials: %v", err)
		}
		wire.(*http.Transport).CloseIdleConnections()
	})
}

// Of a transport that calls no hooks of httptrace nothing is known.
func TestProofNeedsATrace(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{Transport: silent{&net.OpError{Op: "dial", Err: errors.New("connection refused")}}})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe || e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
			t.Errorf("stop %v, applied %v, %d attempts; want unsafe, unknown, 1", e.Stop, e.Applied, len(e.Attempts))
		}
	})
}

// A request that is not given to the transport was not sent.
func TestProofOfARequestNotHandedOver(t *testing.T) {
	t.Run("GetBody fails", func(t *testing.T) {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "1"))
			c := newClient(t, srv, client.Config{})
			req := newRequest(t, http.MethodPost, "/items", "x")
			req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("the file is gone") }
			_, err := sendRequest(t, c.Send, req)
			if e := failure(t, err); e.Applied != apierrors.AppliedNo {
				t.Errorf("applied %v, stop %v; want no", e.Applied, e.Stop)
			}
		})
	})
	t.Run("the caller gives up while the token is fetched", func(t *testing.T) {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t)
			c := newClient(t, srv, client.Config{Auth: renewable("", func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			})})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := send(ctx, t, c, "POST", "/items", "x")
			if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Class != apierrors.Canceled {
				t.Errorf("class %v, applied %v; want canceled, no", e.Class, e.Applied)
			}
		})
	})
}

// A transport may send a request by a second route when the first fails. If it finds no
// connection there, the request may still have been executed by the first.
func TestProofWithASecondRoute(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(502), retrywisetest.Status(200))
		afterAResponse := func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			return refusing().RoundTrip(r.Clone(r.Context()))
		}
		withoutTheBody := func(r *http.Request) (*http.Response, error) {
			probe := r.Clone(r.Context())
			probe.Body = nil
			if resp, err := refusing().RoundTrip(probe); err == nil {
				return resp, nil
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
			return nil, errors.New("connection reset")
		}
		for name, way := range map[string]wire{"after a response": afterAResponse, "without the body": withoutTheBody} {
			_, err := send(t.Context(), t, onWire(t, way, client.Config{}), "POST", "/items", "x")
			if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
				t.Errorf("%s: applied %v, %d attempts; want unknown, 1", name, e.Applied, len(e.Attempts))
			}
		}
		_, _ = send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/", "")
	})
}

// Through a wrapper around net/http's transport, every request is an attempt: net/http
// repeats none by itself when a reused connection closes.
func TestProofBehindAWrapperMissesNoRequest(t *testing.T) {
	for range 20 {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			var n atomic.Int64
			srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1)%4 == 0 {
					retrywisetest.Reset()(w, r)
				}
			}))
			var seen events
			c := newClient(t, srv, client.Config{Observer: seen.observer(), Transport: wire(srv.Transport().RoundTrip)})
			together(8, func() {
				for range 25 {
					_, _ = send(t.Context(), t, c, "GET", "/items", "")
				}
			})
			if requests, attempts := len(srv.Requests()), len(seen.attempts); requests != attempts {
				t.Errorf("%d requests, but %d attempts", requests, attempts)
			}
		})
	}
}
