package answer

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// parseXML reads a whole body as one XML document. HTML is none, and a document type
// is refused, so that no entity can be declared.
func parseXML(body []byte) (Node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
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

// nextElement skips to the next element outside any other; io.EOF if there is none.
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

// parseElement reads an element whose start has been read.
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
