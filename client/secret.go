package client

// A secret is a credential that no verb of fmt prints, as a function hides it.
type secret struct{ text func() string }

func newSecret(text string) secret { return secret{func() string { return text }} }

// reveal returns the credential, or "" for a zero secret.
func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return s.text()
}
