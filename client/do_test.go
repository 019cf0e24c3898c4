package client_test

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestDo(t *testing.T) {
	type result struct {
		Item    item
		Class   apierrors.Class
		Stop    apierrors.Stop
		Applied apierrors.Applied
	}
	for name, tt := range map[string]struct {
		method  string
		answers script
		want    result
	}{
		"an answer":             {"GET", script{retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"no content":            {"DELETE", script{retrywisetest.Status(204)}, result{}},
		"not modified":          {"GET", script{retrywisetest.Status(304)}, result{}},
		"an accepted failure":   {"DELETE", script{retrywisetest.JSON(404, `{"id":"7"}`, "X-Code", "GONE")}, result{}},
		"a read that is cut":    {"GET", script{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`)), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"an upsert that is cut": {"PATCH", script{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`)), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"a write that is cut":   {"POST", script{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`))}, result{Class: apierrors.MalformedResponse, Stop: apierrors.StopUnsafe, Applied: apierrors.AppliedYes}},
		"an answer of another type, each time": {
			"GET", script{retrywisetest.JSON(200, `{"id":7}`), retrywisetest.HTML(200), retrywisetest.JSON(200, `[]`), retrywisetest.JSON(200, `{"id":"7"}x`)},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopAttempts, Applied: apierrors.AppliedYes},
		},
		"a redirect that is no answer": {
			"GET", script{retrywisetest.HTML(302, "Location", "/login")},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopPermanent},
		},
		"a write that is redirected was not done": {
			"POST", script{retrywisetest.Status(308, "Location", "/elsewhere")},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo},
		},
		"an error inside a success": {
			"POST", script{retrywisetest.JSON(200, `{"id":"7"}`, "X-Code", "BAD")},
			result{Class: apierrors.Validation, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo},
		},
		"nothing is left of an answer that did not decode": {
			"DELETE", script{retrywisetest.JSON(200, `{"id":"half","size":"wrong"}`), retrywisetest.Status(404, "X-Code", "GONE")}, result{},
		},
		"a failure": {"GET", script{retrywisetest.Status(400, "X-Code", "BAD")}, result{Class: apierrors.Validation, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
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

func TestDoSendsTheCall(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
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

// What a Call sends for each kind of body, also when it is sent twice.
func TestDoSendsBodies(t *testing.T) {
	csv := http.Header{"Content-Type": {"text/csv"}}
	file := fileOf(t, "a,b", 0)
	for name, tt := range map[string]struct {
		body       any
		header     http.Header
		want, kind string
	}{
		"a struct":         {item{ID: "7"}, nil, `{"id":"7"}`, "application/json"},
		"raw JSON":         {json.RawMessage(`[1]`), nil, `[1]`, "application/json"},
		"a form":           {url.Values{"a": {"1"}, "b": {"x y"}}, nil, "a=1&b=x+y", "application/x-www-form-urlencoded"},
		"bytes":            {[]byte("a,b"), csv, "a,b", "text/csv"},
		"a text":           {"a,b", csv, "a,b", "text/csv"},
		"a reader":         {strings.NewReader("a,b"), csv, "a,b", "text/csv"},
		"a file":           {file, csv, "a,b", "text/csv"},
		"another type":     {item{ID: "7"}, http.Header{"content-type": {"application/merge-patch+json"}}, `{"id":"7"}`, "application/merge-patch+json"},
		"nothing":          {nil, nil, "", ""},
		"a nil in a field": {(*item)(nil), nil, "null", "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(204))
				c := newClient(t, srv, client.Config{})
				_, err := client.Do[item](t.Context(), c, client.Call{Method: "PUT", Path: "/items/7", Body: tt.body, Header: tt.header})
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range srv.Requests() {
					if string(r.Body) != tt.want || r.Header.Get("Content-Type") != tt.kind {
						t.Errorf("%q as %q; want %q as %q", r.Body, r.Header.Get("Content-Type"), tt.want, tt.kind)
					}
				}
			})
		})
	}
}

// A reader that can be read only once is sent once.
func TestDoSendsAStreamOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		_, err := client.Do[item](t.Context(), c, client.Call{
			Method: "PUT", Path: "/items/7", Body: io.MultiReader(strings.NewReader("a,b")), Header: http.Header{"Content-Type": {"text/csv"}},
		})
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent {
			t.Errorf("stop %v", e.Stop)
		}
	})
}

func TestDoRefusesMalformedCalls(t *testing.T) {
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

// A body of an unknown form needs a name: a CSV that is sent as JSON is refused by nobody
// and understood by nobody.
func TestDoRefusesABodyWithoutAType(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	for want, body := range map[string]any{
		"a body of type []uint8 needs a Content-Type in Header":         []byte("a,b"),
		"a body of type string needs a Content-Type in Header":          "a,b",
		"a body of type *strings.Reader needs a Content-Type in Header": strings.NewReader("a,b"),
	} {
		_, err := client.Do[item](t.Context(), c, client.Call{Method: "PUT", Path: "/items/7", Body: body})
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Summary != want {
			t.Errorf("%v; want %q", e, want)
		}
	}
}
