package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Redirects without an end are given up by net/http's count, and that is not repeated.
func TestPeerRedirectLoopEnds(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(302, "Location", "/"))
		resp, err := newClient(t, srv, client.Config{}).HTTP().Do(newRequest(t, "GET", srv.URL(), ""))
		if err == nil || !strings.Contains(err.Error(), "stopped after 10 redirects") || len(srv.Requests()) != 10 {
			t.Errorf("%d requests: %v", len(srv.Requests()), err)
		}
		if resp != nil {
			_ = resp.Body.Close()
		}
	})
}

// A write's redirect comes back where the peer, as net/http, sends the body on: whether it
// may be sent to another address is for the caller to decide, who can set CheckRedirect to
// nil to have it so.
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
						t.Errorf("status %d to %q", got.Status, got.Header.Get("Location"))
					}
					hc.CheckRedirect = nil
					if got := exchange(hc, newRequest(t, "POST", srv.URL()+"/redirect", body)); got.Status != http.StatusCreated {
						t.Errorf("without CheckRedirect: status %d", got.Status)
					}
					all := srv.Requests()
					if last := all[len(all)-1]; len(all) != 3 || last.Method != "POST" || string(last.Body) != body {
						t.Errorf("%d requests, then %s %q", len(all), last.Method, last.Body)
					}
				})
			})
		}
	}
}

// A redirect that leads to another host takes no credential there; the peer and net/http
// take all but four headers along.
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
			t.Fatalf("status %d; the redirect was not followed", got.Status)
		}
		left := storage.Requests()[0].Header
		if got.Status != 200 || left.Get("X-Api-Key")+left.Get("Authorization")+left.Get("Referer") != "" || left.Get("Accept") != "text/csv" {
			t.Errorf("status %d, sent %v", got.Status, left)
		}
	})
}
