package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
)

// An answer is the same answer, whatever it says. What would be sent again is asked for
// by POST, which is not.
func TestHTTPResponses(t *testing.T) {
	long := strings.Repeat(`{"row":"0123456789abcdef"},`, 40_000) // over 1 MiB
	for name, tt := range map[string]struct {
		method string
		answer retrywisetest.Answer
		header []string // of the request
	}{
		"a success":                          {"GET", retrywisetest.JSON(200, `{"id":"7"}`), nil},
		"created":                            {"POST", retrywisetest.JSON(201, `{"id":"7"}`, "Location", "/items/7"), nil},
		"accepted":                           {"POST", retrywisetest.Status(202, "Retry-After", "5"), nil},
		"no content":                         {"DELETE", retrywisetest.Status(204), nil},
		"reset content":                      {"POST", retrywisetest.Status(205), nil},
		"partial content":                    {"GET", retrywisetest.JSON(206, `half`, "Content-Range", "bytes 0-3/8"), nil},
		"not modified":                       {"GET", retrywisetest.Status(304, "Etag", `"x"`), []string{"If-None-Match", `"x"`}},
		"choices without a Location":         {"GET", retrywisetest.Text(300, "choose"), nil},
		"choices with a Location":            {"GET", retrywisetest.JSON(300, "choose", "Location", "/b"), nil},
		"moved without a Location":           {"GET", retrywisetest.Text(302, "where?"), nil},
		"a bad request":                      {"GET", retrywisetest.Text(400, "bad"), nil},
		"unauthorized":                       {"GET", retrywisetest.Status(401, "Www-Authenticate", `Basic realm="x"`), nil},
		"forbidden":                          {"GET", retrywisetest.HTML(403), nil},
		"not found":                          {"GET", retrywisetest.JSON(404, `{"why":"gone"}`), nil},
		"not found, accepted":                {"DELETE", retrywisetest.JSON(404, `{"why":"gone"}`, "X-Code", "GONE"), nil},
		"refused":                            {"PUT", retrywisetest.JSON(422, `{"why":"bad"}`, "X-Code", "BAD"), nil},
		"a failure that is not repeated":     {"POST", retrywisetest.JSON(500, `{"why":"down"}`), nil},
		"a gateway's page":                   {"POST", retrywisetest.HTML(502), nil},
		"not implemented":                    {"GET", retrywisetest.Text(501, "no"), nil},
		"a told wait that does not fit":      {"GET", retrywisetest.JSON(429, `slow down`, "Retry-After", "3600"), nil},
		"a status that nobody knows":         {"POST", retrywisetest.Text(799, "?"), nil},
		"the head of a success":              {"HEAD", retrywisetest.JSON(200, ``, "Content-Length", "12"), nil},
		"the head of a failure":              {"HEAD", retrywisetest.JSON(404, ``, "Content-Length", "12"), nil},
		"the head of a compressed answer":    {"HEAD", gzipIfAsked(200, "text"), nil},
		"an empty body":                      {"GET", retrywisetest.Text(200, ""), nil},
		"an empty body of a failure":         {"GET", retrywisetest.Text(404, ""), nil},
		"an empty body in chunks":            {"GET", pieces(200, 0, ""), nil},
		"chunks":                             {"GET", pieces(200, 0, "a", "b", "c"), nil},
		"chunks of JSON":                     {"GET", pieces(200, 0, `{"a":`, `1}`), nil},
		"chunks of a failure":                {"GET", pieces(422, 0, `{"a":`, `1}`), nil},
		"gzip":                               {"GET", gzipIfAsked(200, "text"), nil},
		"gzip of JSON":                       {"GET", gzipIfAsked(200, `{"a":1}`), nil},
		"gzip of a failure":                  {"GET", gzipIfAsked(422, "text"), nil},
		"gzip of a long failure":             {"GET", gzipIfAsked(422, long), nil},
		"gzip by the caller's own wish":      {"GET", gzipIfAsked(200, "text"), []string{"Accept-Encoding", "gzip"}},
		"gzip of a failure by that wish":     {"GET", gzipIfAsked(422, "text"), []string{"Accept-Encoding", "gzip"}},
		"no compression by the caller's":     {"GET", gzipIfAsked(200, "text"), []string{"Accept-Encoding", "identity"}},
		"gzip that is none":                  {"POST", retrywisetest.JSON(200, "text", "Content-Encoding", "gzip"), nil},
		"gzip of a failure that is none":     {"POST", retrywisetest.JSON(422, "text", "Content-Encoding", "gzip"), nil},
		"another encoding":                   {"GET", retrywisetest.JSON(200, "text", "Content-Encoding", "br"), nil},
		"trailers":                           {"GET", withTrailer(200), nil},
		"trailers of a failure":              {"GET", withTrailer(422), nil},
		"a long success":                     {"GET", retrywisetest.JSON(200, long), nil},
		"a long failure":                     {"GET", retrywisetest.JSON(422, long), nil},
		"a success that is cut":              {"GET", retrywisetest.Cut(retrywisetest.JSON(200, "0123456789")), nil},
		"a success of JSON that is cut":      {"POST", retrywisetest.Cut(retrywisetest.JSON(200, `{"rows":[1,2,3]}`)), nil},
		"a failure that is cut":              {"POST", retrywisetest.Cut(retrywisetest.JSON(500, "0123456789")), nil},
		"headers of one name":                {"GET", retrywisetest.JSON(200, "x", "Set-Cookie", "a=1", "Set-Cookie", "b=2"), nil},
		"the end of the connection":          {"GET", retrywisetest.JSON(200, "x", "Connection", "close"), nil},
		"a body up to the connection's end":  {"GET", verbatim("HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nbody"), nil},
		"a failure up to that":               {"GET", verbatim("HTTP/1.0 404 Not Found\r\n\r\nbody"), nil},
		"a chunk that is none":               {"POST", verbatim("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), nil},
		"a chunk that is none, in a failure": {"POST", verbatim("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), nil},
		"no HTTP at all":                     {"POST", verbatim("hello\r\n\r\n"), nil},
		"no answer":                          {"POST", retrywisetest.Reset(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			sameAsNetHTTP(t, tt.answer, func(t *testing.T, hc *http.Client, base string) seen {
				return exchange(hc, newRequest(t, tt.method, base+"/items/7?q=1", "", tt.header...))
			})
		})
	}
}
