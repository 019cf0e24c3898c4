package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A loop of redirects ends after net/http's number, and is not retried.
func TestPeerRedirectLoopEnds(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(302, "Location", "/"))
		resp, err := newClient(t, srv, client.Config{}).HTTP().Do(newRequest(t, "GET", srv.URL(), ""))
		if err == nil || !strings.Contains(err.Error(), "stopped after 10 redirects") || len(srv.Requests()) != 10 {
			t.Errorf("got error %v after %d requests; want net/http's after 10", err, len(srv.Requests()))
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	})
}

// Within the origin, a 307 or 308 of a write is followed with its body, as the peer and net/http
// do.
func TestPeerRedirectWithABody(t *testing.T) {
	for _, status := range []int{307, 308} {
		for _, body := range []string{"", `{"foo":"bar"}`} {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(status, "Location", "/target"), retrywisetest.Status(201))
				got := exchange(newClient(t, srv, client.Config{}).HTTP(), newRequest(t, "POST", srv.URL()+"/redirect", body))
				last := srv.Requests()[1]
				if got.Status != http.StatusCreated || last.Method != "POST" || last.Path != "/target" || string(last.Body) != body {
					t.Errorf("%d of %q: got status %d of %s %s with %q; want 201 of POST /target", status, body, got.Status, last.Method, last.Path, last.Body)
				}
			})
		}
	}
}

// A redirect to another host sends no credential there. The peer and net/http drop only four
// headers.
func TestPeerRedirectToAnotherHost(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.Handle(t, crossroads(302, "https://storage.test/file"))
		storage := retrywisetest.New(t, retrywisetest.Status(200))
		c := newClient(t, nil, client.Config{
			BaseURL:   "https://vendor.test",
			Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		got := exchange(c.HTTP(), newRequest(t, "GET", "https://vendor.test/a", "", "X-Api-Key", "k", "Authorization", "Bearer b", "Accept", "text/csv"))
		if len(storage.Requests()) != 1 {
			t.Fatalf("got status %d; want the redirect to be followed", got.Status)
		}
		left := storage.Requests()[0].Header
		if got.Status != 200 || left.Get("X-Api-Key")+left.Get("Authorization")+left.Get("Referer") != "" || left.Get("Accept") != "text/csv" {
			t.Errorf("got status %d, the other host got %v; want 200, Accept and no credential", got.Status, left)
		}
	})
}
