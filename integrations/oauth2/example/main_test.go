package main

import (
	"strings"
	"testing"
)

// All records are delivered, and no refresh token is used twice.
func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{"job:    30 of 30 records delivered", "vendor: 30 contacts", ", 0 refresh tokens used twice"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s\nwant: %s", &out, want)
		}
	}
}
