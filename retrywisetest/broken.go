package retrywisetest

import (
	"bufio"
	"bytes"
	"maps"
	"net"
	"net/http"
	"strconv"
)

// Reset closes the connection without an answer. Over TCP the client gets
// ECONNRESET, in memory io.EOF.
//
// The Transport of net/http repeats a GET by itself if the connection had served a
// request before. The repeat takes another answer of a script.
func Reset() Answer {
	return func(w http.ResponseWriter, _ *http.Request) { drop(w) }
}

// Hang never answers. It closes the connection when the client gives up or the
// server closes.
func Hang() Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		drop(w)
	}
}

// Cut gives answer with the first half of its body, announces the whole of it in
// Content-Length, and closes the connection: the client reads
// io.ErrUnexpectedEOF. For an empty body, one byte is announced and not sent.
// Where a response has no body by definition (HEAD, 204, 304), the connection is
// closed without an answer.
func Cut(answer Answer) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		h := hold(w, r, answer)
		switch {
		case h.hijacked:
		case r.Method == http.MethodHead, h.status == http.StatusNoContent, h.status == http.StatusNotModified:
			drop(w)
		default:
			whole := h.body.Len()
			h.header.Set("Content-Length", strconv.Itoa(max(whole, 1)))
			h.body.Truncate(whole / 2)
			h.send() // net/http closes the connection, as the body is shorter than announced
		}
	}
}

// A held response is what a handler wrote, kept until send.
type held struct {
	w        http.ResponseWriter // nil: there is no connection
	header   http.Header
	status   int
	body     bytes.Buffer
	hijacked bool // the handler took over the connection, so there is no response
}

// hold runs answer and keeps its response.
func hold(w http.ResponseWriter, r *http.Request, answer Answer) *held {
	h := &held{w: w, header: w.Header().Clone()}
	answer(h, r)
	if h.status == 0 {
		h.status = http.StatusOK
	}
	return h
}

// send writes the response.
func (h *held) send() {
	clear(h.w.Header())
	maps.Copy(h.w.Header(), h.header)
	h.w.WriteHeader(h.status)
	_, _ = h.w.Write(h.body.Bytes()) // fails if the client has gone
}

func (h *held) Header() http.Header { return h.header }

// WriteHeader keeps the first final status. Informational ones are left out.
func (h *held) WriteHeader(code int) {
	if h.status == 0 && code >= http.StatusOK {
		h.status = code
	}
}

func (h *held) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}

// Flush does nothing: the response is held back.
func (h *held) Flush() {}

// Hijack serves http.ResponseController.
func (h *held) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.hijacked = true
	if h.w == nil {
		return nil, nil, http.ErrNotSupported
	}
	return http.NewResponseController(h.w).Hijack()
}

// drop closes the connection of w at once, over TCP with a reset.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the connection is gone already
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // Close sends a reset and discards what is not yet sent
	}
	_ = conn.Close()
}
