package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// tracing is a middleware around a transport, as OpenTelemetry's is.
func tracing(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r.Clone(r.Context()))
		if err != nil {
			err = fmt.Errorf("span 7: %w", err)
		}
		return resp, err
	})
}

// A POST whose dial is refused was not sent. That is known behind a wrapper, too, as long
// as there is our own Transport below it.
func TestNewTransportProvesBehindAWrapper(t *testing.T) {
	standard := func() *http.Transport {
		return http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forcetypeassert // it is
	}
	ours := func() *client.Transport { return client.NewTransport() }
	for name, tt := range map[string]struct {
		transport func() http.RoundTripper
		attempts  int
		applied   apierrors.Applied
	}{
		"none":                       {func() http.RoundTripper { return nil }, 4, apierrors.AppliedNo},
		"ours":                       {func() http.RoundTripper { return ours() }, 4, apierrors.AppliedNo},
		"ours, wrapped":              {func() http.RoundTripper { return tracing(ours()) }, 4, apierrors.AppliedNo},
		"ours, wrapped twice":        {func() http.RoundTripper { return tracing(tracing(ours())) }, 4, apierrors.AppliedNo},
		"ours, with another dialer":  {func() http.RoundTripper { return tracing(redialled(ours())) }, 4, apierrors.AppliedNo},
		"net/http's":                 {func() http.RoundTripper { return standard() }, 4, apierrors.AppliedNo},
		"net/http's, wrapped":        {func() http.RoundTripper { return tracing(standard()) }, 1, apierrors.AppliedUnknown},
		"ours, below a second way":   {func() http.RoundTripper { return secondWay(ours()) }, 1, apierrors.AppliedUnknown},
		"ours, and another error":    {func() http.RoundTripper { return hiding(ours()) }, 1, apierrors.AppliedUnknown},
		"ours, with another's error": {func() http.RoundTripper { return repeating(ours()) }, 1, apierrors.AppliedUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := client.New(client.Config{Transport: tt.transport()})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.SetRandom(0)
			_, err = send(t.Context(), t, c, "POST", "http://"+closedPort(t), "x")
			e := failure(t, err)
			if len(e.Attempts) != tt.attempts || e.Applied != tt.applied || e.Class != apierrors.Network {
				t.Errorf("%d attempts, applied %v, class %v; want %d and %v", len(e.Attempts), e.Applied, e.Class, tt.attempts, tt.applied)
			}
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("the cause is lost: %v", e.Err)
			}
		})
	}
}

// redialled has a dialer of the caller's.
func redialled(t *client.Transport) *client.Transport {
	t.DialContext = new(net.Dialer).DialContext
	return t
}

// secondWay tries another way when the first fails; nothing is known of that.
func secondWay(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		if resp, err := base.RoundTrip(r); err == nil {
			return resp, nil
		}
		return nil, &net.OpError{Op: "read", Err: syscall.ECONNREFUSED}
	})
}

// hiding returns an error of its own in place of the transport's.
func hiding(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r)
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			err = errno
		}
		return resp, err
	})
}

// repeating tries twice, and returns the first error.
func repeating(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r)
		if err != nil {
			if resp, err := base.RoundTrip(r); err == nil {
				return resp, nil
			}
		}
		return resp, err
	})
}

// Without a Client, a Transport is net/http's.
func TestNewTransportAlone(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.Status(204))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	transport := client.NewTransport()
	defer transport.CloseIdleConnections()
	for target, want := range map[string]int{srv.URL(): 204, "http://" + closedPort(t): 0} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if (err == nil) != (want != 0) {
			t.Fatal(err)
		}
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("status %d; want %d", resp.StatusCode, want)
			}
		}
	}
}
