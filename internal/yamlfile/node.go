package yamlfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A kind is the kind of a node.
type kind int

const (
	broken  kind = iota // not readable, and already reported
	null                // an absent value, ~ or null
	boolean             // true or false, not in quotes
	number              // digits, not in quotes
	text                // any other scalar
	list
	mapping
)

// A node is a value of the file, without the types of the YAML library.
type node struct {
	kind  kind
	pos   Pos
	text  string  // a scalar, without its quotes
	items []*node // of a list
	pairs []pair  // of a mapping, in file order, without duplicate keys
}

// A pair is a key of a mapping and its value.
type pair struct {
	key, value *node
}

// got describes n in the second half of "expected …; got …".
func (n *node) got() string {
	switch n.kind {
	case null:
		return "null"
	case boolean, number:
		return shorten(n.text)
	case text:
		return strconv.Quote(shorten(n.text))
	case list:
		if len(n.items) == 0 {
			return "an empty list"
		}
		return "a list"
	case mapping:
		return "a mapping"
	default:
		return "something else"
	}
}

// add appends a pair. It returns a problem instead if n has the key already. where has the
// positions of the keys of n.
func (n *node) add(p pair, where map[string]Pos) (Problem, bool) {
	first, twice := where[p.key.text]
	if twice {
		return p.key.pos.Errorf("duplicate key %q; the first is at %v", shorten(p.key.text), first), false
	}
	where[p.key.text] = p.key.pos
	n.pairs = append(n.pairs, p)
	return Problem{}, true
}

// isNumber reports whether s, without quotes, is a decimal number of any size. The YAML
// library takes numbers beyond the range of a float64 for text.
func isNumber(s string) bool {
	if s == "" || s[0] > '9' || strings.Trim(s, "0123456789+-.eE") != "" || !strings.ContainsAny(s, "0123456789") {
		return false // most texts begin with a letter
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// shorten truncates s so that a message stays readable.
func shorten(s string) string {
	const most = 60 // characters
	letters := []rune(s)
	if len(letters) <= most {
		return s
	}
	return fmt.Sprintf("%s…", string(letters[:most]))
}

// oneLine returns the first line of s that is not empty.
func oneLine(s string) string {
	s = strings.TrimSpace(s)
	if end := strings.IndexAny(s, "\n\r"); end >= 0 {
		s = s[:end]
	}
	return s
}
