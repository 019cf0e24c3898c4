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

// tracing wraps a transport as OpenTelemetry's middleware does.
func tracing(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r.Clone(r.Context()))
		if err != nil {
			err = fmt.Errorf("span 7: %w", err)
		}
		return resp, err
	})
}

// A POST whose dial is refused was not sent. With a Transport, that is known behind a
// wrapper, too.
func TestNewTransportProvesBehindAWrapper(t *testing.T) {
	standard := func() *http.Transport {
		return http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	}
	ours := func() *client.Transport { return client.NewTransport() }
	for name, tt := range map[string]struct {
		transport func() http.RoundTripper
		attempts  int
		applied   apierrors.Applied
	}{
		"none":                                        {func() http.RoundTripper { return nil }, 4, apierrors.AppliedNo},
		"Transport":                                   {func() http.RoundTripper { return ours() }, 4, apierrors.AppliedNo},
		"Transport, wrapped":                          {func() http.RoundTripper { return tracing(ours()) }, 4, apierrors.AppliedNo},
		"Transport, wrapped twice":                    {func() http.RoundTripper { return tracing(tracing(ours())) }, 4, apierrors.AppliedNo},
		"Transport with another dialer, wrapped":      {func() http.RoundTripper { return tracing(withDialer(ours())) }, 4, apierrors.AppliedNo},
		"http.Transport":                              {func() http.RoundTripper { return standard() }, 4, apierrors.AppliedNo},
		"http.Transport, wrapped":                     {func() http.RoundTripper { return tracing(standard()) }, 1, apierrors.AppliedUnknown},
		"Transport, the wrapper has a second route":   {func() http.RoundTripper { return secondRoute(ours()) }, 1, apierrors.AppliedUnknown},
		"Transport, the wrapper replaces the error":   {func() http.RoundTripper { return replacingErrors(ours()) }, 1, apierrors.AppliedUnknown},
		"Transport, the wrapper returns an old error": {func() http.RoundTripper { return sendingTwice(ours()) }, 1, apierrors.AppliedUnknown},
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
				t.Errorf("%d attempts, applied %v, class %v; want %d, %v, network", len(e.Attempts), e.Applied, e.Class, tt.attempts, tt.applied)
			}
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("the error wraps %v; want ECONNREFUSED", e.Err)
			}
		})
	}
}

// withDialer gives t a dialer of the caller's.
func withDialer(t *client.Transport) *client.Transport {
	t.DialContext = new(net.Dialer).DialContext
	return t
}

// secondRoute wraps a transport. When that fails, it tries a second route, which fails, too.
func secondRoute(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		if resp, err := base.RoundTrip(r); err == nil {
			return resp, nil
		}
		return nil, &net.OpError{Op: "read", Err: syscall.ECONNREFUSED}
	})
}

// replacingErrors wraps a transport and replaces its errors.
func replacingErrors(base http.RoundTripper) http.RoundTripper {
	return wire(func(r *http.Request) (*http.Response, error) {
		resp, err := base.RoundTrip(r)
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			err = errno
		}
		return resp, err
	})
}

// sendingTwice wraps a transport, tries it twice and returns the first error.
func sendingTwice(base http.RoundTripper) http.RoundTripper {
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

// Without a Client, a Transport works as net/http's.
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
				t.Errorf("got status %d; want %d", resp.StatusCode, want)
			}
		}
	}
}
