package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Responses are those of net/http. Where a failure would be retried, the method is POST,
// which is not.
func TestHTTPResponses(t *testing.T) {
	long := strings.Repeat(`{"row":"0123456789abcdef"},`, 40_000) // over 1 MiB
	for name, tt := range map[string]struct {
		method string
		answer retrywisetest.Answer
		header []string // of the request
	}{
		"success":                       {"GET", retrywisetest.JSON(200, `{"id":"7"}`), nil},
		"created":                       {"POST", retrywisetest.JSON(201, `{"id":"7"}`, "Location", "/items/7"), nil},
		"accepted":                      {"POST", retrywisetest.Status(202, "Retry-After", "5"), nil},
		"no content":                    {"DELETE", retrywisetest.Status(204), nil},
		"reset content":                 {"POST", retrywisetest.Status(205), nil},
		"partial content":               {"GET", retrywisetest.JSON(206, `half`, "Content-Range", "bytes 0-3/8"), nil},
		"not modified":                  {"GET", retrywisetest.Status(304, "Etag", `"x"`), []string{"If-None-Match", `"x"`}},
		"choices without a Location":    {"GET", retrywisetest.Text(300, "choose"), nil},
		"choices with a Location":       {"GET", retrywisetest.JSON(300, "choose", "Location", "/b"), nil},
		"moved without a Location":      {"GET", retrywisetest.Text(302, "where?"), nil},
		"bad request":                   {"GET", retrywisetest.Text(400, "bad"), nil},
		"unauthorized":                  {"GET", retrywisetest.Status(401, "Www-Authenticate", `Basic realm="x"`), nil},
		"forbidden":                     {"GET", retrywisetest.HTML(403), nil},
		"not found":                     {"GET", retrywisetest.JSON(404, `{"why":"gone"}`), nil},
		"not found, accepted":           {"DELETE", retrywisetest.JSON(404, `{"why":"gone"}`, "X-Code", "GONE"), nil},
		"refused":                       {"PUT", retrywisetest.JSON(422, `{"why":"bad"}`, "X-Code", "BAD"), nil},
		"failure that is not retried":   {"POST", retrywisetest.JSON(500, `{"why":"down"}`), nil},
		"page of a gateway":             {"POST", retrywisetest.HTML(502), nil},
		"not implemented":               {"GET", retrywisetest.Text(501, "no"), nil},
		"Retry-After that does not fit": {"GET", retrywisetest.JSON(429, `slow down`, "Retry-After", "3600"), nil},
		"unknown status":                {"POST", retrywisetest.Text(799, "?"), nil},
		"HEAD of a success":             {"HEAD", retrywisetest.JSON(200, ``, "Content-Length", "12"), nil},
		"HEAD of a failure":             {"HEAD", retrywisetest.JSON(404, ``, "Content-Length", "12"), nil},
		"HEAD of gzip":                  {"HEAD", gzipIfAsked(200, "text"), nil},
		"empty body":                    {"GET", retrywisetest.Text(200, ""), nil},
		"empty body of a failure":       {"GET", retrywisetest.Text(404, ""), nil},
		"empty body in chunks":          {"GET", pieces(200, 0, ""), nil},
		"chunks":                        {"GET", pieces(200, 0, "a", "b", "c"), nil},
		"chunks of JSON":                {"GET", pieces(200, 0, `{"a":`, `1}`), nil},
		"chunks of a failure":           {"GET", pieces(422, 0, `{"a":`, `1}`), nil},
		"gzip":                          {"GET", gzipIfAsked(200, "text"), nil},
		"gzip of JSON":                  {"GET", gzipIfAsked(200, `{"a":1}`), nil},
		"gzip of a failure":             {"GET", gzipIfAsked(422, "text"), nil},
		"gzip of a long failure":        {"GET", gzipIfAsked(422, long), nil},
		"gzip for Accept-Encoding":      {"GET", gzipIfAsked(200, "text"), []string{"Accept-Encoding", "gzip"}},
		"gzip of a failure for it":      {"GET", gzipIfAsked(422, "text"), []string{"Accept-Encoding", "gzip"}},
		"identity for Accept-Encoding":  {"GET", gzipIfAsked(200, "text"), []string{"Accept-Encoding", "identity"}},
		"invalid gzip":                  {"POST", retrywisetest.JSON(200, "text", "Content-Encoding", "gzip"), nil},
		"invalid gzip of a failure":     {"POST", retrywisetest.JSON(422, "text", "Content-Encoding", "gzip"), nil},
		"another encoding":              {"GET", retrywisetest.JSON(200, "text", "Content-Encoding", "br"), nil},
		"trailers":                      {"GET", withTrailer(200), nil},
		"trailers of a failure":         {"GET", withTrailer(422), nil},
		"long success":                  {"GET", retrywisetest.JSON(200, long), nil},
		"long failure":                  {"GET", retrywisetest.JSON(422, long), nil},
		"truncated success":             {"GET", retrywisetest.Cut(retrywisetest.JSON(200, "0123456789")), nil},
		"truncated success of JSON":     {"POST", retrywisetest.Cut(retrywisetest.JSON(200, `{"rows":[1,2,3]}`)), nil},
		"truncated failure":             {"POST", retrywisetest.Cut(retrywisetest.JSON(500, "0123456789")), nil},
		"two headers of one name":       {"GET", retrywisetest.JSON(200, "x", "Set-Cookie", "a=1", "Set-Cookie", "b=2"), nil},
		"Connection: close":             {"GET", retrywisetest.JSON(200, "x", "Connection", "close"), nil},
		"body without a length":         {"GET", verbatim("HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nbody"), nil},
		"failure without a length":      {"GET", verbatim("HTTP/1.0 404 Not Found\r\n\r\nbody"), nil},
		"invalid chunk":                 {"POST", verbatim("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), nil},
		"invalid chunk of a failure":    {"POST", verbatim("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), nil},
		"not HTTP":                      {"POST", verbatim("hello\r\n\r\n"), nil},
		"no response":                   {"POST", retrywisetest.Reset(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			sameAsNetHTTP(t, tt.answer, func(t *testing.T, hc *http.Client, base string) seen {
				return exchange(hc, newRequest(t, tt.method, base+"/items/7?q=1", "", tt.header...))
			})
		})
	}
}
