package policy

import (
	"strings"
	"testing"
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

// A pattern that does not match is found out quickly.
func TestMatchesPathIsNotSlow(t *testing.T) {
	pattern, path := "/"+strings.Repeat("**/a/", 50)+"b", strings.Repeat("/a", 2000)
	if matchesPath(pattern, path) {
		t.Error("it matches")
	}
}
