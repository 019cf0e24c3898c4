package retrywisetest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestBrokenAnswers(t *testing.T) {
	const jsonKind = "application/json"
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   got // as much as arrived
		err    error
	}{
		"reset":             {retrywisetest.Reset(), got{}, io.EOF},
		"cut":               {retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"42"}`)), got{200, jsonKind, `{"id"`[:5]}, io.ErrUnexpectedEOF},
		"cut in a failure":  {retrywisetest.Cut(retrywisetest.JSON(503, `down`)), got{503, jsonKind, `do`}, io.ErrUnexpectedEOF},
		"cut of one byte":   {retrywisetest.Cut(retrywisetest.JSON(200, `1`)), got{200, jsonKind, ``}, io.ErrUnexpectedEOF},
		"cut of empty body": {retrywisetest.Cut(retrywisetest.JSON(200, ``)), got{200, jsonKind, ``}, io.ErrUnexpectedEOF},
		"cut of another":    {retrywisetest.Cut(retrywisetest.Text(200, `abcd`)), got{200, "text/plain; charset=utf-8", `ab`}, io.ErrUnexpectedEOF},
		"cut of a 204":      {retrywisetest.Cut(retrywisetest.Status(204)), got{}, io.EOF},
		"cut of a 304":      {retrywisetest.Cut(retrywisetest.Status(304)), got{}, io.EOF},
		"cut of a reset":    {retrywisetest.Cut(retrywisetest.Reset()), got{}, io.EOF},
		"cut of a cut":      {retrywisetest.Cut(retrywisetest.Cut(retrywisetest.Text(200, `abcd`))), got{200, "text/plain; charset=utf-8", `a`}, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answer)
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

func TestCutOfAHeadRequestIsAReset(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, `{}`)))
		if g, err := do(t.Context(), srv, "HEAD", "/", ""); !errors.Is(err, io.EOF) {
			t.Errorf("answer %v, error %v; want EOF", g, err)
		}
	})
}

// A handler may send an informational status, flush, and leave out WriteHeader.
func TestCutOfAnyHandler(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Content-Type", "text/csv")
			w.Header().Set("Content-Length", "4")
			fmt.Fprint(w, "ab")
			w.(http.Flusher).Flush()
			w.WriteHeader(http.StatusTeapot) // too late
			fmt.Fprint(w, "cd")
		}))
		g, err := do(t.Context(), srv, "GET", "/", "")
		if diff := cmp.Diff(got{200, "text/csv", "ab"}, g); diff != "" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("error %v; answer (-want +got):\n%s", err, diff)
		}
	})
}

// net/http repeats a GET by itself if its connection had been used before, so
// the server sees one request more than the client sent.
func TestResetOfAUsedConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		method   string
		requests int
		conns    int
	}{
		"GET is repeated": {"GET", 3, 2},
		"PATCH is not":    {"PATCH", 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := []retrywisetest.Answer{retrywisetest.Status(200), retrywisetest.Reset(), retrywisetest.Status(200)}
				srv := retrywisetest.New(t, answers[:tt.requests]...)
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
