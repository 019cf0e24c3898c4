package client_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// traced returns ctx with a trace, and a function that returns which of its hooks were called.
func traced(ctx context.Context) (context.Context, func() []string) {
	var mu sync.Mutex
	var called []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		called = append(called, fmt.Sprintf(format, args...))
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(hostPort string) { note("get %s", hostPort) },
		GotConn:              func(i httptrace.GotConnInfo) { note("got, reused %v", i.Reused) },
		PutIdleConn:          func(err error) { note("idle %v", err) },
		GotFirstResponseByte: func() { note("first byte") },
		TLSHandshakeDone:     func(s tls.ConnectionState, err error) { note("TLS %s %v", s.NegotiatedProtocol, err) },
		WroteHeaderField:     func(key string, values []string) { note("%s: %v", key, values) },
		WroteHeaders:         func() { note("headers") },
		Wait100Continue:      func() { note("wait for 100") },
		Got100Continue:       func() { note("got 100") },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { note("request %v", i.Err) },
	})
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return called
	}
}

// The hooks of the caller's httptrace are called as by net/http.
func TestHTTPTrace(t *testing.T) {
	handler := retrywisetest.JSON(200, `{}`)
	sameAsNetHTTP(t, handler, func(t *testing.T, hc *http.Client, base string) []string {
		ctx, calls := traced(t.Context())
		for range 2 {
			exchange(hc, newRequest(t, "PUT", base+"/items/7", "text", "User-Agent", "job").WithContext(ctx))
			retrywisetest.Settle()
		}
		return slices.Sorted(slices.Values(calls())) // the connection reads and writes concurrently
	})
}

// The values of the caller's context reach the transport in each attempt.
func TestHTTPContextValues(t *testing.T) {
	type key struct{}
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var met []any
		c := onWire(t, func(r *http.Request) (*http.Response, error) {
			met = append(met, r.Context().Value(key{}))
			return &http.Response{StatusCode: 503, Body: http.NoBody, Header: http.Header{}}, nil
		}, client.Config{})
		ctx := context.WithValue(t.Context(), key{}, "mine")
		exchange(c.HTTP(), newRequest(t, "GET", "http://vendor.test/items", "").WithContext(ctx))
		if diff := cmp.Diff([]any{"mine", "mine", "mine", "mine"}, met); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
	})
}

// Concurrent calls by one http.Client get their own responses.
func TestHTTPIsSafeForConcurrentUse(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			time.Sleep(time.Millisecond) // virtual
			w.WriteHeader(map[string]int{"POST": 500, "PUT": 200, "PATCH": 422}[r.Method])
			_, _ = io.WriteString(w, r.Method+" "+r.URL.Path+" "+string(body))
		}))
		hc := newClient(t, srv, client.Config{}).HTTP()
		hc.Timeout = time.Minute
		var all sync.WaitGroup
		for i := range 200 {
			method := []string{"POST", "PUT", "PATCH"}[i%3]
			all.Go(func() {
				got := exchange(hc, newRequest(t, method, fmt.Sprintf("%s/many/%d", srv.URL(), i), fmt.Sprint("body ", i)))
				if want := fmt.Sprintf("%s /many/%d body %d", method, i, i); got.Body != want {
					t.Errorf("got %q, error %q; want %q", got.Body, got.Err, want)
				}
			})
		}
		all.Wait()
	})
}
