package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMatchesPath(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          bool
	}{
		{"/items", "/items", true},
		{"/items/*", "/items/1", true},
		{"/items/*", "/items/1/parts", false},
		{"/items/*:batchGet", "/items/1:batchGet", true},
		{"/**", "/", true},
		{"/**", "/items/1", true},
		{"/items/**", "/items", true},
		{"/items/**", "/items/1/parts/2", true},
		{"/items/**", "/item", false},
		{"/**/stats", "/stats", true},
		{"/**/stats", "/repos/a/b/stats", true},
		{"/**/stats", "/repos/a/b/stats/c", false},
		{"/**/stats/*", "/stats/stats/stats/c", true},
		{"/a/**/b/**/c", "/a/b/x/b/c", true},
		{"/a/**/b/**/c", "/a/x/c", false},
		{"/services/data/*/sobjects/**", "/services/data/v60.0/sobjects/Account/1", true},
		{"/**", "", true},
		{"/items/{id}/parts", "/items/1/parts", true},
		{"/items/{id}", "/items/1/parts", false},
		{"/[^a]*", "/b/c", false},
	} {
		if got := matchesPath(tt.pattern, tt.path); got != tt.want {
			t.Errorf("%q selects %q: %v; want %v", tt.pattern, tt.path, got, tt.want)
		}
		if problem := patternProblem(tt.pattern); problem != "" {
			t.Error(problem)
		}
	}
	for _, pattern := range []string{"", "items", "/items**", "/a/***", "/["} {
		if patternProblem(pattern) == "" {
			t.Errorf("%q is no problem", pattern)
		}
	}
}

// Segments have the names of the pattern's, at any depth.
func TestValuesOf(t *testing.T) {
	for _, tt := range []struct {
		pattern, path string
		want          map[string]string
	}{
		{"/items/{id}", "/items/a%20b", map[string]string{"id": "a b"}},
		{"/items/{id}", "/items/1/parts", nil},
		{"/**/items/{id}", "/v2/shops/7/items/items/9", map[string]string{"id": "9"}},
		{"/{shop}/**/items/{id}/**", "/a/items/b/items/c/d/e", map[string]string{"shop": "a", "id": "b"}},
		{"/items/{id}", "/items/%zz", map[string]string{}},
		{"/items/*", "/items/1", map[string]string{}},
	} {
		got, ok := valuesOf(tt.pattern, tt.path)
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != (tt.want != nil) {
			t.Errorf("%q for %q: %v (-want +got):\n%s", tt.pattern, tt.path, ok, diff)
		}
	}
}

// A pattern that does not match is found out quickly.
func TestMatchesPathIsNotSlow(t *testing.T) {
	pattern, path := "/"+strings.Repeat("**/a/", 50)+"b", strings.Repeat("/a", 2000)
	if matchesPath(pattern, path) {
		t.Error("it matches")
	}
}
