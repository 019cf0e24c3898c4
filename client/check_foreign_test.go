package client_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// An answer that was got elsewhere is judged by its status and its bytes, which stay.
func TestCheckForeignResponse(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "http://vendor.test/items/7", nil)
	for name, tt := range map[string]struct {
		status int
		code   string
		want   apierrors.Class
	}{
		"a success":             {200, "", apierrors.None},
		"a redirect":            {302, "", apierrors.None},
		"an error in a success": {200, "BAD", apierrors.Validation},
		"gone already":          {404, "GONE", apierrors.None},
		"a refused record":      {400, "BAD", apierrors.Validation},
		"a server that is down": {503, "", apierrors.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{"X-Code": {tt.code}}, Body: io.NopCloser(strings.NewReader(`{"its":"bytes"}`)), Request: req}
			if got := apierrors.ClassOf(c.Check(resp)); got != tt.want {
				t.Errorf("class %v; want %v", got, tt.want)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != `{"its":"bytes"}` || err != nil {
				t.Errorf("the body is now %q, %v", body, err)
			}
		})
	}
}

// What Check looks at of an answer from elsewhere. (Rows for TestCheckForeignResponse.)
func TestCheckForeignResponseReadsItsBeginning(t *testing.T) {
	long := "{" + strings.Repeat("x", 100<<10)
	for name, tt := range map[string]struct {
		vendor client.Vendor
		status int
		body   string
		want   apierrors.Class
	}{
		"an error that is long":              {shop{shopPolicy(t)}, 400, long, apierrors.Validation},
		"a success that is no error":         {shop{shopPolicy(t)}, 200, long[:5000], apierrors.None},
		"a success of the bound":             {shop{shopPolicy(t)}, 200, long[:4096], apierrors.None}, // its end was not seen
		"a success below the bound":          {shop{shopPolicy(t)}, 200, long[:4095], apierrors.Validation},
		"a success that is no document":      {shop{shopPolicy(t)}, 200, "x", apierrors.None},
		"a redirect":                         {shop{shopPolicy(t)}, 302, "{}", apierrors.None},
		"an upgrade":                         {shop{shopPolicy(t)}, 101, "{}", apierrors.None},
		"a vendor without errors in a 2xx":   {strict{shop{shopPolicy(t)}}, 200, "{}", apierrors.None},
		"an error of that vendor":            {strict{shop{shopPolicy(t)}}, 400, "x", apierrors.Validation},
		"an error of that vendor, very long": {strict{shop{shopPolicy(t)}}, 400, long, apierrors.Validation},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, nil, client.Config{Vendor: tt.vendor, BaseURL: "http://vendor.test", Transport: silent{}})
			resp := &http.Response{
				StatusCode: tt.status, Header: http.Header{"X-Code": {"BAD"}}, Body: io.NopCloser(strings.NewReader(tt.body)),
				Request: newRequest(t, "POST", "http://vendor.test/items", ""),
			}
			if got := apierrors.ClassOf(c.Check(resp)); got != tt.want {
				t.Errorf("class %v; want %v", got, tt.want)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != tt.body || err != nil {
				t.Errorf("the body has now %d bytes, %v", len(body), err)
			}
		})
	}
}

// Whatever is missing in an answer, Check tells what is left.
func TestCheckIncompleteResponse(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	began := time.Now()
	limited := c.Check(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"5"}}})
	if at, ok := apierrors.RetryAt(limited); !ok || at.Before(began.Add(5*time.Second)) || !errors.Is(limited, apierrors.RateLimited) {
		t.Errorf("retry at %v, %v: %v", at, ok, limited)
	}
	if err := c.Check(&http.Response{StatusCode: 404, Request: &http.Request{URL: &url.URL{Opaque: "x"}}}); !errors.Is(err, apierrors.NotFound) {
		t.Error(err)
	}
	if err := c.Check(nil); !errors.Is(err, apierrors.MalformedRequest) {
		t.Error(err)
	}
}

func TestCheckForeignResponseThatBreaksOff(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	resp := &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(&breaks{}), Request: &http.Request{}}
	if err := c.Check(resp); !errors.Is(err, apierrors.ServerError) {
		t.Error(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "half" || !errors.Is(err, errOfTheTest) {
		t.Errorf("the body is now %q, %v", body, err)
	}
}

func TestCheckKnowsTheCall(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: renewable("t", nil)})
	req := client.With(newRequest(t, "GET", "http://vendor.test/items", ""), client.CallOptions{Op: "items.list"})
	err := c.Check(&http.Response{StatusCode: 401, Header: http.Header{}, Body: http.NoBody, Request: req})
	if e := failure(t, err); e.Op != "items.list" || e.Class != apierrors.TokenExpired {
		t.Errorf("op %q, class %v", e.Op, e.Class)
	}
}

func TestCheckErrorInGzip(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"type":"https://e.test/x","title":"Bad"}`))
	_ = z.Close()
	c := dropIn(t, client.Config{})
	resp := &http.Response{StatusCode: 422, Header: http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/problem+json"}}, Body: io.NopCloser(&zipped)}
	if e := failure(t, c.Check(resp)); e.Message != "Bad" {
		t.Errorf("message %q", e.Message)
	}
}
