package client_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A response of a foreign origin is judged by its status. The request to it is sent as it
// is. Another host of the vendor's domain is not foreign.
func TestForeignOriginIsJudgedByStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		url   string
		base  string
		class apierrors.Class
	}{
		"another domain":        {"https://storage.test/f", "https://api.vendor.test", apierrors.Permission},
		"another host":          {"https://imports.vendor.test/f", "https://api.vendor.test", apierrors.Validation},
		"another port of an IP": {"http://127.0.0.1:2/f", "http://127.0.0.1:1", apierrors.Permission},
		"no base URL":           {"https://storage.test/f", "", apierrors.Validation},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: shop{shopPolicy(t)}, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, strings.NewReader("x"))
				req.RequestURI = ""
				req.Header.Set("X-Signed", "s")
				_, err = sendRequest(t, c.Send, req)
				if e := failure(t, err); e.Class != tt.class {
					t.Errorf("class %v; want %v", e.Class, tt.class)
				}
				if got := srv.Requests()[0]; string(got.Body) != "x" || got.Header.Get("X-Signed") != "s" {
					t.Errorf("the server got the body %q and headers %v; want \"x\" and X-Signed", got.Body, got.Header)
				}
			})
		})
	}
}

// Which origins are foreign: class validation is the vendor's, permission is by status.
func TestForeignOrigins(t *testing.T) {
	for name, tt := range map[string]struct {
		url, base string
		vendor    client.Vendor
		class     apierrors.Class
	}{
		"IP with its default port":      {"http://127.0.0.1:80/f", "http://127.0.0.1", shop{shopPolicy(t)}, apierrors.Validation},
		"another IP with the same end":  {"http://10.0.0.1/f", "http://10.9.0.1", shop{shopPolicy(t)}, apierrors.Permission},
		"another port of a host":        {"https://vendor.test:8443/f", "https://vendor.test", shop{shopPolicy(t)}, apierrors.Validation},
		"base URL of the vendor's data": {"https://proxy.test/f", "", shopAt{shop{shopPolicy(t)}}, apierrors.Validation},
		"base URL of the Config":        {"https://proxy.test/f", "https://api.vendor.test", shopAt{shop{shopPolicy(t)}}, apierrors.Permission},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Status(403, "X-Code", "BAD"))
				c, err := client.New(client.Config{Vendor: tt.vendor, BaseURL: tt.base, Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				_, err = send(t.Context(), t, c, "POST", tt.url, "x")
				if got := apierrors.ClassOf(err); got != tt.class {
					t.Errorf("class %v; want %v", got, tt.class)
				}
			})
		})
	}
}

// The rules of a policy apply to the vendor's responses only.
func TestForeignOriginIgnoresThePolicy(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		lenient := shopPolicy(t).With(policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: 403, To: 403}}}, Action: apierrors.Accept})
		srv := retrywisetest.New(t, retrywisetest.Status(403), retrywisetest.Status(403))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test", Policy: &lenient})
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/f", ""); status != 403 || err != nil {
			t.Errorf("of the vendor: got status %d, error %v; want 403 accepted", status, err)
		}
		if _, err := send(t.Context(), t, c, "GET", "https://storage.test/f", ""); !errors.Is(err, apierrors.Permission) {
			t.Errorf("of a foreign origin: got error %v; want permission", err)
		}
	})
}
