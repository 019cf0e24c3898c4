package client_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The files peer*_test.go test HTTP for what the tests of go-retryablehttp v0.7.8 (the peer)
// test, as far as users of net/http rely on it. These have no counterpart here:
//   - RequestLogHook, ResponseLogHook, Logger: Config.Observer and Config.Logger get events,
//     and cannot change a request or read a response (observer_test.go);
//   - CheckRetry, Backoff, PrepareRetry, ErrorHandler: a policy is data, which a table tests
//     (policy/decide_test.go), and an Auth signs each attempt;
//   - SetResponseHandler, whose failure is retried: Do decodes inside the call (do_test.go),
//     and a caller of HTTP reads the response itself;
//   - NewRequest, FromRequest, SetBody, WithContext of its Request type: requests are those of
//     net/http here;
//   - backoff that is linear or without jitter: here it has full jitter.

// Get, Head, Post and PostForm of http.Client work.
func TestPeerShorthands(t *testing.T) {
	type got struct{ Method, Path, Type, Body string }
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		echoing := func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }
		srv := retrywisetest.Handle(t, retrywisetest.Answer(echoing))
		hc := newClient(t, srv, client.Config{}).HTTP()
		target := srv.URL() + "/foo/bar"
		for want, do := range map[got]func() (*http.Response, error){
			{"GET", "/foo/bar", "", ""}:  func() (*http.Response, error) { return hc.Get(target) },  //nolint:noctx // the method under test
			{"HEAD", "/foo/bar", "", ""}: func() (*http.Response, error) { return hc.Head(target) }, //nolint:noctx // the method under test
			{"POST", "/foo/bar", "application/json", `{"hello":"world"}`}: func() (*http.Response, error) {
				return hc.Post(target, "application/json", strings.NewReader(`{"hello":"world"}`)) //nolint:noctx // the method under test
			},
			{"POST", "/foo/bar", "application/x-www-form-urlencoded", "hello=world"}: func() (*http.Response, error) {
				return hc.PostForm(target, url.Values{"hello": {"world"}}) //nolint:noctx // the method under test
			},
		} {
			resp, err := do()
			if err != nil {
				t.Fatal(err)
			}
			echoed, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			all := srv.Requests()
			last := all[len(all)-1]
			if diff := cmp.Diff(want, got{last.Method, last.Path, last.Header.Get("Content-Type"), string(last.Body)}); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if string(echoed) != want.Body || err != nil {
				t.Errorf("%s: got %q, error %v; want %q", want.Method, echoed, err, want.Body)
			}
		}
	})
}

// What the peer retries is retried here, except for a POST, which may have been executed.
// Where the peer closes the last response and returns "giving up after 3 attempt(s)", here the
// response is returned, as by net/http, and Check has the attempts.
func TestPeerGivingUp(t *testing.T) {
	for _, tt := range []struct {
		method   string
		status   int
		requests int
	}{
		{"GET", 500, 4}, {"GET", 502, 4}, {"GET", 503, 4}, {"GET", 504, 4}, {"GET", 599, 4}, {"GET", 408, 4},
		{"PUT", 500, 4}, {"DELETE", 500, 4}, {"HEAD", 500, 4}, {"OPTIONS", 500, 4},
		{"POST", 500, 1}, {"PATCH", 500, 1}, {"POST", 503, 1},
		{"GET", 501, 1}, {"GET", 404, 1}, {"GET", 400, 1}, {"GET", 409, 1},
	} {
		t.Run(fmt.Sprint(tt.method, " ", tt.status), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Text(tt.status, "the last word"))
				c := newClientOf(t, client.Config{Transport: srv.Transport()})
				target := "http://user:pasten@" + strings.TrimPrefix(srv.URL(), "http://")
				resp, err := c.HTTP().Do(newRequest(t, tt.method, target, ""))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if resp.StatusCode != tt.status || err != nil || (string(body) != "the last word" && tt.method != "HEAD") {
					t.Errorf("got status %d, body %q, error %v; want %d, \"the last word\"", resp.StatusCode, body, err, tt.status)
				}
				e := failure(t, c.Check(resp))
				if len(e.Attempts) != tt.requests || len(srv.Requests()) != tt.requests {
					t.Errorf("%d attempts, %d requests; want %d of each", len(e.Attempts), len(srv.Requests()), tt.requests)
				}
				if strings.Contains(e.Error(), "pasten") {
					t.Errorf("the error prints the password: %v", e)
				}
			})
		})
	}
}

// A failure that no retry can cure is not retried.
func TestPeerPermanentFailures(t *testing.T) {
	plain := httptest.NewServer(retrywisetest.Status(200))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(retrywisetest.Status(200))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it logs the refused handshake
	secure.StartTLS()
	defer secure.Close()
	for name, tt := range map[string]struct {
		target string
		change func(*http.Request)
		is     func(error) bool
	}{
		"unknown authority": {secure.URL, nil, func(err error) bool {
			_, ok := errors.AsType[x509.UnknownAuthorityError](err)
			return ok
		}},
		"unknown scheme": {strings.Replace(plain.URL, "http", "ftp", 1), nil, func(err error) bool { return strings.Contains(err.Error(), "malformed_request") }},
		"malformed header name": {plain.URL, func(r *http.Request) { r.Header.Set("Header-Name-\x1b", "value") }, func(err error) bool {
			return errors.Is(err, apierrors.MalformedRequest)
		}},
		"malformed header value": {plain.URL, func(r *http.Request) { r.Header.Set("Header-Name", "bad value \x1b") }, func(err error) bool {
			return errors.Is(err, apierrors.MalformedRequest)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClientOf(t, client.Config{})
			req := newRequest(t, "GET", tt.target, "")
			if tt.change != nil {
				tt.change(req)
			}
			_, err := sendRequest(t, c.HTTP().Do, req)
			if e := failure(t, err); !tt.is(err) || e.Action != apierrors.FailFast || len(e.Attempts) != 1 || e.Applied != apierrors.AppliedNo {
				t.Errorf("action %v, %d attempts, applied %v, error %v; want fail_fast, 1, no, an error of the row's kind", e.Action, len(e.Attempts), e.Applied, err)
			}
		})
	}
}

// The error of the transport can be found in the one that is returned.
func TestPeerTransportErrorIsKept(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		unknown := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "999.test", Err: "no such host", IsNotFound: true}}
		c := newClient(t, srv, client.Config{Transport: failing(srv, 99, unknown)})
		_, err := sendRequest(t, c.HTTP().Do, newRequest(t, "GET", "http://999.test:999/", ""))
		outer, _ := errors.AsType[*url.Error](err)
		inner, _ := errors.AsType[*net.OpError](err)
		name, _ := errors.AsType[*net.DNSError](err)
		if outer == nil || outer.Op != "Get" || outer.URL != "http://999.test:999/" || inner != unknown || !name.IsNotFound {
			t.Errorf("got %#v around %#v; want a url.Error of Get around the dial's", outer, inner)
		}
	})
}

// Each http.Client is a new one that the caller may change, but they share connections, which
// only Close closes. The peer closes them on CloseIdleConnections, and on each failure.
func TestPeerStandardClient(t *testing.T) {
	var opened, closed int
	var mu sync.Mutex
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Error(w, "down", http.StatusServiceUnavailable)
		}
	}))
	gone := make(chan struct{})
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		switch state {
		case http.StateNew:
			opened++
		case http.StateClosed:
			if closed++; closed == 1 {
				close(gone)
			}
		default:
		}
	}
	srv.Start()
	defer srv.Close()
	c := newClientOf(t, client.Config{})
	one, other := c.HTTP(), c.HTTP()
	if one == other {
		t.Error("two calls of HTTP returned the same http.Client")
	}
	one.Timeout = time.Minute
	if other.Timeout != 0 {
		t.Errorf("the Timeout of another http.Client is %v; want 0", other.Timeout)
	}
	for _, path := range []string{"/", "/down", "/"} {
		for _, hc := range []*http.Client{one, other} {
			if got := exchange(hc, newRequest(t, "POST", srv.URL+path, "x")); got.Err != "" {
				t.Error(got.Err)
			}
			hc.CloseIdleConnections()
		}
	}
	mu.Lock()
	if opened != 1 || closed != 0 {
		t.Errorf("%d connections were opened, %d closed; want 1, 0", opened, closed)
	}
	mu.Unlock()
	_ = c.Close()
	<-gone
}
