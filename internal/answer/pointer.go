package answer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Pointer is a JSON pointer (RFC 6901): the keys that lead to a value. The key * stands
// for every member of an object or every element of an array, which RFC 6901 does not have.
// The empty Pointer leads to the document itself; nil means that none is set.
type Pointer []string

// every is the key that stands for all.
const every = "*"

// UnmarshalText reads a pointer such as "/errors/0/code". The error says what was expected.
func (p *Pointer) UnmarshalText(text []byte) error {
	s := string(text)
	keys := strings.Split(s, "/")
	if keys[0] != "" || slices.ContainsFunc(keys, hasBadEscape) {
		return fmt.Errorf("expected a JSON pointer, such as /errors/0/code or /errors/*/code; got %q", s)
	}
	*p = Pointer{}
	for _, key := range keys[1:] {
		*p = append(*p, unescape(key))
	}
	return nil
}

// String returns p as it is written, such as "/errors/0/code".
func (p Pointer) String() string {
	var text strings.Builder
	for _, key := range p {
		text.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
	}
	return text.String()
}

// All returns the values to which p leads from n, in document order. In XML, several
// elements have one name; p leads to each.
func (n Node) All(p Pointer) []Node {
	if len(p) == 0 {
		return []Node{n}
	}
	var found []Node
	for _, next := range n.below(p[0]) {
		found = append(found, next.All(p[1:])...)
	}
	return found
}

// Each returns the values of a list or an object to which p leads from n, as All does, each
// with its key: its number in its list, from 0, or the name that * stands for.
func (n Node) Each(p Pointer) []Member {
	if len(p) == 0 {
		return nil
	}
	var found []Member
	last := p[len(p)-1]
	for _, parent := range n.All(p[:len(p)-1]) {
		for i, value := range parent.below(last) {
			key := strconv.Itoa(i)
			if parent.Kind == Object && last == every {
				key = parent.Members[i].Key
			}
			found = append(found, Member{key, value})
		}
	}
	return found
}

// At returns the first value to which p leads from n. It reports whether there is one.
func (n Node) At(p Pointer) (Node, bool) {
	all := n.All(p)
	if len(all) == 0 {
		return Node{}, false
	}
	return all[0], true
}

// below returns the members or elements of n that key stands for.
func (n Node) below(key string) []Node {
	if n.Kind == Array && key == every {
		return n.Elements
	}
	if n.Kind == Array {
		i, err := strconv.Atoi(key)
		if err != nil || strconv.Itoa(i) != key || i < 0 || i >= len(n.Elements) {
			return nil
		}
		return n.Elements[i : i+1]
	}
	var found []Node
	for _, m := range n.Members {
		if key == every || m.Key == key {
			found = append(found, m.Value)
		}
	}
	return found
}

// unescape resolves the escapes ~0 and ~1 in a key of a JSON pointer.
func unescape(key string) string { return pointerEscapes.Replace(key) }

// hasBadEscape reports whether key has a ~ that begins no escape.
func hasBadEscape(key string) bool {
	return strings.Contains(withoutEscapes.Replace(key), "~")
}

var withoutEscapes = strings.NewReplacer("~0", "", "~1", "")

var pointerEscapes = strings.NewReplacer("~1", "/", "~0", "~")
