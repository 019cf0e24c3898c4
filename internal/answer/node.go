package answer

import "strconv"

// A Node is a value of the document.
type Node struct {
	Kind Kind

	// Text is that of a text, a number or a bool, as in the document.
	Text string

	// Members are those of an object in document order. Duplicate keys are kept.
	Members []Member

	// Elements are those of an array.
	Elements []Node
}

// A Member is a member of an object or, in XML, a child element.
type Member struct {
	Key   string
	Value Node
}

// Kind is the kind of a Node.
type Kind uint8

// The kinds.
const (
	Null   Kind = iota
	Scalar      // a number or a bool
	Text
	Object
	Array
)

// Get returns the first member of n called key. It reports whether there is one.
func (n Node) Get(key string) (Node, bool) {
	for _, m := range n.Members {
		if m.Key == key {
			return m.Value, true
		}
	}
	return Node{}, false
}

// IsEmpty reports whether n says nothing: null, false, 0, or a text, object or array that is
// empty. XML has no false and 0 but as texts.
func (n Node) IsEmpty() bool {
	switch n.Kind {
	case Object:
		return len(n.Members) == 0
	case Array:
		return len(n.Elements) == 0
	default:
		return n.Text == "" || n.Text == "false" || n.Text == "0"
	}
}

// Value returns n as encoding/json would decode it into an any, but with whole numbers as
// int64.
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

// scalarValue returns the bool or number that s is.
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
	return s // a number beyond the range of a float64
}
