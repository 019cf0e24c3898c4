package client

import (
	"fmt"
	"log/slog"
)

// redacted is what a Secret shows.
const redacted = "[secret]"

// A Secret is a text that prints nothing of itself: not with any verb of fmt, not in
// JSON, YAML or slog, and not as a field of something else that is printed. It is for
// credentials in a program's own configuration, which it is read from as a text. The
// zero Secret is empty.
type Secret struct{ reveal func() string } // behind a function, which nothing prints

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret { return Secret{func() string { return text }} }

// Reveal returns the text.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String returns "[secret]", also for an empty one.
func (Secret) String() string { return redacted }

// Format writes "[secret]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, redacted) }

// LogValue returns "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[secret]": a configuration that is written back has lost it.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText takes text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
