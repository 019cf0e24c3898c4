package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A script is what a server answers to one request after the other.
type script = []retrywisetest.Answer

// newClient returns a client of the shop at srv, whose random waits are the middle of their
// range.
func newClient(t testing.TB, srv *retrywisetest.Server, cfg client.Config) *client.Client {
	t.Helper()
	if cfg.Vendor == nil {
		cfg.Vendor = shop{shopPolicy(t)}
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = srv.URL()
	}
	if cfg.Transport == nil {
		cfg.Transport = srv.Transport()
	}
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.SetRandom(0.5)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// newClientOf is newClient for a Config that is complete: no vendor, base URL or transport
// is added.
func newClientOf(t testing.TB, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.SetRandom(0.5)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// send makes a request, sends it by Send and closes the response.
func send(ctx context.Context, t testing.TB, c *client.Client, method, path, body string, options ...client.CallOptions) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		req = client.With(req, o)
	}
	if body == "" {
		req.Body, req.GetBody = nil, nil
	}
	return sendRequest(t, c.Send, req)
}

// sendRequest sends req by do and closes the response.
func sendRequest(t testing.TB, do func(*http.Request) (*http.Response, error), req *http.Request) (int, error) {
	t.Helper()
	resp, err := do(req)
	if err != nil {
		if resp != nil {
			t.Error("got a response beside an error")
		}
		return 0, err
	}
	if err := resp.Body.Close(); err != nil {
		t.Errorf("closing the response: %v", err)
	}
	return resp.StatusCode, nil
}

// open sends a GET by Send and returns the response, which the end of the test closes.
func open(t testing.TB, c *client.Client, path string) (*http.Response, error) {
	t.Helper()
	resp, err := c.Send(newRequest(t, http.MethodGet, path, ""))
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

// newRequest makes a request. An empty body means no body; header is keys and values in
// turn.
func newRequest(t testing.TB, method, target, body string, header ...string) *http.Request {
	t.Helper()
	if body == "" {
		return newRequestOf(t, method, target, nil, header...)
	}
	return newRequestOf(t, method, target, strings.NewReader(body), header...)
}

// newRequestOf is newRequest for a body of any kind.
func newRequestOf(t testing.TB, method, target string, body io.Reader, header ...string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	return req
}

// get sends a GET by hc and returns the response, which the end of the test closes.
func get(t testing.TB, hc *http.Client, target string) (*http.Response, error) {
	t.Helper()
	req := newRequest(t, http.MethodGet, target, "")
	resp, err := hc.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

// failure returns err as an *apierrors.Error, and fails the test if it is not one.
func failure(t testing.TB, err error) *apierrors.Error {
	t.Helper()
	e, ok := errors.AsType[*apierrors.Error](err)
	if !ok {
		t.Fatalf("got error %v (%T); want an *apierrors.Error", err, err)
	}
	return e
}

// together runs n concurrent calls of do and waits for them.
func together(n int, do func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(do)
	}
	all.Wait()
}
