package client_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The exchanges that are compared in virtual time, over a real HTTP/2.
func TestHTTPOverHTTP2(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, tt := range map[string]struct {
		method, body string
		answer       retrywisetest.Answer
	}{
		"a success":              {"GET", "", retrywisetest.JSON(200, `{}`)},
		"a write":                {"POST", "text", retrywisetest.JSON(201, `{}`)},
		"no content":             {"DELETE", "", retrywisetest.Status(204)},
		"not modified":           {"GET", "", retrywisetest.Status(304)},
		"a head":                 {"HEAD", "", retrywisetest.JSON(200, "", "Content-Length", "12")},
		"refused":                {"PUT", "text", retrywisetest.JSON(422, `{}`)},
		"a failure":              {"POST", "text", retrywisetest.JSON(500, `{}`)},
		"a long success":         {"GET", "", retrywisetest.JSON(200, long)},
		"a long failure":         {"POST", long, retrywisetest.JSON(500, long)},
		"gzip":                   {"GET", "", gzipIfAsked(200, "text")},
		"gzip of a failure":      {"GET", "", gzipIfAsked(422, "text")},
		"chunks":                 {"GET", "", pieces(200, 0, "a", "b")},
		"trailers":               {"GET", "", withTrailer(200)},
		"trailers of a failure":  {"POST", "text", withTrailer(500)},
		"a body that is cut off": {"POST", "text", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); abort(w) }},
		"a redirect":             {"GET", "", crossroads(302, "/b").ServeHTTP},
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

// abort ends an answer in its middle, without a word in the server's log.
func abort(w http.ResponseWriter) {
	_, _ = io.WriteString(w, "half")
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// Over HTTP/2 both sides of an exchange can be streams that answer each other.
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
