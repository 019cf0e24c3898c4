package retrywisetest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// What a client sees of each fault, and whether the request was executed.
func TestFaultsTransport(t *testing.T) {
	for fault, want := range map[retrywisetest.Fault]struct {
		status   int
		body     string
		err      error
		executed bool
		took     time.Duration
	}{
		retrywisetest.NoFault:             {200, "hello, you", nil, true, 0},
		retrywisetest.Unavailable:         {503, "<html>", nil, false, 0},
		retrywisetest.BadGateway:          {502, "<html>", nil, false, 0},
		retrywisetest.GatewayTimeout:      {504, "<html>", nil, false, 0},
		retrywisetest.ServerError:         {500, `{"error"`, nil, false, 0},
		retrywisetest.RateLimited:         {429, `{"error"`, nil, false, 0},
		retrywisetest.ResetBefore:         {0, "", syscall.ECONNRESET, false, 0},
		retrywisetest.GatewayTimeoutAfter: {504, "<html>", nil, true, 0},
		retrywisetest.ResetAfter:          {0, "", syscall.ECONNRESET, true, 0},
		retrywisetest.CutBody:             {200, "hello", io.ErrUnexpectedEOF, true, 0},
		retrywisetest.Slow:                {200, "hello, you", nil, true, time.Minute},
		"teapot":                          {418, "short and stout", nil, false, 0},
		"unknown":                         {500, "retrywisetest: the fault", nil, false, 0},
	} {
		t.Run(fault.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Text(200, "hello, you"))
				base := &closingTransport{base: srv.Transport()}
				struck := retrywisetest.NoFault
				faults := retrywisetest.Faults{
					Plan:    retrywisetest.Sequence(fault),
					Answers: map[retrywisetest.Fault]retrywisetest.Answer{"teapot": retrywisetest.Text(418, "short and stout")},
					Struck:  func(_ *http.Request, f retrywisetest.Fault) { struck = f },
				}
				sent := &closingBody{Reader: strings.NewReader("x")}
				start := time.Now()
				status, body, err := exchange(t.Context(), faults.Transport(base), srv.URL(), sent)
				if status != want.status || !strings.HasPrefix(body, want.body) || !errors.Is(err, want.err) {
					t.Errorf("status %d, body %q, error %v; want %d, %q, %v", status, body, err, want.status, want.body, want.err)
				}
				if want.err == nil && err != nil {
					t.Errorf("error %v", err)
				}
				if executed := len(srv.Requests()) == 1; executed != want.executed || fault != retrywisetest.NoFault && executed != fault.IsAfterExecution() {
					t.Errorf("executed: %v, IsAfterExecution: %v; want %v", executed, fault.IsAfterExecution(), want.executed)
				}
				if took := time.Since(start); took != want.took {
					t.Errorf("took %v; want %v", took, want.took)
				}
				if struck != fault {
					t.Errorf("struck %v; want %v", struck, fault)
				}
				retrywisetest.Settle() // net/http closes the body of a request when it is written
				if sent.closed.Load() == 0 || base.opened.Load() != base.closed.Load() {
					t.Errorf("request body closed %d times; %d of %d response bodies closed", sent.closed.Load(), base.closed.Load(), base.opened.Load())
				}
			})
		})
	}
}

// Only one endpoint fails, and its requests alone are counted.
func TestFaultsTransportOfOneEndpoint(t *testing.T) {
	srv := retrywisetest.Handle(t, retrywisetest.Status(204))
	faults := retrywisetest.Faults{
		Plan: retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.Unavailable),
		Only: func(r *http.Request) bool { return r.URL.Path == "/orders" },
	}
	transport := faults.Transport(srv.Transport())
	var got []int
	for _, path := range []string{"/contacts", "/orders", "/contacts", "/contacts", "/orders", "/orders"} {
		status, _, err := exchange(t.Context(), transport, srv.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{204, 204, 204, 204, 503, 204}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

// A response without a body, and one of unknown length, are cut, too.
func TestFaultsTransportCuts(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		length int
	}{
		"no body":  {retrywisetest.Status(204), 0},
		"a length": {retrywisetest.Text(200, long), 1000},
		"no length": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, long[:1000])
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, long)
		}, 512},
		"no length, and short": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x"); w.(http.Flusher).Flush() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			srv := retrywisetest.Handle(t, tt.answer)
			faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.CutBody)}
			_, body, err := exchange(t.Context(), faults.Transport(srv.Transport()), srv.URL(), nil)
			if err == nil || len(body) != tt.length {
				t.Errorf("%d bytes, error %v; want %d, and an error", len(body), err, tt.length)
			}
		})
	}
}

// The caller gives up, and gets the error of the context.
func TestFaultsTransportEndsWithTheContext(t *testing.T) {
	for name, faults := range map[string]retrywisetest.Faults{
		"slow": {Plan: retrywisetest.Sequence(retrywisetest.Slow)},
		"hang": {Plan: retrywisetest.Sequence("hang"), Answers: map[retrywisetest.Fault]retrywisetest.Answer{"hang": retrywisetest.Hang()}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Text(200, "late"))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, _, err := exchange(ctx, faults.Transport(srv.Transport()), srv.URL(), nil); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v; want deadline exceeded", err)
				}
			})
		})
	}
}

// Without a base, requests go by http.DefaultTransport; what that fails with is passed on.
func TestFaultsTransportPassesErrorsOn(t *testing.T) {
	faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.ResetAfter)}
	if _, _, err := exchange(t.Context(), faults.Transport(nil), "nowhere://x", nil); err == nil || errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("error %v; want that of the scheme", err)
	}
}

// exchange sends a POST, and reads as much of the response as arrives.
func exchange(ctx context.Context, transport http.RoundTripper, url string, body io.ReadCloser) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return 0, "", err
	}
	if body != nil {
		req.Body, req.ContentLength = body, 1
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(data), err
}

// A closingBody counts how often it is closed.
type closingBody struct {
	io.Reader
	closed atomic.Int32
}

func (b *closingBody) Close() error { b.closed.Add(1); return nil }

// A closingTransport counts the bodies of its responses, and those that are closed.
type closingTransport struct {
	base           http.RoundTripper
	opened, closed atomic.Int32
}

func (t *closingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err == nil {
		t.opened.Add(1)
		resp.Body = &closeOnce{ReadCloser: resp.Body, counted: &t.closed}
	}
	return resp, err
}

type closeOnce struct {
	io.ReadCloser
	counted *atomic.Int32
	done    bool
}

func (c *closeOnce) Close() error {
	if !c.done {
		c.done = true
		c.counted.Add(1)
	}
	return c.ReadCloser.Close()
}
