package client_test

import (
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

// The beginning of a success is searched for an error. Without one, the caller reads it
// whole.
func TestErrorIn2xxOfAStream(t *testing.T) {
	long := `{"rows":"` + strings.Repeat("x", 10_000) + `"}`
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		want   string // "": an error
	}{
		"error":              {retrywisetest.JSON(200, `{"Error":1}`, "X-Code", "BAD"), ""},
		"accepted error":     {retrywisetest.JSON(200, `{"Error":2}`, "X-Code", "EMPTY"), `{"Error":2}`},
		"short success":      {retrywisetest.JSON(200, `{"id":"7"}`), `{"id":"7"}`},
		"long success":       {retrywisetest.JSON(200, long), long},
		"text":               {retrywisetest.Text(200, "a,b\n1,2\n"), "a,b\n1,2\n"},
		"empty success":      {retrywisetest.Status(200), ""},
		"error that is long": {retrywisetest.JSON(200, long, "X-Code", "BAD"), long},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answer)
				c := newClient(t, srv, client.Config{})
				resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
				if err != nil {
					if e := failure(t, err); tt.want != "" || e.Class != apierrors.Validation {
						t.Errorf("got %v; want validation if an error is expected", err)
					}
					return
				}
				got, err := io.ReadAll(resp.Body)
				if string(got) != tt.want || err != nil {
					t.Errorf("read %d bytes, error %v; want %d bytes", len(got), err, len(tt.want))
				}
			})
		})
	}
}

// An error is found in JSON and XML, in whatever pieces it arrives. Anything else is not
// read to its end.
func TestErrorIn2xxFormats(t *testing.T) {
	for name, tt := range map[string]struct {
		pieces []string
		class  apierrors.Class
	}{
		"JSON object":           {[]string{`{"a"`, `:1}`}, apierrors.Validation},
		"JSON array":            {[]string{`[`, `]`}, apierrors.Validation},
		"XML":                   {[]string{`<a>`, `</a>`}, apierrors.Validation},
		"after byte order mark": {[]string{"\xef\xbb\xbf", `{}`}, apierrors.Validation},
		"after space":           {[]string{" \r\n\t", `{}`}, apierrors.Validation},
		"text":                  {[]string{"rows", "rows"}, apierrors.None},
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

// The vendor's data says how much of a stream is searched.
func TestErrorIn2xxWithinTheVendorsBound(t *testing.T) {
	for length, want := range map[int]apierrors.Class{5_000: apierrors.Validation, 20_000: apierrors.None} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			answer := retrywisetest.JSON(200, `{"rows":"`+strings.Repeat("x", length)+`","error":1}`)
			srv := retrywisetest.New(t, answer, answer)
			c := newClient(t, srv, client.Config{Vendor: farsighted{inBody{shop{shopPolicy(t)}}}})
			_, err := send(t.Context(), t, c, "GET", "/items", "")
			if got := apierrors.ClassOf(err); got != want {
				t.Errorf("an error after %d bytes: class %v; want %v", length, got, want)
			}
			resp, err := get(t, c.HTTP(), srv.URL()+"/items")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := apierrors.ClassOf(c.Check(resp)); got != want {
				t.Errorf("through HTTP, after %d bytes: class %v; want %v", length, got, want)
			}
		})
	}
}

// An error is found in gzip, if the caller asked for that.
func TestErrorIn2xxInGzip(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, zipped(`{"error":"no"}`))
			_ = http.NewResponseController(w).Flush()
		}))
		c := newClient(t, srv, client.Config{Vendor: inBody{shop{shopPolicy(t)}}})
		req := newRequest(t, http.MethodPost, "/items", "")
		req.Header.Set("Accept-Encoding", "gzip")
		_, err := sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Code != "BAD" || e.Status != 200 {
			t.Errorf("status %d, code %q; want 200, BAD", e.Status, e.Code)
		}
	})
}

// A success whose beginning breaks off is a failure.
func TestErrorIn2xxBreaksOff(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, `{"rows":[1,2,3]}`)))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/export", "", client.CallOptions{MaxWait: new(time.Duration(1))})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("class %v, applied %v, error %v; want malformed_response, yes, unexpected EOF", e.Class, e.Applied, e.Err)
		}
	})
}

// A redirect is not searched for an error.
func TestErrorIn2xxNotInARedirect(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(300, `{}`, "X-Code", "BAD"))
		if status, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items/7", ""); status != 300 || err != nil {
			t.Errorf("got status %d, error %v; want 300", status, err)
		}
	})
}

// A POST whose 2xx holds an error is one request, though the class of the code is one that is
// repeated after a 4xx.
func TestErrorIn2xxIsNotRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		status   int
		code     string
		requests int
	}{
		"conflict, 200":     {200, "RACE", 1},
		"conflict, 207":     {207, "RACE", 1},
		"rate_limited, 200": {200, "SLOW", 1},
		"rate_limited, 207": {207, "SLOW", 1},
		"conflict, 409":     {409, "RACE", 2},
		"rate_limited, 429": {429, "SLOW", 2},
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, script{retrywisetest.Status(tt.status, "X-Code", tt.code), retrywisetest.Status(201)}[:tt.requests]...)
			_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "POST", "/items", "x")
			if got := len(srv.Requests()); got != tt.requests {
				t.Errorf("%s: %d requests; want %d", name, got, tt.requests)
			}
			if tt.requests == 1 && failure(t, err).Applied != apierrors.AppliedUnknown {
				t.Errorf("%s: %v; want applied: unknown", name, err)
			}
		})
	}
}
