package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestDoResponse(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.Status(503), retrywisetest.JSON(201, `{"id":"7"}`, "Etag", `"v1"`),
			retrywisetest.Status(404, "X-Code", "GONE"), retrywisetest.Status(400, "X-Code", "BAD"))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		put, err := client.DoResponse[item](t.Context(), c, client.Call{Method: "PUT", Path: "/items/7"})
		if err != nil {
			t.Fatal(err)
		}
		want := client.Response[item]{Value: item{ID: "7"}, Status: 201, Attempts: []apierrors.Attempt{
			{Start: start, Status: 503, Class: apierrors.ServerError, Reason: "status 503"},
			{Start: start.Add(250 * time.Millisecond), Wait: 250 * time.Millisecond, Status: 201},
		}}
		if put.Header.Get("ETag") != `"v1"` {
			t.Errorf("header %v", put.Header)
		}
		put.Header = nil
		if diff := cmp.Diff(want, put); diff != "" {
			t.Errorf("response (-want +got):\n%s", diff)
		}
		gone, err := client.DoResponse[item](t.Context(), c, client.Call{Method: "DELETE", Path: "/items/7"})
		if err != nil || !gone.Accepted || gone.Status != 404 || gone.Value != (item{}) {
			t.Errorf("%+v, %v", gone, err)
		}
		bad, err := client.DoResponse[item](t.Context(), c, client.Call{Method: "PUT", Path: "/items/7"})
		if diff := cmp.Diff(client.Response[item]{}, bad); diff != "" || !errors.Is(err, apierrors.Validation) {
			t.Errorf("%v, and beside it:\n%s", err, diff)
		}
	})
}

// What a Call sends for each kind of body, also when it is sent twice.
func TestDoSendsBodies(t *testing.T) {
	csv := http.Header{"Content-Type": {"text/csv"}}
	name := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(name, []byte("a,b"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
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

// Where a link of a response leads, by RFC 3986, from /v1/items below http://vendor.test/v1.
func TestDoFollowsLinks(t *testing.T) {
	for link, want := range map[string]string{
		"http://vendor.test/v1/items?page=2": "/v1/items?page=2",
		"/v1/items?page=2":                   "/v1/items?page=2",
		"?page=2":                            "/v1/items?page=2",
		"items/next":                         "/v1/items/next",
		"http://VENDOR.test:80/v2/rest":      "/v2/rest",
		"https://vendor.test/v1/items":       "",
		"http://other.test/v1/items":         "",
		"//other.test/v1/items":              "",
		"http://u:p@vendor.test/v1/items":    "",
		"http://vendor.test/%zz":             "",
		"mailto:a@b.c":                       "",
	} {
		var sent string
		c := dropIn(t, client.Config{BaseURL: "http://vendor.test/v1", Transport: wire(func(r *http.Request) (*http.Response, error) {
			sent = r.URL.RequestURI()
			return okWire(r)
		})})
		_, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/items", Link: link})
		if sent != want || (err == nil) != (want != "") {
			t.Errorf("%s: sent to %q, %v; want %q", link, sent, err, want)
		}
	}
	c := dropIn(t, client.Config{Transport: silent{}})
	for _, call := range []client.Call{
		{Path: "/items", Link: "?page=2"}, // of nothing
		{Path: "/items", Link: "?page=2", Query: url.Values{"page": {"1"}}},
	} {
		_, err := client.Do[struct{}](t.Context(), c, call)
		if e := failure(t, err); e.Class != apierrors.MalformedRequest {
			t.Errorf("%+v: %v", call, err)
		}
	}
}

// A call's own timeout replaces the policy's.
func TestCallOptionsTimeout(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{Timeout: 3 * time.Second})
		if e := failure(t, err); e.Class != apierrors.Timeout || time.Since(start) != 3*time.Second {
			t.Errorf("class %v after %v", e.Class, time.Since(start))
		}
	})
}

// A typed response has to be whole within the attempt's timeout, however it trickles in.
func TestDoEndsAResponseThatTrickles(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Second) // virtual
			}
		}))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		_, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7", Options: client.CallOptions{MaxAttempts: 1}})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("class %v after %v: %v", e.Class, time.Since(start), e.Err)
		}
	})
}

// As net/http does, the userinfo of a URL becomes basic authentication, on each attempt.
func TestSendPutsUserinfoIntoTheHeader(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(200), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		if _, err := send(t.Context(), t, c, "GET", "http://u:p@vendor.test/items", ""); err != nil {
			t.Fatal(err)
		}
		req := newRequest(t, "GET", "http://u:p@vendor.test/items", "", "Authorization", "Bearer mine")
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, r.Header.Get("Authorization"))
		}
		if diff := cmp.Diff([]string{"Basic dTpw", "Basic dTpw", "Bearer mine"}, got); diff != "" {
			t.Errorf("Authorization (-want +got):\n%s", diff)
		}
	})
}
