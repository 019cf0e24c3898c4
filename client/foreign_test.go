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

// What a caller fetches from elsewhere is not in the vendor's words, and closes none of
// its gates; the request is the caller's, and loses nothing. Another host of the vendor's
// domain is the vendor's.
func TestForeignOriginIsJudgedByStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		url   string
		base  string
		class apierrors.Class
	}{
		"elsewhere":                 {"https://storage.test/f", "https://api.vendor.test", apierrors.Permission},
		"another host of theirs":    {"https://imports.vendor.test/f", "https://api.vendor.test", apierrors.Validation},
		"another port of an IP":     {"http://127.0.0.1:2/f", "http://127.0.0.1:1", apierrors.Permission},
		"a client that was told no": {"https://storage.test/f", "", apierrors.Validation},
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
					t.Errorf("it got %q, %v", got.Body, got.Header)
				}
			})
		})
	}
}

// Which origin is the vendor's. (Rows for TestForeignOriginIsJudgedByStatus.)
func TestForeignOrigins(t *testing.T) {
	for name, tt := range map[string]struct {
		url, base string
		vendor    client.Vendor
		class     apierrors.Class
	}{
		"an IP, and its port told":                {"http://127.0.0.1:80/f", "http://127.0.0.1", shop{shopPolicy(t)}, apierrors.Validation},
		"another IP of the same end":              {"http://10.0.0.1/f", "http://10.9.0.1", shop{shopPolicy(t)}, apierrors.Permission},
		"another port of a short name":            {"https://vendor.test:8443/f", "https://vendor.test", shop{shopPolicy(t)}, apierrors.Validation},
		"an address that only the data name":      {"https://proxy.test/f", "", shopAt{shop{shopPolicy(t)}}, apierrors.Validation},
		"an address that the caller has told too": {"https://proxy.test/f", "https://api.vendor.test", shopAt{shop{shopPolicy(t)}}, apierrors.Permission},
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

// The vendor's rules, and the operator's, are about the vendor.
func TestForeignOriginIgnoresThePolicy(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		lenient := shopPolicy(t).With(policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: 403, To: 403}}}, Action: apierrors.Accept})
		srv := retrywisetest.New(t, retrywisetest.Status(403), retrywisetest.Status(403))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test", Policy: &lenient})
		if status, err := send(t.Context(), t, c, "GET", "https://vendor.test/f", ""); status != 403 || err != nil {
			t.Errorf("the vendor's: status %d, %v", status, err)
		}
		if _, err := send(t.Context(), t, c, "GET", "https://storage.test/f", ""); !errors.Is(err, apierrors.Permission) {
			t.Errorf("elsewhere: %v", err)
		}
	})
}
