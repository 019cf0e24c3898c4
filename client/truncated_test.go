package client_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A cuttingServer reads and writes a number of bytes on each connection, and then resets it.
type cuttingServer struct {
	net.Listener
	reads, writes int
	response      string
	executed      atomic.Int64 // whole requests
	reached       atomic.Int64 // connections
}

func (s *cuttingServer) serve(conn net.Conn) {
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	if _, err := io.CopyN(io.Discard, conn, int64(s.reads)); err != nil || s.reads < len(wholeRequest(s)) {
		return
	}
	s.executed.Add(1)
	_, _ = io.WriteString(conn, s.response[:s.writes])
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(-1) // so that what was written arrives
	}
}

func newCuttingServer(t *testing.T, reads, writes int, response string) *cuttingServer {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &cuttingServer{Listener: listener, reads: reads, writes: writes, response: response}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.reached.Add(1)
			serving.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return s
}

// wholeRequest returns what net/http sends for the call of post.
func wholeRequest(s *cuttingServer) string {
	return "POST /items HTTP/1.1\r\nHost: " + s.Addr().String() + "\r\nUser-Agent: job\r\nContent-Length: 4\r\n" +
		"Accept: application/json\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n\"xy\""
}

// post makes a call that is retried only if it was certainly not executed.
func post(t *testing.T, s *cuttingServer, seen *events) error {
	t.Helper()
	c, err := client.New(client.Config{BaseURL: "http://" + s.Addr().String(), Observer: seen.observer()})
	if err != nil {
		t.Fatal(err)
	}
	c.SetRandom(0)
	t.Cleanup(func() { _ = c.Close() })
	_, err = client.Do[map[string]any](t.Context(), c, client.Call{
		Method: http.MethodPost, Path: "/items", Body: json.RawMessage(`"xy"`), Header: http.Header{"User-Agent": {"job"}},
	})
	return err
}

// The connection is reset after each byte of the request and of the response. No request is
// executed twice, each connection is an attempt, and the error says whether the request was
// executed, as far as that is known.
func TestTruncatedAtEveryByte(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
	response := head + `{"id":42}`
	whole := len(wholeRequest(newCuttingServer(t, 0, 0, "")))
	check := func(reads, writes int, want apierrors.Applied, succeeds bool) {
		var seen events
		s := newCuttingServer(t, reads, writes, response)
		err := post(t, s, &seen)
		attempts := int64(len(seen.attempts))
		if s.executed.Load() > 1 || s.reached.Load() != attempts || (err == nil) != succeeds {
			t.Errorf("reset after %d and %d bytes: executed %d times over %d connections, %d attempts, error %v; want at most once, an attempt each, success %v",
				reads, writes, s.executed.Load(), s.reached.Load(), attempts, err, succeeds)
		}
		if err == nil {
			return
		}
		if e := failure(t, err); e.Applied != want {
			t.Errorf("reset after %d and %d bytes: applied %v; want %v: %v", reads, writes, e.Applied, want, e)
		}
	}
	for n := 1; n < whole; n++ { // a reset before the first byte proves, or does not prove, that nothing was sent
		check(n, 0, apierrors.AppliedUnknown, false)
	}
	for n := range response {
		want := apierrors.AppliedUnknown
		if n >= len(head) {
			want = apierrors.AppliedYes // the header says so; only the body broke off
		}
		check(whole, n, want, false)
	}
	check(whole, len(response), apierrors.AppliedUnknown, true)
}
