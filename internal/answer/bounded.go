package answer

import (
	"strings"
	"unicode"

	apierrors "github.com/retrywise/retrywise/errors"
)

// The bounds of what is kept of a response.
const (
	MaxItems   = 100
	maxMessage = 512 // bytes
	maxPath    = 128 // bytes
)

// Bounded truncates items to MaxItems, and each path and message to its bound. A message
// becomes one line.
func Bounded(items []apierrors.Field) []apierrors.Field {
	items = items[:min(len(items), MaxItems)]
	for i := range items {
		items[i].Path, items[i].Message = clip(items[i].Path, maxPath), oneLine(items[i].Message)
	}
	return items
}

// oneLine truncates s and replaces control characters by spaces.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, clip(s, maxMessage))
	return strings.TrimSpace(s)
}

// clip truncates s to n bytes, without splitting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
