package client_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// received is what a caller of HTTP() sees of a response.
type received struct {
	Status int
	Header map[string]string
	Body   string
	Length int64
}

// during makes a request through HTTP() and returns what it got, and the error of Check.
func during(t *testing.T, c *client.Client, req *http.Request) (received, error) {
	t.Helper()
	resp, err := c.HTTP().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	checked := c.Check(resp)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	got := received{Status: resp.StatusCode, Header: map[string]string{}, Body: string(body), Length: resp.ContentLength}
	for name := range resp.Header {
		if name != "Date" {
			got.Header[name] = resp.Header.Get(name)
		}
	}
	return got, checked
}

// While a response keeps a gate closed, a caller of HTTP() whose call does not fit in gets
// that response, with the wait that is left. Nothing is sent.
func TestHTTPReturnsTheResponseThatClosedTheGate(t *testing.T) {
	const doc = `{"message":"slow down"}`
	long := strings.Repeat("x", 100<<10)
	for name, tt := range map[string]struct {
		first  retrywisetest.Answer
		method string
		left   time.Duration // of the pause, a minute later
		want   received
	}{
		"a 429": {
			retrywisetest.JSON(429, doc, "Retry-After", "3600", "Set-Cookie", "a=b", "X-Request-Id", "r1", "Cf-Ray", "r2", "X-Ratelimit-Reset", "1771404540"), "GET", 59 * time.Minute,
			received{429, map[string]string{"Content-Type": "application/json", "Content-Length": "23", "Retry-After": "3540", "X-Ratelimit-Reset": "1771404540"}, doc, 23},
		},
		"for a HEAD": {
			retrywisetest.JSON(429, doc, "Retry-After", "3600"), "HEAD", 59 * time.Minute,
			received{429, map[string]string{"Content-Type": "application/json", "Content-Length": "23", "Retry-After": "3540"}, "", 23},
		},
		"a limit as a 400": {
			retrywisetest.JSON(400, doc, "X-Code", "SLOW", "Retry-After", "300"), "GET", 4 * time.Minute,
			received{400, map[string]string{"Content-Type": "application/json", "Content-Length": "23", "Retry-After": "240", "X-Code": "SLOW"}, doc, 23},
		},
		"a long one": {
			retrywisetest.Text(429, long, "Retry-After", "3600"), "GET", 59 * time.Minute,
			received{429, map[string]string{"Content-Type": "text/plain; charset=utf-8", "Content-Length": "65536", "Retry-After": "3540"}, long[:64<<10], 64 << 10},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.first)
				c := newClient(t, srv, client.Config{})
				short := client.CallOptions{MaxWait: new(time.Duration(0))}
				hold(t, c.HTTP(), srv.URL())
				time.Sleep(time.Minute)
				got, err := during(t, c, client.With(newRequest(t, tt.method, srv.URL()+"/items", ""), short))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("the response (-want +got):\n%s", diff)
				}
				e := failure(t, err)
				if at, _ := apierrors.RetryAt(err); e.Class != apierrors.RateLimited || e.Rule != "gate account" || e.Applied != apierrors.AppliedNo || time.Until(at) != tt.left {
					t.Errorf("Check: %v, rule %q, applied %v, retry in %v; want rate_limited, gate account, no, %v", err, e.Rule, e.Applied, time.Until(at), tt.left)
				}
				if n := len(srv.Requests()); n != 1 {
					t.Errorf("%d requests; want 1", n)
				}
			})
		})
	}
}

// Only the response that closed the very gate is returned, and only one that a caller takes
// for a failure. Of many, the latest are kept.
func TestHTTPReturnsAnErrorIfNoResponseClosedTheGate(t *testing.T) {
	pause := func(header ...string) retrywisetest.Answer {
		return retrywisetest.Status(429, append(header, "Retry-After", "3600")...)
	}
	ofRecord := func(key string) client.CallOptions { return client.CallOptions{RecordKey: key} }
	for name, tt := range map[string]struct {
		answers script // to requests that close gates, each about a record of its own
		options client.CallOptions
		want    bool // a response
	}{
		"the record's own":         {script{pause("X-Limit", "item")}, ofRecord("0"), true},
		"closed by a 2xx":          {script{retrywisetest.JSON(200, "{}", "X-Code", "SLOW", "Retry-After", "3600")}, client.CallOptions{}, false},
		"100 others came after it": {slices.Repeat(script{pause("X-Limit", "item")}, 101), ofRecord("0"), false},
		"99 others came after it":  {slices.Repeat(script{pause("X-Limit", "item")}, 100), ofRecord("0"), true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				item := srv.URL() + "/items/7"
				for i := range tt.answers {
					_, _ = sendRequest(t, c.Send, client.With(newRequest(t, "GET", item, ""), ofRecord(fmt.Sprint(i))))
				}
				status, err := sendRequest(t, c.HTTP().Do, client.With(newRequest(t, "GET", item, ""), tt.options))
				if (err == nil && status == 429) != tt.want || err != nil && failure(t, err).Class != apierrors.RateLimited {
					t.Errorf("got status %d, error %v; want a 429: %v", status, err, tt.want)
				}
			})
		})
	}
}
