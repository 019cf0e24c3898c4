package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Exchanges over HTTP/2, whose connections are TCP.
func TestHTTPOverHTTP2(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, tt := range map[string]struct {
		method, body string
		answer       retrywisetest.Answer
	}{
		"success":               {"GET", "", retrywisetest.JSON(200, `{}`)},
		"POST":                  {"POST", "text", retrywisetest.JSON(201, `{}`)},
		"no content":            {"DELETE", "", retrywisetest.Status(204)},
		"not modified":          {"GET", "", retrywisetest.Status(304)},
		"HEAD":                  {"HEAD", "", retrywisetest.JSON(200, "", "Content-Length", "12")},
		"refused record":        {"PUT", "text", retrywisetest.JSON(422, `{}`)},
		"failure":               {"POST", "text", retrywisetest.JSON(500, `{}`)},
		"long success":          {"GET", "", retrywisetest.JSON(200, long)},
		"long failure":          {"POST", long, retrywisetest.JSON(500, long)},
		"gzip":                  {"GET", "", gzipIfAsked(200, "text")},
		"gzip of a failure":     {"GET", "", gzipIfAsked(422, "text")},
		"chunks":                {"GET", "", pieces(200, 0, "a", "b")},
		"trailers":              {"GET", "", withTrailer(200)},
		"trailers of a failure": {"POST", "text", withTrailer(500)},
		"truncated failure":     {"POST", "text", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); abort(w) }},
		"redirect":              {"GET", "", crossroads(302, "/b").ServeHTTP},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP2(t, tt.answer, func(t *testing.T, hc *http.Client, base string) seen {
				got := exchange(hc, newRequest(t, tt.method, base+"/a", tt.body))
				got.Sent = strings.ReplaceAll(got.Sent, base, "")
				return got
			})
		})
	}
}

// abort breaks a response off, without an entry in the server's log.
func abort(w http.ResponseWriter) {
	_, _ = io.WriteString(w, "half")
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Over HTTP/2, request and response can be streams at the same time.
func TestHTTPConversationOverHTTP2(t *testing.T) {
	overHTTP2(t, http.HandlerFunc(echoLines), func(t *testing.T, hc *http.Client, base string) string {
		reader, writer := io.Pipe()
		defer func() { _ = writer.Close() }()
		req := newRequest(t, "POST", base+"/talk", "")
		req.Body = reader
		resp, err := hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return converse(t, writer, resp.Body, writer.Close)
	})
}
