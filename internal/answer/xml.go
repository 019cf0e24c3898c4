package answer

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// parseXML parses a body that is one XML document. It refuses HTML, and document types,
// because these can declare entities.
func parseXML(body []byte) (Node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = charset
	start, err := nextElement(d)
	if err != nil {
		return Node{}, err
	}
	if strings.EqualFold(start.Name.Local, "html") {
		return Node{}, errDocType
	}
	root, err := parseElement(d, 1)
	if err != nil {
		return Node{}, err
	}
	if _, err := nextElement(d); !errors.Is(err, io.EOF) {
		return Node{}, errTrailing
	}
	return Node{Kind: Object, Members: []Member{{start.Name.Local, root}}}, nil
}

// charset converts Latin-1 and ASCII, the other charsets that servers use, to UTF-8.
func charset(label string, r io.Reader) (io.Reader, error) {
	if !slices.Contains([]string{"iso-8859-1", "us-ascii"}, strings.ToLower(label)) {
		return nil, errCharset
	}
	latin, err := io.ReadAll(r)
	var text strings.Builder
	for _, b := range latin {
		_, _ = text.WriteRune(rune(b)) // the first 256 characters of Unicode are Latin-1
	}
	return strings.NewReader(text.String()), err
}

// nextElement returns the next element on the outermost level, or io.EOF.
func nextElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t, nil
		case xml.Directive:
			return xml.StartElement{}, errDocType
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.StartElement{}, errTrailing
			}
		}
	}
}

// parseElement parses the rest of an element after its start tag.
func parseElement(d *xml.Decoder, depth int) (Node, error) {
	if depth > maxDepth {
		return Node{}, errTooDeep
	}
	var children []Member
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return Node{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			child, err := parseElement(d, depth+1)
			if err != nil {
				return Node{}, err
			}
			children = append(children, Member{t.Name.Local, child})
		case xml.CharData:
			_, _ = text.Write(t)
		case xml.Directive:
			return Node{}, errDocType
		case xml.EndElement:
			if len(children) > 0 {
				return Node{Kind: Object, Members: children}, nil
			}
			return Node{Kind: Text, Text: strings.TrimSpace(text.String())}, nil
		}
	}
}
