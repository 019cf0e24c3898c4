package retrywisetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Request is a request that a Server received in full.
type Request struct {
	Method string
	Path   string // as sent: escaped, without the query
	Query  string // as sent, without the question mark
	Header http.Header
	Body   []byte    // nil if it was empty
	At     time.Time // when the last byte of the request arrived
}

// A Server answers requests and remembers them. Create one with New, Handle or
// Start; the zero Server is not usable. Its methods are safe for concurrent use.
type Server struct {
	url       string
	handler   http.Handler
	http      *http.Server
	transport *http.Transport
	stopped   chan struct{} // closed when the accepting goroutine has ended
	conns     atomic.Int64
	running   sync.WaitGroup // handlers

	mu       sync.Mutex // guards the fields below
	closed   bool
	refusing int // dials
	requests []Request
}

// Handle serves h in memory until the test ends. Clients reach the server by its
// Transport only. Inside VirtualTime, pass the t of its function.
func Handle(t testing.TB, h http.Handler) *Server {
	t.Helper()
	l := newMemoryListener()
	s := serve(l, h, "http://vendor.test", l.Dial)
	t.Cleanup(s.Close)
	return s
}

// Start serves h over TCP on a free port of 127.0.0.1. The caller must call
// Close. The error is that of opening the port.
func Start(h http.Handler) (*Server, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("retrywisetest: %w", err)
	}
	addr := l.Addr().String()
	dial := func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
	return serve(l, h, "http://"+addr, dial), nil
}

// serve starts to accept connections from l. Clients reach l by dial.
func serve(l net.Listener, h http.Handler, url string, dial func(context.Context) (net.Conn, error)) *Server {
	s := &Server{url: url, handler: h, stopped: make(chan struct{})}
	s.transport = newTransport(func(ctx context.Context) (net.Conn, error) {
		if s.refuses() {
			return nil, refusal(l.Addr())
		}
		return dial(ctx)
	})
	s.http = &http.Server{Handler: http.HandlerFunc(s.serveHTTP), ConnState: s.count}
	go func() {
		defer close(s.stopped)
		_ = s.http.Serve(l) // always http.ErrServerClosed: only Close ends it
	}()
	return s
}

func newTransport(dial func(context.Context) (net.Conn, error)) *http.Transport {
	toServer := func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }
	return &http.Transport{DialContext: toServer, DialTLSContext: toServer, MaxIdleConnsPerHost: 100}
}

// URL returns the base URL of the server, without a trailing slash.
func (s *Server) URL() string { return s.url }

// Transport returns the transport that connects to this server, whatever host a
// URL names. A client under test can therefore keep the real URL of an API, even
// an https one; the connection is not encrypted. Every call returns the same
// transport, and Close closes its idle connections.
func (s *Server) Transport() *http.Transport { return s.transport }

// Requests returns the requests received so far, in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Gaps returns the time between each request and the one before it: one value
// fewer than there are requests. For a client that retries one call and answers
// that take no time, these are the client's waits.
func (s *Server) Gaps() []time.Duration {
	var gaps []time.Duration
	var last time.Time
	for i, r := range s.Requests() {
		if i > 0 {
			gaps = append(gaps, r.At.Sub(last))
		}
		last = r.At
	}
	return gaps
}

// Conns returns the number of connections accepted so far.
func (s *Server) Conns() int { return int(s.conns.Load()) }

// Close closes all connections and returns when no handler is running. Later
// calls have no effect. A handler must not call Close.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.transport.CloseIdleConnections()
	_ = s.http.Close() // the error is that of closing a listener, which is gone in any case
	<-s.stopped
	s.running.Wait()
}

func (s *Server) count(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.conns.Add(1)
	}
}

// serveHTTP reads and remembers the whole request before it calls the handler.
// A request that ends early is not remembered.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !s.begin(r, body) {
		drop(w)
		return
	}
	defer s.running.Done()
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.handler.ServeHTTP(w, r)
}

// begin remembers a request. It returns false if the server is closed.
func (s *Server) begin(r *http.Request, body []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	s.requests = append(s.requests, received(r, body))
	return true
}

func received(r *http.Request, body []byte) Request {
	if len(body) == 0 {
		body = nil
	}
	return Request{
		Method: r.Method,
		Path:   r.URL.EscapedPath(),
		Query:  r.URL.RawQuery,
		Header: r.Header.Clone(),
		Body:   body,
		At:     time.Now(),
	}
}
