package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// DoResponse returns status, headers and attempts beside the value.
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
			{Start: start, Status: 503, Class: apierrors.ServerError, Rule: "status 503"},
			{Start: start.Add(250 * time.Millisecond), Wait: 250 * time.Millisecond, Status: 201},
		}}
		if put.Header.Get("ETag") != `"v1"` {
			t.Errorf("header %v; want ETag \"v1\"", put.Header)
		}
		put.Header = nil
		if diff := cmp.Diff(want, put); diff != "" {
			t.Errorf("response (-want +got):\n%s", diff)
		}
		gone, err := client.DoResponse[item](t.Context(), c, client.Call{Method: "DELETE", Path: "/items/7"})
		if err != nil || !gone.Accepted || gone.Status != 404 || gone.Value != (item{}) {
			t.Errorf("of an accepted failure: %+v, error %v; want Accepted, 404 and no value", gone, err)
		}
		bad, err := client.DoResponse[item](t.Context(), c, client.Call{Method: "PUT", Path: "/items/7"})
		if diff := cmp.Diff(client.Response[item]{}, bad); diff != "" || !errors.Is(err, apierrors.Validation) {
			t.Errorf("of a failure: error %v, want validation; response beside it:\n%s", err, diff)
		}
	})
}

// A link of a response is resolved by RFC 3986 against http://vendor.test/v1/items. One to
// another origin is refused.
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
		c := newClientOf(t, client.Config{BaseURL: "http://vendor.test/v1", Transport: wire(func(r *http.Request) (*http.Response, error) {
			sent = r.URL.RequestURI()
			return okWire(r)
		})})
		_, err := client.Do[struct{}](t.Context(), c, client.Call{Path: "/items", Link: link})
		if sent != want || (err == nil) != (want != "") {
			t.Errorf("%s: sent to %q, error %v; want %q", link, sent, err, want)
		}
	}
	c := newClientOf(t, client.Config{Transport: silent{}})
	for _, call := range []client.Call{
		{Path: "/items", Link: "?page=2"}, // no base URL
		{Path: "/items", Link: "?page=2", Query: url.Values{"page": {"1"}}},
	} {
		_, err := client.Do[struct{}](t.Context(), c, call)
		if e := failure(t, err); e.Class != apierrors.MalformedRequest {
			t.Errorf("%+v: got %v; want malformed_request", call, err)
		}
	}
}

// blanks is a reader of spaces without end.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// A response that is too long for Do is not retried.
func TestDoEndsAResponseThatIsTooLong(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		fetched := 0
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			fetched++
			return &http.Response{StatusCode: 200, Body: io.NopCloser(io.LimitReader(blanks{}, 33<<20))}, nil
		}, client.Config{})
		_, err := client.Do[item](t.Context(), c, client.Call{Path: "/items"})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || fetched != 1 {
			t.Errorf("class %v after %d requests; want malformed_response after 1", e.Class, fetched)
		}
	})
}

// Do reads a response to its end within the attempt's timeout, even if it trickles in.
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
			t.Errorf("class %v, error %v after %v; want malformed_response, deadline exceeded after 1m", e.Class, e.Err, time.Since(start))
		}
	})
}

// Do looks for an error in the whole of a success. It closes every response.
func TestDoLooksForErrorsInAllThatItRead(t *testing.T) {
	for name, tt := range map[string]struct {
		length int
		class  apierrors.Class
	}{
		"small": {100, apierrors.Validation},
		"large": {1 << 20, apierrors.Validation},
	} {
		t.Run(name, func(t *testing.T) {
			var open atomic.Int64
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				body := `{"id":"` + strings.Repeat("x", tt.length-9) + `"}`
				return &http.Response{StatusCode: 200, Header: http.Header{"X-Code": {"BAD"}}, Body: watch(strings.NewReader(body), &open)}, nil
			}, client.Config{})
			_, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7"})
			if got := apierrors.ClassOf(err); got != tt.class || open.Load() != 0 {
				t.Errorf("class %v, %d response bodies open; want %v, 0", got, open.Load(), tt.class)
			}
		})
	}
}
