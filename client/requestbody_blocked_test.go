package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An attempt ends in time whatever the caller's body does. The failure is that of the
// attempt: what the body does after its end is nobody's failure.
func TestRequestBodyDoesNotHoldTheCall(t *testing.T) {
	type body = func(release <-chan struct{}) io.Reader
	blockedPipe := func(<-chan struct{}) io.Reader { r, _ := io.Pipe(); return r }
	deaf := func(release <-chan struct{}) io.Reader {
		return readerFunc(func([]byte) (int, error) { <-release; return 0, errors.New("too late") })
	}
	idle := func(release <-chan struct{}) io.Reader {
		return readerFunc(func([]byte) (int, error) {
			select {
			case <-release:
			case <-time.After(time.Second): // virtual
			}
			return 0, nil
		})
	}
	for name, tt := range map[string]struct {
		body     body
		deadline time.Duration // of the caller; 0: none
		class    apierrors.Class
		took     time.Duration
	}{
		"pipe that nobody writes to, timeout":       {blockedPipe, 0, apierrors.Timeout, time.Minute},
		"pipe that nobody writes to, deadline":      {blockedPipe, 5 * time.Second, apierrors.Canceled, 5 * time.Second},
		"reader that ignores Close, timeout":        {deaf, 0, apierrors.Timeout, time.Minute},
		"reader that ignores Close, deadline":       {deaf, 5 * time.Second, apierrors.Canceled, 5 * time.Second},
		"reader that returns nothing, for ever":     {idle, 0, apierrors.Timeout, time.Minute},
		"reader that returns nothing, and deadline": {idle, 5 * time.Second, apierrors.Canceled, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
				c := newClient(t, srv, client.Config{})
				ctx, release := t.Context(), make(chan struct{})
				defer close(release)
				if tt.deadline != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				start := time.Now()
				_, err := sendRequest(t, c.Send, newRequestOf(t, http.MethodPost, "/upload", tt.body(release)).WithContext(ctx))
				e := failure(t, err)
				if took := time.Since(start); e.Class != tt.class || e.Applied != apierrors.AppliedUnknown || took != tt.took {
					t.Errorf("class %v, applied %v after %v; want %v, unknown after %v", e.Class, e.Applied, took, tt.class, tt.took)
				}
			})
		})
	}
}

// A body that panics, or ends its goroutine, has failed. The program goes on.
func TestRequestBodyThatPanics(t *testing.T) {
	for name, read := range map[string]readerFunc{
		"panic":  func([]byte) (int, error) { panic("no rows") },
		"Goexit": func([]byte) (int, error) { runtime.Goexit(); return 0, nil },
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.Handle(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
			c := newClient(t, srv, client.Config{})
			_, err := sendRequest(t, c.Send, newRequestOf(t, http.MethodPost, "/upload", read))
			if e := failure(t, err); e.Class != apierrors.MalformedRequest || len(e.Attempts) != 1 {
				t.Errorf("%s: class %v after %d attempts; want malformed_request after 1", name, e.Class, len(e.Attempts))
			}
		})
	}
}

// Over HTTP/2, a server that resets the stream while the body blocks is a failure of the
// network, and not of the body.
func TestRequestBodyThatBlocksOverHTTP2(t *testing.T) {
	srv := newResettingServer(t, reset(internalError))
	srv.early = true
	c := newClient(t, nil, client.Config{BaseURL: "https://" + srv.Addr().String(), Transport: srv.wire})
	body, writer := io.Pipe()
	defer func() { _ = writer.Close() }()
	_, err := sendRequest(t, c.Send, newRequestOf(t, http.MethodPost, "https://"+srv.Addr().String()+"/upload", body))
	if e := failure(t, err); e.Class != apierrors.Network || e.Applied != apierrors.AppliedUnknown {
		t.Errorf("class %v, applied %v; want network, unknown", e.Class, e.Applied)
	}
}
