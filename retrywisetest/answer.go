package retrywisetest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// An Answer is a server's reaction to one request. Any handler function can be
// an Answer. An Answer is also an http.Handler that reacts to every request in
// the same way.
//
// Constructors that take a header expect keys and values in turn. If the last
// value is missing, the answer is a 500 that names the key.
type Answer func(http.ResponseWriter, *http.Request)

// ServeHTTP calls a.
func (a Answer) ServeHTTP(w http.ResponseWriter, r *http.Request) { a(w, r) }

// Status answers with a status code and no body.
func Status(code int, header ...string) Answer {
	return Body(code, "", "", header...)
}

// JSON answers with a body of type application/json. It does not check body.
func JSON(code int, body string, header ...string) Answer {
	return Body(code, "application/json", body, header...)
}

// Text answers with a body of type text/plain.
func Text(code int, body string, header ...string) Answer {
	return Body(code, "text/plain; charset=utf-8", body, header...)
}

// HTML answers with an HTML page that contains the status, as proxies and
// gateways do in front of an API.
func HTML(code int, header ...string) Answer {
	title := fmt.Sprintf("%d %s", code, http.StatusText(code))
	page := "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"
	return Body(code, "text/html", page, header...)
}

// Body answers with a body of any type. If contentType is empty, no Content-Type
// is set, and net/http derives one from a body that is not empty.
func Body(code int, contentType, body string, header ...string) Answer {
	if len(header)%2 != 0 {
		return Text(http.StatusInternalServerError, fmt.Sprintf("retrywisetest: header key %q has no value", header[len(header)-1]))
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		for i := 0; i < len(header); i += 2 {
			w.Header().Add(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body) // fails if the client has gone, which is not the server's failure
	}
}

// After waits for d and then gives answer. If the client gives up during the
// wait, the connection is closed without an answer.
func After(d time.Duration, answer Answer) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if !wait(r.Context(), d) {
			drop(w)
			return
		}
		answer(w, r)
	}
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
