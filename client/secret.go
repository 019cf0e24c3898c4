package client

import "fmt"

// A secret is a credential that no verb of fmt prints, also as a field of what is
// printed: a function hides it.
type secret struct{ text func() string }

func newSecret(text string) secret { return secret{func() string { return text }} }

func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}

// Format writes "[secret]" for every verb.
func (secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[secret]") }
