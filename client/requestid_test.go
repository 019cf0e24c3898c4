package client_test

import (
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The id of a request is that of the body, if the vendor's data finds one there, or of a header.
// One that repeats a credential is not told.
func TestErrorRequestID(t *testing.T) {
	for name, tt := range map[string]struct{ inBody, header, want string }{
		"a header":                 {"", "C0FE:1A2B", "C0FE:1A2B"},
		"the body before a header": {"aeb5f871-7f07", "C0FE:1A2B", "aeb5f871-7f07"},
		"a credential in the body": {"secret-token", "", ""},
		"none":                     {"", "", ""},
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(400, "X-GitHub-Request-Id", tt.header))
			c := newClient(t, srv, client.Config{Vendor: keeper{shop{shopPolicy(t)}, &policy.Failure{RequestID: tt.inBody}}})
			req := newRequest(t, http.MethodGet, srv.URL()+"/items/7", "")
			req.Header.Set("Authorization", "Bearer secret-token")
			_, err := sendRequest(t, c.Send, req)
			if got := failure(t, err).RequestID; got != tt.want {
				t.Errorf("%s: RequestID = %q; want %q", name, got, tt.want)
			}
		})
	}
}
