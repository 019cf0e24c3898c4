package answer

import (
	"strconv"
	"strings"
)

// A Node is one value. Members keep the order of the document, and a key that stands
// twice is there twice: an answer is read as it was sent.
type Node struct {
	Kind     Kind
	Text     string   // of a text, a number (as written) or a bool
	Members  []Member // of an object
	Elements []Node   // of an array
}

// A Member is one entry of an object; in XML, a child element.
type Member struct {
	Key   string
	Value Node
}

// Kind is what a Node is.
type Kind uint8

// The kinds.
const (
	Null   Kind = iota
	Scalar      // a number or a bool
	Text
	Object
	Array
)

// Get returns an object's first member called key.
func (n Node) Get(key string) (Node, bool) {
	for _, m := range n.Members {
		if m.Key == key {
			return m.Value, true
		}
	}
	return Node{}, false
}

// At follows a JSON pointer (RFC 6901) through objects; the empty one is n itself.
func (n Node) At(pointer string) (Node, bool) {
	if pointer == "" {
		return n, true
	}
	for key := range strings.SplitSeq(pointer[1:], "/") {
		next, ok := n.Get(Unescape(key))
		if !ok {
			return Node{}, false
		}
		n = next
	}
	return n, true
}

// Unescape undoes the two escapes of a JSON pointer (RFC 6901).
func Unescape(key string) string { return pointerEscapes.Replace(key) }

var pointerEscapes = strings.NewReplacer("~1", "/", "~0", "~")

// Value is n as encoding/json would give it, but with whole numbers as int64.
func (n Node) Value() any {
	switch n.Kind {
	case Text:
		return n.Text
	case Scalar:
		return scalarValue(n.Text)
	case Array:
		list := make([]any, 0, len(n.Elements))
		for _, e := range n.Elements {
			list = append(list, e.Value())
		}
		return list
	case Object:
		m := make(map[string]any, len(n.Members))
		for _, e := range n.Members {
			m[e.Key] = e.Value.Value()
		}
		return m
	default:
		return nil
	}
}

func scalarValue(s string) any {
	if s == "true" || s == "false" {
		return s == "true"
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f
	}
	return s // a number beyond a float64
}
