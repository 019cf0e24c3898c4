package answer

import (
	"bytes"
	"errors"
)

// maxDepth is how many levels a document may have. The deepest of a vendor has five.
const maxDepth = 64

var (
	errTooDeep  = errors.New("nested too deeply")
	errTrailing = errors.New("data after the value")
	errDocType  = errors.New("document types are not supported")
	errCharset  = errors.New("unsupported charset")
)

// byteOrderMark is that of UTF-8. Some servers send it before the document.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Parse parses a whole body. It reports false if the body is neither JSON nor XML, is HTML,
// or is not well-formed. It goes by the first byte of the body and not by Content-Type:
// vendors send JSON as text/html, and gateways HTML as application/json.
//
// An XML document becomes an object with one member, its root. An element becomes an
// object with its children as members, or a text if it has no children. Attributes are
// ignored.
func Parse(body []byte) (Node, bool) {
	body = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(body), byteOrderMark))
	if len(body) == 0 {
		return Node{}, false
	}
	var root Node
	var err error
	switch body[0] {
	case '{', '[':
		root, err = parseJSON(body)
	case '<':
		root, err = parseXML(body)
	default:
		return Node{}, false
	}
	return root, err == nil
}
