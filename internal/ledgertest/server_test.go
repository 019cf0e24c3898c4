package ledgertest

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A server is one origin.
type server struct {
	url      string
	book     *book
	listener net.Listener
	http1    *http.Server  // nil: HTTP/2
	over     chan struct{} // closed when the server is
	running  sync.WaitGroup
}

// listenTCP opens a port of the loopback interface.
func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// newServer serves a way on a listener.
func newServer(l net.Listener, b *book, w way, certificate tls.Certificate) *server {
	s := &server{url: "http://" + l.Addr().String(), book: b, listener: &rough{Listener: l}, over: make(chan struct{})}
	if w.secure {
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
		if w.http2 {
			config.NextProtos = []string{"h2"}
		}
		if w.noALPN {
			config.NextProtos = nil
		}
		s.url, s.listener = "https://"+l.Addr().String(), tls.NewListener(s.listener, config)
	}
	if w.http2 {
		s.running.Go(s.acceptHTTP2)
		return s
	}
	s.http1 = &http.Server{Handler: s, ErrorLog: quiet, ConnState: s.count}
	s.running.Go(func() { _ = s.http1.Serve(s.listener) })
	return s
}

// count counts connections over HTTP/1 as running. One that is hijacked has no more requests.
func (s *server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.running.Done()
	}
}

func (s *server) close() {
	close(s.over)
	if s.http1 != nil {
		_ = s.http1.Close()
	}
	_ = s.listener.Close()
	s.running.Wait()
}

// A rough listener resets every tenth connection before anything is read from it.
type rough struct {
	net.Listener
	accepted int
}

func (r *rough) Accept() (net.Conn, error) {
	for {
		conn, err := r.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if r.accepted++; r.accepted%10 != 0 {
			return conn, nil
		}
		abort(conn)
	}
}

// abort resets a connection.
func abort(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// lateness is how long a late execution takes: most callers have given up by then.
const lateness = 70 * time.Millisecond

// wait waits for a moment that a fault puts off, or until the server is closed.
func (s *server) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.over:
	}
}

// ServeHTTP serves HTTP/1.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if status, ok := s.book.find(r.URL.Path); ok {
		s.end(w, r, fault{end: respond, status: status})
		return
	}
	req := s.book.arrive(r.URL.Path, r.Header)
	f, half := req.fault, int64(size(req.plan.body)/2)
	if f.stage == inBody {
		_, _ = io.CopyN(io.Discard, r.Body, half)
	}
	if f.stage != inBody && f.stage != atHeaders {
		length, err := io.Copy(io.Discard, r.Body)
		if err != nil { // the request never came whole
			hijack(w, "", abort)
			return
		}
		if f.stage == late {
			s.wait(lateness)
		}
		if f.executes() {
			req.execute(int(length))
		}
	}
	s.end(w, r, f)
}

// responseBody is that of every response.
const responseBody = `{"result":"as the status says"}`

// end ends a request over HTTP/1.
func (s *server) end(w http.ResponseWriter, r *http.Request, f fault) {
	switch f.end {
	case respond, goAwayGently:
		describe(w.Header(), r.URL.Path, f)
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, responseBody)
	case cutHeaders:
		hijack(w, "HTTP/1.1 200 OK\r\nContent-Le", abort)
	case cutBody:
		hijack(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"+responseBody, abort)
	case closeAfter:
		hijack(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n"+responseBody, func(c net.Conn) { _ = c.Close() })
	case hang:
		select {
		case <-r.Context().Done():
		case <-s.over:
		case <-time.After(time.Second): // with a body that is not read, nobody learns that the client has gone
		}
		hijack(w, "", abort)
	case reset, streamError, goAway:
		hijack(w, "", abort)
	}
}

// describe sets the header of a response.
func describe(h http.Header, path string, f fault) {
	h.Set("Content-Type", "application/json")
	if f.after != "" {
		h.Set("Retry-After", f.after)
	}
	if f.status == http.StatusTemporaryRedirect {
		h.Set("Location", path)
	}
}

// hijack writes to the connection of a response, and then ends it.
func hijack(w http.ResponseWriter, text string, end func(net.Conn)) {
	h, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := h.Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(conn, text)
	end(conn)
}
