package policy_test

import (
	"strings"
	"testing"

	"github.com/retrywise/retrywise/policy"
)

func TestEndpointOf(t *testing.T) {
	for path, want := range map[string]string{
		"":                            "",
		"/":                           "/",
		"/items":                      "/items",
		"/items/7":                    "/items/*",
		"/v1/items/7/lines/a8":        "/v1/items/*/lines/*",
		"/v4.1/file/upload":           "/v4.1/file/upload",
		"/version1/items":             "/*/items",
		"/contacts/anna@example.eu":   "/contacts/*",
		"/contacts/anna%20b":          "/contacts/*",
		"/" + strings.Repeat("a", 40): "/*",
	} {
		if got := policy.EndpointOf(path); got != want {
			t.Errorf("%q: got %q; want %q", path, got, want)
		}
	}
}
