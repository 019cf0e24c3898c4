package client_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// gzipped returns text in gzip, which the client did not ask for.
func gzipped(text string) retrywisetest.Answer {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return retrywisetest.JSON(200, packed.String(), "Content-Encoding", "x-gzip")
}

// Do reads a success as it reads an error: without a byte order mark and content coding.
func TestDoReadsWhatTheBodySays(t *testing.T) {
	for name, answer := range map[string]retrywisetest.Answer{
		"byte order mark": retrywisetest.JSON(200, "\xef\xbb\xbf"+`{"id":"7"}`),
		"gzip":            gzipped(`{"id":"7"}`),
		"Latin-1":         retrywisetest.Text(200, `{"id":"7"}`, "Content-Type", "application/json; charset=iso-8859-1"),
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			c := newClient(t, retrywisetest.New(t, answer), client.Config{})
			if got, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7"}); got.ID != "7" || err != nil {
				t.Errorf("%s: got %+v, error %v; want item 7", name, got, err)
			}
		})
	}
}

// A whole document of another type is the same the next time: one request is made. The error
// says what does not fit, but not what the response holds.
func TestDoOfAnotherType(t *testing.T) {
	type count struct {
		Rows struct{ N int8 }
	}
	for body, want := range map[string]string{
		`{"Rows":{"N":"12"}}`: "shop GET /items: malformed_response (200): expected int8; got string; fields Rows.N; applied: yes",
		`{"Rows":{"N":1234}}`: "shop GET /items: malformed_response (200): expected int8; got number; fields Rows.N; applied: yes",
		`[1]`:                 "shop GET /items: malformed_response (200): expected client_test.count; got array; applied: yes",
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.JSON(200, body))
			_, err := client.Do[count](t.Context(), newClient(t, srv, client.Config{}), client.Call{Path: "/items"})
			e := failure(t, err)
			if got := strings.Replace(err.Error(), "http://vendor.test", "", 1); got != want || e.Action != apierrors.Surface {
				t.Errorf("action %v, error\n%s; want surface,\n%s", e.Action, got, want)
			}
		})
	}
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(200, `{"Rows":[]}`))
		_, err := client.Do[count](t.Context(), newClient(t, srv, client.Config{}), client.Call{Method: "POST", Path: "/items"})
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe || e.Applied != apierrors.AppliedYes {
			t.Errorf("of a POST: stop %v, applied %v; want unsafe, yes", e.Stop, e.Applied)
		}
	})
}

// A malformed trailer is the same the next time as well.
func TestDoOfAMalformedTrailer(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, out, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			_, _ = out.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n2\r\n{}\r\n0\r\nmalformed\r\n\r\n")
			_ = out.Flush()
		}))
		_, err := client.Do[item](t.Context(), newClient(t, srv, client.Config{}), client.Call{Path: "/items"})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || len(e.Attempts) != 1 {
			t.Errorf("class %v after %d attempts: %v; want malformed_response after 1", e.Class, len(e.Attempts), e.Err)
		}
	})
}

// A failure to decode does not spend the retry budget that calls share.
func TestDoOfAnotherTypeSpendsNoBudget(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		answers := bytes.Repeat([]byte("x"), 20)
		var all script
		for range answers {
			all = append(all, retrywisetest.JSON(200, `[]`))
		}
		c := newClient(t, retrywisetest.New(t, append(all, retrywisetest.Status(503), retrywisetest.JSON(200, `{"id":"7"}`))...), client.Config{})
		for range answers {
			_, _ = client.Do[item](t.Context(), c, client.Call{Path: "/items"})
		}
		if got, err := client.Do[item](t.Context(), c, client.Call{Path: "/items"}); got.ID != "7" || err != nil {
			t.Errorf("after them: got %+v, error %v; want a retry", got, err)
		}
	})
}

// An empty body is a value where none is due.
func TestDoOfAnEmptyBody(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := newClient(t, retrywisetest.Handle(t, retrywisetest.Status(200)), client.Config{})
		once := client.CallOptions{MaxAttempts: 1}
		_, err := client.Do[item](t.Context(), c, client.Call{Path: "/items", Options: once})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || e.Summary != "the response has no body" {
			t.Errorf("of a GET: class %v, summary %q; want malformed_response", e.Class, e.Summary)
		}
		if _, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/items", Options: once}); err != nil {
			t.Errorf("of a GET whose value is struct{}: %v", err)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "HEAD"} {
			if got, err := client.Do[item](t.Context(), c, client.Call{Method: method, Path: "/items", Options: once}); got != (item{}) || err != nil {
				t.Errorf("of a %s: got %+v, error %v; want a zero value", method, got, err)
			}
		}
	})
	for _, status := range []int{204, 205} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			c := newClient(t, retrywisetest.New(t, retrywisetest.Status(status)), client.Config{})
			if got, err := client.Do[item](t.Context(), c, client.Call{Path: "/items"}); got != (item{}) || err != nil {
				t.Errorf("of a GET with %d: got %+v, error %v; want a zero value", status, got, err)
			}
		})
	}
}

// An HTML page in place of a response may come from a proxy, and proves nothing.
func TestDoOfAnHTMLPage(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(http.StatusOK))
		_, err := client.Do[item](t.Context(), newClient(t, srv, client.Config{}), client.Call{Method: "POST", Path: "/purchases", Body: item{ID: "7"}})
		e := failure(t, err)
		got := []any{e.Class, e.Stop, e.Applied, e.Summary}
		want := []any{apierrors.MalformedResponse, apierrors.StopUnsafe, apierrors.AppliedUnknown, "the response is an HTML page"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("class, stop, applied, summary (-want +got):\n%s", diff)
		}
	})
}
