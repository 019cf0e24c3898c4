package client

import "testing"

// The zero secret is empty.
func TestSecretReveal(t *testing.T) {
	if got := (secret{}).reveal(); got != "" {
		t.Errorf("the zero secret is %q; want none", got)
	}
	if got := newSecret("token").reveal(); got != "token" {
		t.Errorf("got %q; want token", got)
	}
}
