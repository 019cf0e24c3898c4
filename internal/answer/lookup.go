package answer

import (
	"slices"

	"github.com/retrywise/retrywise/policy"
)

// LookedUp returns what the response to l, whose templates are filled, says about the record.
// sent is the JSON body of the write, for HasBody. An HTML page is not the vendor's word, and a
// document that is not what l expects says nothing.
func LookedUp(l policy.Lookup, sent []byte, a policy.Answer) policy.LookupAnswer {
	said := l.OfStatus(a.Status)
	switch {
	case IsHTML(a.Body), said == policy.LookupUnclear:
		return policy.LookupUnclear
	case said == policy.LookupAbsent, l.At == "" && !l.HasBody:
		return said
	}
	root, ok := Parse(a.Body)
	if !ok {
		return policy.LookupUnclear
	}
	return foundIn(root, l, sent)
}

// foundIn returns what a document says.
func foundIn(root Node, l policy.Lookup, sent []byte) policy.LookupAnswer {
	in, at := pointerOf(l.In), pointerOf(l.At)
	place, ok := root.At(in)
	body, isBody := Parse(sent)
	switch {
	case !ok, l.HasBody && (!isBody || body.IsEmpty()):
		return policy.LookupUnclear
	case l.In != "" && place.IsEmpty():
		return policy.LookupAbsent
	}
	elements := []Node{place}
	if place.Kind == Array {
		elements = place.Elements
	}
	isRecord := func(n Node) bool {
		return (l.At == "" || slices.ContainsFunc(n.All(at), func(v Node) bool { return v.Text == l.Is && isText(v) })) &&
			(!l.HasBody || n.holds(body))
	}
	switch {
	case slices.ContainsFunc(elements, isRecord):
		return policy.LookupFound
	case l.Complete:
		return policy.LookupAbsent
	default:
		return policy.LookupUnclear
	}
}

// pointerOf returns the pointer that a text is; it was checked. Empty: the whole document.
func pointerOf(text string) Pointer {
	p := Pointer{}
	if text != "" {
		_ = p.UnmarshalText([]byte(text))
	}
	return p
}

func isText(n Node) bool { return n.Kind == Text || n.Kind == Scalar }

// TextAt returns the text, the number or the bool to which keys lead from the root of a JSON
// document. It reports whether there is one.
func TextAt(document []byte, keys ...string) (string, bool) {
	root, ok := Parse(document)
	if !ok {
		return "", false
	}
	n, ok := root.At(keys)
	return n.Text, ok && isText(n)
}

// holds reports whether n has all that o has: the members of objects, at any depth, and the
// same other values.
func (n Node) holds(o Node) bool {
	if n.Kind != o.Kind {
		return false
	}
	switch n.Kind {
	case Object:
		return !slices.ContainsFunc(o.Members, func(m Member) bool {
			own, ok := n.Get(m.Key)
			return !ok || !own.holds(m.Value)
		})
	case Array:
		return slices.EqualFunc(n.Elements, o.Elements, Node.holds)
	default:
		return n.Text == o.Text
	}
}
