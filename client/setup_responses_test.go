package client_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// zipped returns text in gzip.
func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

// gzipIfAsked responds in gzip if the request accepts it.
func gzipIfAsked(status int, text string) retrywisetest.Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" {
			retrywisetest.Text(status, text)(w, r)
			return
		}
		retrywisetest.JSON(status, zipped(text), "Content-Encoding", "gzip")(w, r)
	}
}

// pieces sends each of all as one chunk, with a pause between them.
func pieces(status int, pause time.Duration, all ...string) retrywisetest.Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		for i, piece := range all {
			if i > 0 {
				time.Sleep(pause) // virtual
			}
			_, _ = io.WriteString(w, piece)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// withTrailer ends a response with two trailers, one of which is announced.
func withTrailer(status int) retrywisetest.Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"a":1}`)
		_ = http.NewResponseController(w).Flush()
		w.Header().Set("X-Sum", "7")
		w.Header().Set(http.TrailerPrefix+"X-Late", "8")
	}
}

// verbatim writes text to the connection and closes it.
func verbatim(text string) retrywisetest.Answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}
