package client_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A stream is looked at for an error, and handed on whole if it holds none.
func TestErrorIn2xxOfAStream(t *testing.T) {
	long := `{"rows":"` + strings.Repeat("x", 10_000) + `"}`
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   string // "": an error
	}{
		"an error":              {retrywisetest.JSON(200, `{"Error":1}`, "X-Code", "BAD"), ""},
		"an accepted one":       {retrywisetest.JSON(200, `{"Error":2}`, "X-Code", "EMPTY"), `{"Error":2}`},
		"a short one":           {retrywisetest.JSON(200, `{"id":"7"}`), `{"id":"7"}`},
		"a long one":            {retrywisetest.JSON(200, long), long},
		"no document":           {retrywisetest.Text(200, "a,b\n1,2\n"), "a,b\n1,2\n"},
		"an empty one":          {retrywisetest.Status(200), ""},
		"too long for an error": {retrywisetest.JSON(200, long, "X-Code", "BAD"), long},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answer)
				c := newClient(t, srv, client.Config{})
				_, resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
				if err != nil {
					if e := failure(t, err); tt.want != "" || e.Class != apierrors.Validation {
						t.Errorf("%v", err)
					}
					return
				}
				got, err := io.ReadAll(resp.Body)
				if string(got) != tt.want || err != nil {
					t.Errorf("read %d bytes, %v; want %d", len(got), err, len(tt.want))
				}
			})
		})
	}
}

// An error in a success is seen in either format, also if it comes in pieces; what is
// neither is handed on as it begins.
func TestErrorIn2xxFormats(t *testing.T) {
	for name, tt := range map[string]struct {
		pieces []string
		class  apierrors.Class
	}{
		"JSON":                    {[]string{`{"a"`, `:1}`}, apierrors.Validation},
		"a list":                  {[]string{`[`, `]`}, apierrors.Validation},
		"XML":                     {[]string{`<a>`, `</a>`}, apierrors.Validation},
		"after a byte order mark": {[]string{"\xef\xbb\xbf", `{}`}, apierrors.Validation},
		"after space":             {[]string{" \r\n\t", `{}`}, apierrors.Validation},
		"text":                    {[]string{"rows", "rows"}, apierrors.None},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answer := pieces(200, time.Millisecond, tt.pieces...)
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Code", "BAD")
					answer(w, r)
				}))
				_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "POST", "/items", "")
				if got := apierrors.ClassOf(err); got != tt.class {
					t.Errorf("class %v; want %v", got, tt.class)
				}
			})
		})
	}
}

// An error inside a 2xx is seen through the gzip that the caller asked for.
func TestErrorIn2xxInGzip(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte(`{"error":"no"}`))
			_ = z.Close()
			_ = http.NewResponseController(w).Flush()
		}))
		c := newClient(t, srv, client.Config{Vendor: inBody{shop{shopPolicy(t)}}})
		req := newRequest(t, http.MethodPost, "/items", "")
		req.Header.Set("Accept-Encoding", "gzip")
		_, err := sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Code != "BAD" || e.Status != 200 {
			t.Errorf("status %d, code %q", e.Status, e.Code)
		}
	})
}

// A success that breaks off while it is looked at is none.
func TestErrorIn2xxBreaksOff(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, `{"rows":[1,2,3]}`)))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/export", "", client.CallOptions{MaxWait: new(time.Duration(1))})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("class %v, applied %v: %v", e.Class, e.Applied, e.Err)
		}
	})
}

// A redirect is no success that could hold an error.
func TestErrorIn2xxNotInARedirect(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(307, `{}`, "Location", "/b", "X-Code", "BAD"))
		if status, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "PUT", "/items/7", "x"); status != 307 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
	})
}
