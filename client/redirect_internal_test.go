package client

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// Which redirects are followed.
func TestMayFollow(t *testing.T) {
	for name, tt := range map[string]struct {
		method   string
		status   int
		from, to string
		want     bool
	}{
		"within the origin":           {"GET", 302, "https://h/a", "https://h/b", true},
		"no method":                   {"", 302, "https://h/a", "https://h/b", true},
		"HEAD to another origin":      {"HEAD", 301, "https://h/a", "https://other/b", true},
		"to https":                    {"GET", 301, "http://h/a", "https://h/a", true},
		"to http":                     {"GET", 301, "https://h/a", "http://h/a", false},
		"to another scheme":           {"GET", 302, "https://h/a", "ftp://h/a", false},
		"303 of a POST":               {"POST", 303, "https://h/a", "https://h/b", true},
		"303 of a POST, another host": {"POST", 303, "https://h/a", "https://other/b", false},
		"303 of a POST, another port": {"POST", 303, "https://h/a", "https://h:8443/b", false},
		"302 of a POST":               {"POST", 302, "https://h/a", "https://h/b", false},
		"303 of a PUT":                {"PUT", 303, "https://h/a", "https://h/b", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mayFollow(tt.method, tt.status, mustParse(t, tt.from), mustParse(t, tt.to)); got != tt.want {
				t.Errorf("followed: %v; want %v", got, tt.want)
			}
		})
	}
}

// The origin is scheme, host and port.
func TestIsSameOrigin(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"https://h/a", "https://H:443/b?c", true},
		{"http://h:80", "http://h", true},
		{"http://h", "https://h", false},
		{"http://h:443", "https://h", false},
		{"https://h", "https://h.", false},
		{"https://h", "https://u:p@h", true},
		{"https://h", "https://sub.h", false},
		{"http://[::1]:80", "http://[::1]", true},
		{"/a", "https://h", false},
	} {
		if got := isSameOrigin(mustParse(t, tt.a), mustParse(t, tt.b)); got != tt.want {
			t.Errorf("%s and %s: got %v; want %v", tt.a, tt.b, got, tt.want)
		}
	}
	if isSameOrigin(nil, nil) {
		t.Error("two nil URLs: got true; want false")
	}
}

// The domain of a URL, or its address.
func TestDomain(t *testing.T) {
	for text, want := range map[string]string{
		"https://api.eu.vendor.com":  "vendor.com",
		"https://IMPORTS.vendor.com": "vendor.com",
		"https://vendor.com":         "vendor.com",
		"http://localhost:8080":      "localhost:8080",
		"http://127.0.0.1:8080":      "127.0.0.1:8080",
		"http://[::1]:8080":          "[::1]:8080",
	} {
		if got := domain(mustParse(t, text)); got != want {
			t.Errorf("%s: got %s; want %s", text, got, want)
		}
	}
}

// Only headers that say which response is wanted are kept, whatever their case.
func TestKeepHarmless(t *testing.T) {
	kept := http.Header{
		"accept": nil, "Accept-Language": nil, "range": nil, "User-Agent": nil, "if-none-match": nil,
		"x-api-key": nil, "Authorization": nil, "cookie": nil, "Referer": nil, "Iffy": nil, "Ranger": nil,
	}
	keepHarmless(kept)
	want := []string{"Accept-Language", "User-Agent", "accept", "if-none-match", "range"}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(kept))); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}
