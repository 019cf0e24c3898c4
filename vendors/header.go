package vendors

import (
	"net/http"
	"slices"
	"strings"
)

// A headerText is what a header of a response is looked for: a text that is, or is in, one of
// its values.
type headerText struct {
	headers      []string // canonical names
	is, contains string   // one of them
}

// A headerCode is the code that a response has if a header has a text.
type headerCode struct {
	text headerText
	code string
}

// isIn reports whether a header has the text.
func (t headerText) isIn(header http.Header) bool {
	for _, name := range t.headers {
		if slices.ContainsFunc(header[name], t.matches) {
			return true
		}
	}
	return false
}

// matches reports whether a value of the header is, or contains, the text.
func (t headerText) matches(value string) bool {
	if t.is != "" {
		return value == t.is
	}
	return strings.Contains(value, t.contains)
}
