package client_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The files contract_*_test.go compare HTTP with net/http. Most cases run by each of these
// ways, against a new server with the same handler. What the caller sees, and what arrives at
// the server, must be the same.
var ways = []struct {
	name string
	open func(t *testing.T, wire http.RoundTripper, base string) *http.Client
}{
	{"net/http", func(_ *testing.T, wire http.RoundTripper, _ string) *http.Client {
		return &http.Client{Transport: wire}
	}},
	{"HTTP, no vendor", func(t *testing.T, wire http.RoundTripper, _ string) *http.Client {
		return newClientOf(t, client.Config{Transport: wire}).HTTP()
	}},
	{"HTTP, errors in a 2xx", func(t *testing.T, wire http.RoundTripper, base string) *http.Client {
		return newClientOf(t, client.Config{Transport: wire, BaseURL: base, Vendor: shop{shopPolicy(t)}}).HTTP()
	}},
}

// sameAsNetHTTP runs use by each way in virtual time, and compares what it returns and what
// arrived at the server.
func sameAsNetHTTP[T any](t *testing.T, handler http.Handler, use func(t *testing.T, hc *http.Client, base string) T) {
	t.Helper()
	type all struct {
		Seen    T
		Arrived []arrival
	}
	var want all
	for i, way := range ways {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			book := &book{next: handler}
			srv := retrywisetest.Handle(t, book)
			got := all{Seen: use(t, way.open(t, srv.Transport(), srv.URL()), srv.URL())}
			got.Arrived = book.arrived()
			for _, a := range got.Arrived { // the one difference; see Config.UserAgent
				if agent := a.Header.Get("User-Agent"); agent == []string{"Go-http-client/1.1", "retrywise", "retrywise"}[i] {
					a.Header.Set("User-Agent", "the default")
				}
			}
			if i == 0 {
				want = got
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-net/http +retrywise):\n%s", way.name, diff)
			}
		})
	}
}

// An arrival is a request as it arrived at the server.
type arrival struct {
	Method, URI, Host, Body string
	Header, Trailer         http.Header
	Length                  int64
	Encoding                []string
}

// A book is a handler that records what arrives.
type book struct {
	next http.Handler
	mu   sync.Mutex
	all  []arrival
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.all = append(b.all, arrival{
		Method: r.Method, URI: r.RequestURI, Host: r.Host, Body: string(body),
		Header: r.Header.Clone(), Trailer: r.Trailer.Clone(), Length: r.ContentLength, Encoding: r.TransferEncoding,
	})
	b.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	b.next.ServeHTTP(w, r)
}

func (b *book) arrived() []arrival {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all
}

// seen is what the caller sees of one exchange.
type seen struct {
	Status        int
	Proto         string
	Header        http.Header // without the Date
	Length        int64
	Encoding      []string
	Uncompressed  bool
	Closes        bool // the connection, after the response
	Body          string
	Trailer       http.Header
	Sent          string // method and URL of the response's Request
	IsTheCallers  bool   // that Request is the one that was sent
	Err, ErrInEnd string // kinds of the errors of Do and of reading the body
}

// exchange sends a request, and reads and closes the response.
func exchange(hc *http.Client, req *http.Request) seen {
	resp, err := hc.Do(req)
	s := seen{Err: kindOf(err)}
	if resp == nil {
		return s
	}
	defer resp.Body.Close()
	s.Status, s.Proto, s.Header, s.Length = resp.StatusCode, resp.Proto, resp.Header.Clone(), resp.ContentLength
	s.Encoding, s.Uncompressed, s.Closes = resp.TransferEncoding, resp.Uncompressed, resp.Close
	s.Header.Del("Date")
	s.Sent, s.IsTheCallers = resp.Request.Method+" "+resp.Request.URL.String(), resp.Request == req
	body, err := io.ReadAll(resp.Body)
	s.Body, s.ErrInEnd, s.Trailer = string(body), kindOf(err), resp.Trailer.Clone()
	return s
}

// kindOf returns what a program can find out about an error without its text.
func kindOf(err error) string {
	if err == nil {
		return ""
	}
	kinds := []string{"error"}
	for _, target := range []error{io.EOF, io.ErrUnexpectedEOF, context.Canceled, context.DeadlineExceeded, http.ErrBodyReadAfterClose, errOfTheTest} {
		if errors.Is(err, target) {
			kinds = append(kinds, target.Error())
		}
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		kinds = append(kinds, "url.Error of "+e.Op)
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		kinds = append(kinds, "timeout")
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		kinds = append(kinds, "net.OpError of "+e.Op)
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		kinds = append(kinds, "net.DNSError")
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		kinds = append(kinds, "unknown authority")
	}
	return strings.Join(kinds, ", ")
}
