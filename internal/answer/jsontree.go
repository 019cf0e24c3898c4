package answer

import (
	"encoding/json"
	"strconv"
	"strings"
)

// isNothing reports whether a value is null, false, 0, or a text, list or object that is empty.
func isNothing(value json.RawMessage) bool {
	n, ok := Parse(value)
	if !ok {
		text, _ := scalarText(value)
		return text == "" || text == "false" || text == "0"
	}
	return n.IsEmpty()
}

// scalarText returns the text of a text, a number or a bool; of null, the empty one.
func scalarText(value json.RawMessage) (string, bool) {
	var text string
	switch {
	case len(value) == 0 || strings.ContainsRune("{[", rune(value[0])):
		return "", false
	case json.Unmarshal(value, &text) == nil: // null, too
		return text, true
	default:
		return string(value), true
	}
}

// A jsonTree is a JSON value whose members are looked up without decoding the others.
type jsonTree struct {
	text    json.RawMessage
	members map[string]json.RawMessage // of text, once one was looked up
}

// at returns the value to which a JSON pointer leads.
func (t *jsonTree) at(place string) (json.RawMessage, bool) {
	keys := pointerOf(place)
	if len(keys) == 0 {
		return t.text, len(t.text) > 0
	}
	if t.members == nil {
		t.members = childrenOf(t.text)
	}
	value, ok := t.members[keys[0]]
	for _, key := range keys[1:] {
		if !ok {
			break
		}
		value, ok = childrenOf(value)[key]
	}
	return value, ok
}

// childrenOf returns the members of an object, or the elements of a list by their numbers.
func childrenOf(text json.RawMessage) map[string]json.RawMessage {
	members := map[string]json.RawMessage{}
	if json.Unmarshal(text, &members) == nil {
		return members
	}
	var elements []json.RawMessage
	_ = json.Unmarshal(text, &elements)
	for i, one := range elements {
		members[strconv.Itoa(i)] = one
	}
	return members
}

// TextIn returns the text, the number or the bool at a JSON pointer in a document; empty: there is
// none, or it says nothing.
func TextIn(document json.RawMessage, place string) string {
	text, _ := cursorAt(&jsonTree{text: document}, place)
	return text
}

// WithMember returns a JSON object with a value at a JSON pointer. Objects on the way to it are
// made. The error says that there is another value on the way.
func WithMember(document json.RawMessage, place string, value any) (json.RawMessage, error) {
	return withMember(document, pointerOf(place), value)
}

func withMember(document json.RawMessage, keys Pointer, value any) (json.RawMessage, error) {
	if len(keys) == 0 {
		return json.Marshal(value)
	}
	var members map[string]json.RawMessage
	if len(document) > 0 {
		if err := json.Unmarshal(document, &members); err != nil {
			return nil, err
		}
	}
	if members == nil {
		members = map[string]json.RawMessage{}
	}
	member, err := withMember(members[keys[0]], keys[1:], value)
	if err != nil {
		return nil, err
	}
	members[keys[0]] = member
	return json.Marshal(members)
}
