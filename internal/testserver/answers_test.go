package testserver_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
)

func TestAnswers(t *testing.T) {
	const page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
	for name, tt := range map[string]struct {
		answer     testserver.Answer
		want       got
		retryAfter string
	}{
		"status":             {testserver.Status(429, "Retry-After", "7"), got{Status: 429}, "7"},
		"json":               {testserver.JSON(200, `{"a":1}`), got{200, "application/json", `{"a":1}`}, ""},
		"json with a header": {testserver.JSON(503, `{}`, "X-Id", "1", "Retry-After", "3"), got{503, "application/json", `{}`}, "3"},
		"html":               {testserver.HTML(502, "Retry-After", "5"), got{502, "text/html", page}, "5"},
		"text":               {testserver.Text(400, "no"), got{400, "text/plain; charset=utf-8", "no"}, ""},
		"own function":       {testserver.After(0, testserver.Status(204)), got{Status: 204}, ""},
		"half a header":      {testserver.Status(200, "X-Id"), got{500, "text/plain; charset=utf-8", `testserver: header key "X-Id" has no value`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, tt.answer)
				resp, err := open(t.Context(), srv, "GET", "/", "")
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				g := got{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if h := resp.Header.Get("Retry-After"); h != tt.retryAfter {
					t.Errorf("Retry-After %q; want %q", h, tt.retryAfter)
				}
			})
		})
	}
}

func TestBrokenAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		answer testserver.Answer
		want   got // as far as it came
		err    error
	}{
		"reset":             {testserver.Reset(), got{}, io.EOF},
		"cut":               {testserver.Cut(200, `{"id":"42"}`), got{200, "application/json", `{"id"`[:5]}, io.ErrUnexpectedEOF},
		"cut in a failure":  {testserver.Cut(503, `down`), got{503, "application/json", `do`}, io.ErrUnexpectedEOF},
		"cut of one byte":   {testserver.Cut(200, `1`), got{200, "application/json", ``}, io.ErrUnexpectedEOF},
		"cut of empty body": {testserver.Cut(200, ``), got{200, "application/json", ``}, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, tt.answer)
				g, err := do(t.Context(), srv, "POST", "/", "x")
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v; want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// net/http repeats a request by itself if it is a GET and its connection had
// been used before. Whoever counts requests has to know.
func TestResetOfUsedConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		method   string
		requests int
		conns    int
	}{
		"GET is sent again": {"GET", 3, 2},
		"PATCH is not":      {"PATCH", 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := []testserver.Answer{testserver.Status(200), testserver.Reset(), testserver.Status(200)}
				srv := testserver.New(t, answers[:tt.requests]...)
				mustDo(t, srv, tt.method, "/", "")
				_, err := do(t.Context(), srv, tt.method, "/", "")
				if failed := tt.requests == 2; failed != (err != nil) {
					t.Errorf("error %v", err)
				}
				if n := len(srv.Requests()); n != tt.requests {
					t.Errorf("%d requests; want %d", n, tt.requests)
				}
				if n := srv.Conns(); n != tt.conns {
					t.Errorf("%d connections; want %d", n, tt.conns)
				}
			})
		})
	}
}
