package answer

import (
	"strings"
	"unicode"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Bounds of what is kept of an answer's words.
const (
	MaxItems   = 100
	maxMessage = 512 // bytes
	maxPath    = 128 // bytes
)

// Bounded cuts what an answer said to its bounds: so many items, each with a message of
// one line.
func Bounded(items []apierrors.Field) []apierrors.Field {
	items = items[:min(len(items), MaxItems)]
	for i := range items {
		items[i].Path, items[i].Message = clip(items[i].Path, maxPath), oneLine(items[i].Message)
	}
	return items
}

// oneLine makes a text a bounded line: control characters become blanks.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, clip(s, maxMessage))
	return strings.TrimSpace(s)
}

// clip cuts s after n bytes at the most, and never inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
