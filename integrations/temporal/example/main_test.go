package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	want := `after 0s: O-1, attempt 1: rate_limited
after 6h0m0s: O-1 is looked up: 0 found
after 6h0m0s: O-1, attempt 2: created
after 6h0m0s: O-2, attempt 1: timeout
after 6h0m0s: O-2 is looked up: 1 found
after 6h0m0s: O-3, attempt 1: validation
after 6h0m0s: O-3, says the workflow: set_aside, as it is a failure of class validation
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
