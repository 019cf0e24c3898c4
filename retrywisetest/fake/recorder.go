package fake

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
)

// A recorder passes a response on, and keeps it.
type recorder struct {
	http.ResponseWriter
	status   int // 0: nothing was written
	body     bytes.Buffer
	hijacked bool // the handler took over the connection, so there is no response
}

func (r *recorder) WriteHeader(status int) {
	if r.status < http.StatusOK { // an informational response may go before
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.finish()
	r.body.Write(p)
	return r.ResponseWriter.Write(p)
}

// finish sets the status of a response of which none was written.
func (r *recorder) finish() {
	if r.status == 0 && !r.hijacked {
		r.status = http.StatusOK
	}
}

// Hijack serves http.ResponseController.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.hijacked = true
	return http.NewResponseController(r.ResponseWriter).Hijack()
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) isSuccess() bool { return r.status/100 == 2 }
