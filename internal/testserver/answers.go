package testserver

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// An Answer is the server's reaction to one request. Any handler function is
// one; the constructors below cover what vendors do.
type Answer func(http.ResponseWriter, *http.Request)

// Status answers with a status code and no body. Header is pairs of key and value.
func Status(code int, header ...string) Answer {
	return whole(code, "", "", header)
}

// JSON answers with a body of type application/json. Header is pairs of key and value.
func JSON(code int, body string, header ...string) Answer {
	return whole(code, "application/json", body, header)
}

// Text answers with a body of type text/plain.
func Text(code int, body string) Answer {
	return whole(code, "text/plain; charset=utf-8", body, nil)
}

// HTML answers with an error page such as gateways send in front of an API
// that speaks JSON. Header is pairs of key and value.
func HTML(code int, header ...string) Answer {
	title := fmt.Sprintf("%d %s", code, http.StatusText(code))
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
	return whole(code, "text/html", page, header)
}

// Reset closes the connection without an answer; over TCP the client sees a
// reset, in memory io.EOF.
//
// The Transport of net/http sends a GET again by itself if the connection had
// carried a request before, and that takes a second answer from the script.
func Reset() Answer {
	return func(w http.ResponseWriter, _ *http.Request) { drop(w) }
}

// Cut announces the whole of body, sends the first half of it and closes the
// connection. The client reads io.ErrUnexpectedEOF. Nothing of an empty body
// can be cut off, so a byte is announced that never comes.
func Cut(code int, body string) Answer { return cut(code, "application/json", body) }

func cut(code int, kind, body string) Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", strconv.Itoa(max(len(body), 1)))
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body[:len(body)/2]) // net/http closes the connection, as too little was written
	}
}

// Hang never answers: it closes the connection when the client gives up or the
// server closes.
func Hang() Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		drop(w)
	}
}

// After waits d and then gives answer. If the client gives up during the wait,
// the connection closes without an answer.
func After(d time.Duration, answer Answer) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if !wait(r.Context(), d) {
			drop(w)
			return
		}
		answer(w, r)
	}
}

// whole is an answer that arrives undamaged. An empty kind sets no Content-Type.
func whole(code int, kind, body string, header []string) Answer {
	if len(header)%2 != 0 {
		return Text(http.StatusInternalServerError, fmt.Sprintf("testserver: header key %q has no value", header[len(header)-1]))
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body) // the client may be gone; that is its business
	}
}

// drop closes the connection of w at once, over TCP with a reset.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the connection is gone already
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // discard instead of a polite end
	}
	_ = conn.Close()
}

// wait returns true after d, or false if ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
