package vendors

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A node is one JSON value. Members keep the order of the document, and a key that
// stands twice is there twice: a vendor's answer is read as it was sent.
type node struct {
	kind     kind
	text     string   // of a string, a number (as written) or a bool
	members  []member // of an object
	elements []node   // of an array
}

type member struct {
	key   string
	value node
}

type kind uint8

const (
	null kind = iota
	scalar
	text
	object
	array
)

// maxDepth bounds how deeply an answer may be nested. The deepest seen has five levels.
const maxDepth = 64

var (
	errTooDeep  = errors.New("nested too deeply")
	errTrailing = errors.New("something follows the JSON value")
)

// parseJSON reads a whole body as one JSON value.
func parseJSON(body []byte) (node, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	root, err := parseValue(d, 0)
	if err != nil {
		return node{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return node{}, errTrailing
	}
	return root, nil
}

func parseValue(d *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, errTooDeep
	}
	token, err := d.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return parseObject(d, depth)
		}
		return parseArray(d, depth)
	case string:
		return node{kind: text, text: t}, nil
	case json.Number:
		return node{kind: scalar, text: t.String()}, nil
	case bool:
		return node{kind: scalar, text: strconv.FormatBool(t)}, nil
	default:
		return node{kind: null}, nil
	}
}

func parseObject(d *json.Decoder, depth int) (node, error) {
	n := node{kind: object}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return node{}, err
		}
		value, err := parseValue(d, depth+1)
		if err != nil {
			return node{}, err
		}
		name, _ := key.(string) // the decoder lets nothing else stand there
		n.members = append(n.members, member{name, value})
	}
	_, err := d.Token() // the closing brace
	return n, err
}

func parseArray(d *json.Decoder, depth int) (node, error) {
	n := node{kind: array}
	for d.More() {
		value, err := parseValue(d, depth+1)
		if err != nil {
			return node{}, err
		}
		n.elements = append(n.elements, value)
	}
	_, err := d.Token() // the closing bracket
	return n, err
}

// get returns an object's first member called key.
func (n node) get(key string) (node, bool) {
	for _, m := range n.members {
		if m.key == key {
			return m.value, true
		}
	}
	return node{}, false
}

// at follows a JSON pointer (RFC 6901) through objects.
func (n node) at(pointer string) (node, bool) {
	if pointer == "" {
		return n, true
	}
	for _, key := range strings.Split(pointer[1:], "/") {
		next, ok := n.get(unescapePointer.Replace(key))
		if !ok {
			return node{}, false
		}
		n = next
	}
	return n, true
}

// unescapePointer undoes the two escapes of RFC 6901.
var unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")

// value is n as encoding/json would give it, but with whole numbers as int64.
func (n node) value() any {
	switch n.kind {
	case text:
		return n.text
	case scalar:
		return scalarValue(n.text)
	case array:
		list := make([]any, 0, len(n.elements))
		for _, e := range n.elements {
			list = append(list, e.value())
		}
		return list
	case object:
		m := make(map[string]any, len(n.members))
		for _, e := range n.members {
			m[e.key] = e.value.value()
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
