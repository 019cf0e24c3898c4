package testserver

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

// A Request is what the server received, its body included.
type Request struct {
	Method string
	Path   string // as sent: still escaped, without the query
	Query  string // as sent, without the question mark
	Header http.Header
	Body   []byte    // nil if there was none
	At     time.Time // when the whole request had arrived
}

// A Server answers requests and remembers them. Make one with New, Handle or
// Start; the zero Server serves nothing. Its methods are safe for concurrent use.
type Server struct {
	url       string
	handler   http.Handler
	http      *http.Server
	transport *http.Transport
	stopped   chan struct{} // closed once the accepting goroutine has ended
	conns     atomic.Int64
	running   sync.WaitGroup // handlers

	mu       sync.Mutex // guards the fields below
	closed   bool
	requests []Request
}

// Handle serves h in memory until the test ends. It may be called inside a
// synctest bubble, with the bubble's t; all its goroutines end with the test.
func Handle(t testing.TB, h http.Handler) *Server {
	t.Helper()
	l := newMemoryListener()
	s := serve(l, h, "http://vendor.test", l.Dial)
	t.Cleanup(s.Close)
	return s
}

// Start serves h over TCP, on a free port of 127.0.0.1. The caller calls Close.
func Start(h http.Handler) (*Server, error) {
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	addr := l.Addr().String()
	dial := func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
	return serve(l, h, "http://"+addr, dial), nil
}

// serve starts to accept from l; dial is the way for a client to reach l.
func serve(l net.Listener, h http.Handler, url string, dial func(context.Context) (net.Conn, error)) *Server {
	s := &Server{url: url, handler: h, stopped: make(chan struct{})}
	s.transport = newTransport(dial)
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

// URL returns the base URL, without a final slash.
func (s *Server) URL() string { return s.url }

// Transport returns the transport that reaches this server, whatever host the
// request names; a vendor's real https URL works, too, without encryption. It
// is the same one on each call, and Close closes its idle connections.
func (s *Server) Transport() *http.Transport { return s.transport }

// Requests returns what has arrived so far, in order of arrival.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Conns returns how many connections have been accepted so far.
func (s *Server) Conns() int { return int(s.conns.Load()) }

// Close cuts all connections and returns when no handler runs any more. A
// second call does nothing more. A handler must not call it.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.transport.CloseIdleConnections()
	_ = s.http.Close() // the listeners' Close does not fail in a way that matters here
	<-s.stopped
	s.running.Wait()
}

func (s *Server) count(_ net.Conn, state http.ConnState) {
	if state == http.StateNew {
		s.conns.Add(1)
	}
}

// serveHTTP reads the whole request, remembers it and passes it on. A request
// that breaks off half way is dropped: it never arrived.
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
