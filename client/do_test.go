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

// What Do returns for each kind of response.
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
		"success":          {"GET", script{retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"no content":       {"DELETE", script{retrywisetest.Status(204)}, result{}},
		"not modified":     {"GET", script{retrywisetest.Status(304)}, result{}},
		"accepted failure": {"DELETE", script{retrywisetest.JSON(404, `{"id":"7"}`, "X-Code", "GONE")}, result{}},
		"truncated GET":    {"GET", script{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`)), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"truncated PATCH":  {"PATCH", script{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`)), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"truncated POST":   {"POST", script{retrywisetest.Cut(retrywisetest.JSON(200, `{"id":"7"}`))}, result{Class: apierrors.MalformedResponse, Stop: apierrors.StopUnsafe, Applied: apierrors.AppliedYes}},
		"documents that are not whole": {
			"GET", script{retrywisetest.JSON(200, `{"id":`), retrywisetest.HTML(200), retrywisetest.JSON(200, ``), retrywisetest.JSON(200, `{"id":"7"}x`)},
			result{Class: apierrors.MalformedResponse, Stop: apierrors.StopAttempts, Applied: apierrors.AppliedYes},
		},
		"redirect to a page": {
			"GET", script{retrywisetest.HTML(302, "Location", "/login"), retrywisetest.HTML(200), retrywisetest.JSON(200, `{"id":"7"}`)},
			result{Item: item{ID: "7"}},
		},
		"redirect without a Location": {
			"GET", script{retrywisetest.Status(302)},
			result{Class: apierrors.Unsupported, Stop: apierrors.StopPermanent},
		},
		"redirect of a POST": {
			"POST", script{retrywisetest.Status(308, "Location", "http://elsewhere.test/")},
			result{Class: apierrors.Unsupported, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo},
		},
		"error in a success": {
			"POST", script{retrywisetest.JSON(200, `{"id":"7"}`, "X-Code", "BAD")},
			result{Class: apierrors.Validation, Stop: apierrors.StopPermanent},
		},
		"conflict inside a success of a POST":   {"POST", script{retrywisetest.JSON(200, `[{"id":"7"},{}]`, "X-Code", "RACE")}, result{Class: apierrors.Conflict, Stop: apierrors.StopUnsafe}},
		"conflict inside a 207 of a POST":       {"POST", script{retrywisetest.JSON(207, `[{"id":"7"},{}]`, "X-Code", "RACE")}, result{Class: apierrors.Conflict, Stop: apierrors.StopUnsafe}},
		"rate limit inside a success of a POST": {"POST", script{retrywisetest.JSON(200, `[{"id":"7"},{}]`, "X-Code", "SLOW")}, result{Class: apierrors.RateLimited, Stop: apierrors.StopUnsafe}},
		"conflict inside a success of a PUT":    {"PUT", script{retrywisetest.JSON(200, `[]`, "X-Code", "RACE"), retrywisetest.JSON(200, `{"id":"7"}`)}, result{Item: item{ID: "7"}}},
		"accepted failure after a success that does not decode": {
			"DELETE", script{retrywisetest.JSON(200, `{"id":"half"`), retrywisetest.Status(404, "X-Code", "GONE")}, result{},
		},
		"failure": {"GET", script{retrywisetest.Status(400, "X-Code", "BAD")}, result{Class: apierrors.Validation, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo}},
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
					t.Errorf("result (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The request that Do makes of a Call.
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
			t.Errorf("request (-want +got):\n%s", diff)
		}
		if second := srv.Requests()[1]; second.Method != "GET" || second.Path != "/v1/items" || len(second.Body) != 0 || second.Header.Get("Content-Type") != "" {
			t.Errorf("a Call with a path alone was sent as %+v; want a GET of /v1/items without a body", second)
		}
	})
}

// What is sent for each type of body, in the first attempt and in a retry.
func TestDoSendsBodies(t *testing.T) {
	csv := http.Header{"Content-Type": {"text/csv"}}
	file := fileOf(t, "a,b", 0)
	for name, tt := range map[string]struct {
		body       any
		header     http.Header
		want, kind string
	}{
		"struct":           {item{ID: "7"}, nil, `{"id":"7"}`, "application/json"},
		"raw JSON":         {json.RawMessage(`[1]`), nil, `[1]`, "application/json"},
		"form":             {url.Values{"a": {"1"}, "b": {"x y"}}, nil, "a=1&b=x+y", "application/x-www-form-urlencoded"},
		"bytes":            {[]byte("a,b"), csv, "a,b", "text/csv"},
		"string":           {"a,b", csv, "a,b", "text/csv"},
		"reader":           {strings.NewReader("a,b"), csv, "a,b", "text/csv"},
		"file":             {file, csv, "a,b", "text/csv"},
		"own Content-Type": {item{ID: "7"}, http.Header{"content-type": {"application/merge-patch+json"}}, `{"id":"7"}`, "application/merge-patch+json"},
		"nil":              {nil, nil, "", ""},
		"nil pointer":      {(*item)(nil), nil, "null", "application/json"},
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
						t.Errorf("sent %q as %q; want %q as %q", r.Body, r.Header.Get("Content-Type"), tt.want, tt.kind)
					}
				}
			})
		})
	}
}

// A reader that can be read only once is not retried.
func TestDoSendsAStreamOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		_, err := client.Do[item](t.Context(), c, client.Call{
			Method: "PUT", Path: "/items/7", Body: io.MultiReader(strings.NewReader("a,b")), Header: http.Header{"Content-Type": {"text/csv"}},
		})
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent {
			t.Errorf("stop %v; want body_spent", e.Stop)
		}
	})
}

// A Call that cannot be sent is malformed, and not applied.
func TestDoRefusesMalformedCalls(t *testing.T) {
	c, err := client.New(client.Config{BaseURL: "https://vendor.test"})
	if err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]client.Call{
		"body that is not JSON":   {Method: "POST", Path: "/items", Body: math.Inf(1)},
		"query in the path":       {Path: "/items?x=1"},
		"another host":            {Path: "https://elsewhere.test/items"},
		"another host, no scheme": {Path: "//elsewhere.test/items"},
		"dots in the path":        {Method: "DELETE", Path: "/items/.."},
		"escaped dots":            {Method: "DELETE", Path: "/items/%2e%2E"},
		"scheme in the path":      {Path: "items:batch"},
		"Accept-Encoding":         {Path: "/items", Header: http.Header{"Accept-Encoding": {"gzip"}}},
		"malformed method":        {Method: "B AD", Path: "/items"},
		"malformed path":          {Path: "/items/%zz"},
	} {
		_, err := client.Do[item](t.Context(), c, call)
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Summary == "" || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: got %v, applied %v; want malformed_request with a summary, no", name, err, e.Applied)
		}
	}
}

// A nil Client, a nil context and a nil request are malformed, and do not panic.
func TestDoRefusesNil(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	for name, call := range map[string]func() error{
		"Client":  func() error { _, err := client.Do[item](t.Context(), nil, client.Call{Path: "/items"}); return err },
		"context": func() error { _, err := client.Do[item](nil, c, client.Call{Path: "/items"}); return err }, //nolint:staticcheck // the case under test
		"request": func() error { _, err := sendRequest(t, c.Send, nil); return err },
	} {
		if e := failure(t, call()); e.Class != apierrors.MalformedRequest || e.Applied != apierrors.AppliedNo || !strings.Contains(e.Summary, "nil") {
			t.Errorf("%s: %v, applied %v; want malformed_request with the reason, no", name, e, e.Applied)
		}
	}
}

// A body whose content type is not known from its Go type needs a Content-Type.
func TestDoRefusesABodyWithoutAType(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	for want, body := range map[string]any{
		"a body of type []uint8 needs a Content-Type in Header":         []byte("a,b"),
		"a body of type string needs a Content-Type in Header":          "a,b",
		"a body of type *strings.Reader needs a Content-Type in Header": strings.NewReader("a,b"),
	} {
		_, err := client.Do[item](t.Context(), c, client.Call{Method: "PUT", Path: "/items/7", Body: body})
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Summary != want {
			t.Errorf("got %v; want %q", e, want)
		}
	}
}
