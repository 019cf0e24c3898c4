package client_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A redirect leads to another port, to another host and from https to http. Measured of
// net/http: Authorization is sent to the other port and over http, and X-Api-Key anywhere.
// Here another origin gets only the headers that say which response is wanted.
func TestMeasuredRedirectTakesNoCredential(t *testing.T) {
	for name, to := range map[string]string{
		"another port":       "https://vendor.test:8443/file",
		"another host":       "https://storage.test/file",
		"subdomain":          "https://files.vendor.test/file",
		"with userinfo":      "https://u:p@storage.test/file",
		"back to the origin": "https://storage.test/back",
		"to http":            "http://vendor.test/file",
	} {
		for through, send := range doors {
			t.Run(name+" through "+through, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					vendor := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/export" {
							http.Redirect(w, r, to, http.StatusFound)
						}
					}))
					other := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/back" {
							http.Redirect(w, r, "https://vendor.test/last", http.StatusFound)
						}
					}))
					wire := origins{
						"https://vendor.test": vendor, "https://vendor.test:8443": other, "https://storage.test": other,
						"https://files.vendor.test": other, "http://vendor.test": other,
					}
					c := newClient(t, nil, client.Config{BaseURL: "https://vendor.test", Auth: client.Bearer("SECRET"), Transport: wire})
					req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://vendor.test/export?key=SECRET", nil)
					req.RequestURI = ""
					req.Header = http.Header{
						"X-Api-Key": {"SECRET"}, "Cookie": {"s=SECRET"}, "X-Custom": {"SECRET"}, "Referer": {"https://SECRET"},
						"Accept": {"text/csv"}, "Range": {"bytes=0-"}, "User-Agent": {"job/1"}, "If-None-Match": {`"e"`},
					}
					resp, err := send(c, req)
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					if first := vendor.Requests()[0].Header; first.Get("Authorization") != "Bearer SECRET" || first.Get("X-Api-Key") != "SECRET" {
						t.Errorf("the vendor got %v; want its credentials", first)
					}
					left := slices.Concat(other.Requests(), vendor.Requests()[1:])
					if through == "Send" {
						t.Logf("net/http alone sends there: %v", takenBy(t, &http.Client{Transport: wire}, req, other))
					}
					isFollowed := name != "to http" || strings.HasSuffix(through, "caller's")
					if (len(left) > 0) != isFollowed {
						t.Errorf("%d requests to other origins; want any: %v", len(left), isFollowed)
					}
					for _, r := range left {
						delete(r.Header, "Accept-Encoding")
						if diff := cmp.Diff([]string{"Accept", "If-None-Match", "Range", "User-Agent"}, slices.Sorted(maps.Keys(r.Header))); diff != "" {
							t.Errorf("headers sent to another origin (-want +got):\n%s", diff)
						}
					}
				})
			})
		}
	}
}

// takenBy returns the headers with secrets that hc sends to other.
func takenBy(t *testing.T, hc *http.Client, req *http.Request, other *retrywisetest.Server) []string {
	t.Helper()
	before := len(other.Requests())
	req = req.Clone(t.Context())
	req.Header.Set("Authorization", "Bearer SECRET")
	if _, err := sendRequest(t, hc.Do, req); err != nil {
		t.Fatal(err)
	}
	var taken []string
	for name, values := range other.Requests()[before].Header {
		if strings.Contains(values[0], "SECRET") {
			taken = append(taken, name)
		}
	}
	slices.Sort(taken)
	return taken
}
