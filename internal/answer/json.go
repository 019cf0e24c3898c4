package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
)

// parseJSON parses a body that is one JSON value.
func parseJSON(body []byte) (Node, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	root, err := parseValue(d, 0)
	if err != nil {
		return Node{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Node{}, errTrailing
	}
	return root, nil
}

// parseValue parses the next value.
func parseValue(d *json.Decoder, depth int) (Node, error) {
	if depth > maxDepth {
		return Node{}, errTooDeep
	}
	token, err := d.Token()
	if err != nil {
		return Node{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return parseObject(d, depth)
		}
		return parseArray(d, depth)
	case string:
		return Node{Kind: Text, Text: t}, nil
	case json.Number:
		return Node{Kind: Scalar, Text: t.String()}, nil
	case bool:
		return Node{Kind: Scalar, Text: strconv.FormatBool(t)}, nil
	default:
		return Node{Kind: Null}, nil
	}
}

// parseObject parses the rest of an object after its opening brace.
func parseObject(d *json.Decoder, depth int) (Node, error) {
	n := Node{Kind: Object}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return Node{}, err
		}
		value, err := parseValue(d, depth+1)
		if err != nil {
			return Node{}, err
		}
		name, _ := key.(string) // the decoder accepts nothing else here
		n.Members = append(n.Members, Member{name, value})
	}
	_, err := d.Token() // the closing brace
	return n, err
}

// parseArray parses the rest of an array after its opening bracket.
func parseArray(d *json.Decoder, depth int) (Node, error) {
	n := Node{Kind: Array}
	for d.More() {
		value, err := parseValue(d, depth+1)
		if err != nil {
			return Node{}, err
		}
		n.Elements = append(n.Elements, value)
	}
	_, err := d.Token() // the closing bracket
	return n, err
}
