package client_test

import (
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

// A response that another client got is judged by its status and the beginning of its body,
// which can still be read.
func TestCheckOtherResponse(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "http://vendor.test/items/7", nil)
	for name, tt := range map[string]struct {
		status int
		code   string
		want   apierrors.Class
	}{
		"success":                     {200, "", apierrors.None},
		"redirect":                    {302, "", apierrors.None},
		"error in a success":          {200, "BAD", apierrors.Validation},
		"DELETE of what is gone":      {404, "GONE", apierrors.None},
		"failure with a code":         {400, "BAD", apierrors.Validation},
		"failure with a status alone": {503, "", apierrors.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{"X-Code": {tt.code}}, Body: io.NopCloser(strings.NewReader(`{"its":"bytes"}`)), Request: req}
			if got := apierrors.ClassOf(c.Check(resp)); got != tt.want {
				t.Errorf("class %v; want %v", got, tt.want)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != `{"its":"bytes"}` || err != nil {
				t.Errorf("after Check, the body is %q, error %v; want it whole", body, err)
			}
		})
	}
}

// How much of a response Check reads, and of which responses.
func TestCheckOtherResponseReadsItsBeginning(t *testing.T) {
	long := "{" + strings.Repeat("x", 100<<10)
	for name, tt := range map[string]struct {
		vendor client.Vendor
		status int
		body   string
		want   apierrors.Class
	}{
		"long error":                      {shop{shopPolicy(t)}, 400, long, apierrors.Validation},
		"long success":                    {shop{shopPolicy(t)}, 200, long[:5000], apierrors.None},
		"success of 4 KiB":                {shop{shopPolicy(t)}, 200, long[:4096], apierrors.None}, // its end was not read
		"success below 4 KiB":             {shop{shopPolicy(t)}, 200, long[:4095], apierrors.Validation},
		"success that is not JSON or XML": {shop{shopPolicy(t)}, 200, "x", apierrors.None},
		"redirect":                        {shop{shopPolicy(t)}, 302, "{}", apierrors.None},
		"upgrade":                         {shop{shopPolicy(t)}, 101, "{}", apierrors.None},
		"success, no errors in a 2xx":     {strict{shop{shopPolicy(t)}}, 200, "{}", apierrors.None},
		"error, no errors in a 2xx":       {strict{shop{shopPolicy(t)}}, 400, "x", apierrors.Validation},
		"long error, no errors in a 2xx":  {strict{shop{shopPolicy(t)}}, 400, long, apierrors.Validation},
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
				t.Errorf("after Check, the body has %d bytes, error %v; want %d", len(body), err, len(tt.body))
			}
		})
	}
}

// A response without body, header or request is judged as far as possible; a nil response is
// an error.
func TestCheckOtherResponseThatIsIncomplete(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	start := time.Now()
	limited := c.Check(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"5"}}})
	if at, ok := apierrors.RetryAt(limited); !ok || at.Before(start.Add(5*time.Second)) || !errors.Is(limited, apierrors.RateLimited) {
		t.Errorf("of a 429: %v, retry at %v, %v; want rate_limited in 5s", limited, at, ok)
	}
	if err := c.Check(&http.Response{StatusCode: 404, Request: &http.Request{URL: &url.URL{Opaque: "x"}}}); !errors.Is(err, apierrors.NotFound) {
		t.Errorf("of a 404: %v; want not_found", err)
	}
	if err := c.Check(nil); !errors.Is(err, apierrors.MalformedRequest) {
		t.Errorf("of nil: %v; want malformed_request", err)
	}
}

// A body that fails while Check reads it fails in the same place for the caller.
func TestCheckOtherResponseThatBreaksOff(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	resp := &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(&breaks{}), Request: &http.Request{}}
	if err := c.Check(resp); !errors.Is(err, apierrors.ServerError) {
		t.Errorf("Check: %v; want server_error", err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "half" || !errors.Is(err, errOfTheTest) {
		t.Errorf("after Check, the body is %q, error %v; want \"half\" and the test's error", body, err)
	}
}

// The options of the response's Request are known, and so is the Client's Auth.
func TestCheckOtherResponseKnowsItsRequest(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: renewable("t", nil)})
	req := client.With(newRequest(t, "GET", "http://vendor.test/items", ""), client.CallOptions{Op: "items.list"})
	err := c.Check(&http.Response{StatusCode: 401, Header: http.Header{}, Body: http.NoBody, Request: req})
	if e := failure(t, err); e.Op != "items.list" || e.Class != apierrors.TokenExpired {
		t.Errorf("op %q, class %v; want items.list, token_expired", e.Op, e.Class)
	}
}

func TestCheckOtherResponseInGzip(t *testing.T) {
	body := zipped(`{"type":"https://e.test/x","title":"Bad"}`)
	c := newClientOf(t, client.Config{})
	resp := &http.Response{StatusCode: 422, Header: http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/problem+json"}}, Body: io.NopCloser(strings.NewReader(body))}
	if e := failure(t, c.Check(resp)); e.Message != "Bad" {
		t.Errorf("message %q; want Bad", e.Message)
	}
}
