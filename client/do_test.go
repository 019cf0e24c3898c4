package client_test

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

type item struct {
	ID   string `json:"id"`
	Size int    `json:"size,omitempty"`
}

func TestDo(t *testing.T) {
	type result struct {
		Item    item
		Class   apierrors.Class
		Stop    apierrors.Stop
		Applied apierrors.Applied
	}
	for name, tt := range map[string]struct {
		method  string
		answers []retrywisetest.Answer
		want    result
	}{
		"an answer":             {"GET", []retrywisetest.Answer{retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"no content":            {"DELETE", []retrywisetest.Answer{retrywisetest.Status(204)}, result{}},
		"not modified":          {"GET", []retrywisetest.Answer{retrywisetest.Status(304)}, result{}},
		"an accepted failure":   {"DELETE", []retrywisetest.Answer{retrywisetest.JSON(404, `{"id":"7"}`, "X-Code", "GONE")}, result{}},
		"a read that is cut":    {"GET", []retrywisetest.Answer{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`)), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"an upsert that is cut": {"PATCH", []retrywisetest.Answer{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`)), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"a write that is cut":   {"POST", []retrywisetest.Answer{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`))}, result{Class: apierrors.MalformedResponse, Stop: apierrors.StopUnsafe, Applied: apierrors.AppliedYes}},
		"an answer of another type, each time": {
			"GET", []retrywisetest.Answer{retrywisetest.JSON(200, `{"id":7}`), retrywisetest.HTML(200), retrywisetest.JSON(200, `[]`), retrywisetest.JSON(200, `{"id":"7"}x`)},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopAttempts, Applied: apierrors.AppliedYes},
		},
		"a redirect that is no answer": {
			"GET", []retrywisetest.Answer{retrywisetest.HTML(302, "Location", "/login")},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopPermanent},
		},
		"a write that is redirected was not done": {
			"POST", []retrywisetest.Answer{retrywisetest.Status(308, "Location", "/elsewhere")},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo},
		},
		"an error inside a success": {
			"POST", []retrywisetest.Answer{retrywisetest.JSON(200, `{"id":"7"}`, "X-Code", "BAD")},
			result{Class: apierrors.Validation, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo},
		},
		"nothing is left of an answer that did not decode": {
			"DELETE", []retrywisetest.Answer{retrywisetest.JSON(200, `{"id":"half","size":"wrong"}`), retrywisetest.Status(404, "X-Code", "GONE")}, result{},
		},
		"a failure": {"GET", []retrywisetest.Answer{retrywisetest.Status(400, "X-Code", "BAD")}, result{Class: apierrors.Validation, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				got, err := client.Do[item](t.Context(), c, client.Call{Method: tt.method, Path: "/items/7", Body: item{Size: 3}})
				out := result{Item: got, Class: apierrors.ClassOf(err)}
				if err != nil {
					out.Stop, out.Applied = failure(t, err).Stop, failure(t, err).Applied
				}
				if diff := cmp.Diff(tt.want, out); diff != "" {
					t.Errorf("mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestDoSendsWhatItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(200, `{}`), retrywisetest.JSON(200, `{}`))
		c := newClient(t, srv, client.Config{BaseURL: srv.URL() + "/v1"})
		_, err := client.Do[item](t.Context(), c, client.Call{
			Method: "POST", Path: "/items/" + url.PathEscape("a/b c"), Query: url.Values{"dry": {"yes"}},
			Header: http.Header{"x-trace": {"t"}}, Body: item{ID: "7"}, Options: client.CallOptions{IdempotencyKey: "k-1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Do[item](t.Context(), c, client.Call{Path: "items"}); err != nil {
			t.Fatal(err)
		}
		r := srv.Requests()[0]
		got := map[string]string{
			"method": r.Method, "path": r.Path, "query": r.Query, "body": string(r.Body), "accept": r.Header.Get("Accept"),
			"type": r.Header.Get("Content-Type"), "trace": r.Header.Get("X-Trace"), "key": r.Header.Get("Idempotency-Key"),
		}
		want := map[string]string{
			"method": "POST", "path": "/v1/items/a%2Fb%20c", "query": "dry=yes", "body": `{"id":"7"}`, "accept": "application/json",
			"type": "application/json", "trace": "t", "key": "k-1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request mismatch (-want +got):\n%s", diff)
		}
		if second := srv.Requests()[1]; second.Method != "GET" || second.Path != "/v1/items" || len(second.Body) != 0 || second.Header.Get("Content-Type") != "" {
			t.Errorf("a call with a path alone was sent as %+v", second)
		}
	})
}

func TestDoRefusesWhatCannotBeSent(t *testing.T) {
	c, err := client.New(client.Config{BaseURL: "https://vendor.test"})
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]client.Call{
		"a body that is no JSON": {Method: "POST", Path: "/items", Body: math.Inf(1)},
		"a query in the path":    {Path: "/items?x=1"},
		"another host":           {Path: "https://elsewhere.test/items"},
		"another host, shortly":  {Path: "//elsewhere.test/items"},
		"a way out":              {Method: "DELETE", Path: "/items/.."},
		"a way out, escaped":     {Method: "DELETE", Path: "/items/%2e%2E"},
		"a word before a colon":  {Path: "items:batch"},
		"its own encoding":       {Path: "/items", Header: http.Header{"Accept-Encoding": {"gzip"}}},
		"a malformed method":     {Method: "B AD", Path: "/items"},
		"a malformed path":       {Path: "/items/%zz"},
	} {
		_, err := client.Do[item](t.Context(), c, call)
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Summary == "" || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACutStreamIsTheCallersToSee(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, "a long export")))
		c := newClient(t, srv, client.Config{})
		req, resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if resp.Request != req {
			t.Error("resp.Request is not the caller's")
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("reading = %v; want an unexpected EOF", err)
		}
	})
}

// An answer that is too long for Do is fetched once.
func TestAnAnswerThatIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetched := 0
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			fetched++
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.LimitReader(blanks{}, 33<<20))}, nil
		}, client.Config{})
		_, err := client.Do[item](t.Context(), c, client.Call{Path: "/items"})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || fetched != 1 {
			t.Errorf("class %v, fetched %d times", e.Class, fetched)
		}
	})
}

// blanks reads as spaces without end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A stream is looked at for an error, and handed on whole if it holds none.
func TestAnErrorInsideAStream(t *testing.T) {
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
			synctest.Test(t, func(t *testing.T) {
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
