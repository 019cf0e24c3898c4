package client_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// endings are the ways in which a call can end, each of a new client.
var endings = map[string]struct {
	answers script
	change  func(*http.Request)
	timeout time.Duration // of the caller's context; 0: no deadline
	wire    func(*retrywisetest.Server) http.RoundTripper
	pause   bool // the vendor has asked for one
	err     bool
}{
	"success":               {answers: script{retrywisetest.JSON(200, `{}`)}},
	"success after retries": {answers: script{retrywisetest.HTML(503), retrywisetest.HTML(503), retrywisetest.JSON(200, `{}`)}},
	"all attempts fail":     {answers: script{retrywisetest.HTML(503), retrywisetest.HTML(503), retrywisetest.HTML(503), retrywisetest.HTML(503)}},
	"long error":            {answers: script{retrywisetest.Text(503, strings.Repeat("x", 1<<20)), retrywisetest.JSON(200, `{}`)}},
	"error that trickles":   {answers: script{pieces(503, time.Minute, "a", "b"), pieces(503, time.Minute, "a", "b"), retrywisetest.JSON(200, `{}`)}},
	"truncated error":       {answers: script{retrywisetest.Reset(), retrywisetest.Cut(retrywisetest.JSON(503, "0123456789")), retrywisetest.JSON(200, `{}`)}},
	"refused record":        {answers: script{retrywisetest.JSON(422, `{}`)}},
	"redirect":              {answers: script{retrywisetest.Status(302, "Location", "/b")}},
	"no connection": {wire: func(srv *retrywisetest.Server) http.RoundTripper {
		return failing(srv, 99, &net.OpError{Op: "dial", Err: errOfTheTest})
	}, err: true},
	"deadline in an attempt":    {answers: script{retrywisetest.HTML(503, "Retry-After", "1"), retrywisetest.Hang()}, timeout: 10 * time.Second, err: true},
	"deadline in an error":      {answers: script{pieces(503, time.Minute, "a", "b")}, timeout: time.Second, err: true},
	"deadline before the start": {timeout: -1, err: true},
	"during a pause":            {pause: true},
	"malformed header":          {change: func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} }, err: true},
	"unknown scheme":            {change: func(r *http.Request) { r.URL.Scheme = "gopher" }, err: true},
	"no host":                   {change: func(r *http.Request) { r.URL.Host, r.URL.Scheme, r.URL.Opaque = "", "", "x" }, err: true},
	"GetBody fails":             {answers: script{retrywisetest.HTML(503)}, change: func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, errOfTheTest } }, err: true},
}

// However a call ends, every body is closed: those of the request and of responses that are
// not returned before the call ends, and that of the response when the caller closes it.
func TestHTTPClosesEveryBody(t *testing.T) {
	for name, tt := range endings {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var sending, received atomic.Int64
				answers := tt.answers
				if tt.pause {
					answers = script{retrywisetest.Status(429, "Retry-After", "3600")}
				}
				srv := retrywisetest.New(t, answers...)
				inner := http.RoundTripper(srv.Transport())
				if tt.wire != nil {
					inner = tt.wire(srv)
				}
				c := newClient(t, srv, client.Config{Transport: wire(func(r *http.Request) (*http.Response, error) {
					resp, err := inner.RoundTrip(r)
					if err == nil {
						resp.Body = watch(resp.Body, &received)
					}
					return resp, err
				})})
				if tt.pause {
					hold(t, c.HTTP(), srv.URL())
				}
				ctx := t.Context()
				if tt.timeout != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				req := newRequest(t, "PUT", srv.URL()+"/items/7", "").WithContext(ctx)
				req.Body, req.ContentLength = watch(strings.NewReader("text"), &sending), 4
				req.GetBody = func() (io.ReadCloser, error) { return watch(strings.NewReader("text"), &sending), nil }
				if tt.change != nil {
					tt.change(req)
				}
				resp, err := c.HTTP().Do(req)
				if (err != nil) != tt.err {
					t.Fatalf("got error %v; want one: %v", err, tt.err)
				}
				retrywisetest.Settle() // net/http may close a request's body a little later
				if err == nil {
					if n := received.Load(); n != 1 && !tt.pause {
						t.Errorf("%d response bodies are open; want 1, which was returned", n)
					}
					_ = resp.Body.Close()
				}
				if sending.Load() != 0 || received.Load() != 0 {
					t.Errorf("open at the end: %d request bodies, %d response bodies; want 0", sending.Load(), received.Load())
				}
			})
		})
	}
}

// The caller's request does not change, however the call ends.
func TestHTTPLeavesTheRequestAsItIs(t *testing.T) {
	for name, tt := range endings {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Script(tt.answers...))
				c := newClient(t, srv, client.Config{Auth: client.Bearer("token")})
				ctx := t.Context()
				if tt.timeout != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				req := newRequest(t, "PUT", srv.URL()+"/items/7?a=b", "text", "X-A", "1").WithContext(ctx)
				req.Trailer = http.Header{"X-Sum": {"7"}}
				req.TransferEncoding = []string{"chunked"}
				if tt.change != nil {
					tt.change(req)
				}
				req = client.With(req, client.CallOptions{IdempotencyKey: "k"})
				ctx = req.Context()
				before := *req
				before.Header, before.Trailer, before.TransferEncoding = req.Header.Clone(), req.Trailer.Clone(), []string{"chunked"}
				target := *req.URL
				before.URL = &target
				// As a reverse proxy does, without an http.Client.
				resp, err := c.HTTP().Transport.RoundTrip(req)
				if err == nil {
					_ = resp.Body.Close()
				}
				byIdentity := cmp.Comparer(func(a, b io.ReadCloser) bool { return a == b })
				isSet := cmp.Comparer(func(a, b func() (io.ReadCloser, error)) bool { return (a == nil) == (b == nil) })
				if diff := cmp.Diff(before, *req, byIdentity, isSet, cmpopts.IgnoreUnexported(http.Request{})); diff != "" {
					t.Errorf("the request changed (-before +after):\n%s", diff)
				}
				if req.Context() != ctx {
					t.Error("the request's context changed")
				}
			})
		})
	}
}
