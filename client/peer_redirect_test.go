package client_test

import (
	"fmt"
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

// The redirect of a write is returned. The peer and net/http send the body to the new address.
// A caller who wants that sets CheckRedirect to nil.
func TestPeerRedirectWithABody(t *testing.T) {
	for _, status := range []int{307, 308} {
		for _, body := range []string{"", `{"foo":"bar"}`} {
			t.Run(fmt.Sprint(status, " ", body), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/redirect" {
							http.Redirect(w, r, "/target", status)
							return
						}
						w.WriteHeader(http.StatusCreated)
					}))
					hc := newClient(t, srv, client.Config{}).HTTP()
					if got := exchange(hc, newRequest(t, "POST", srv.URL()+"/redirect", body)); got.Status != status || got.Header.Get("Location") != "/target" {
						t.Errorf("got status %d, Location %q; want %d, /target", got.Status, got.Header.Get("Location"), status)
					}
					hc.CheckRedirect = nil
					if got := exchange(hc, newRequest(t, "POST", srv.URL()+"/redirect", body)); got.Status != http.StatusCreated {
						t.Errorf("without CheckRedirect: got status %d; want 201", got.Status)
					}
					all := srv.Requests()
					if last := all[len(all)-1]; len(all) != 3 || last.Method != "POST" || string(last.Body) != body {
						t.Errorf("%d requests, the last a %s with %q; want 3, POST, %q", len(all), last.Method, last.Body, body)
					}
				})
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
