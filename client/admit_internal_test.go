package client

import "testing"

// The error of a call that is held back names the limit, for callers inside the package.
func TestRefusalError(t *testing.T) {
	if got := (&refusal{by: "gate account"}).Error(); got != "held back by gate account" {
		t.Errorf("got %q; want \"held back by gate account\"", got)
	}
}
