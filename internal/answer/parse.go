package answer

import (
	"bytes"
	"errors"
)

// maxDepth bounds how deeply an answer may be nested. The deepest seen has five levels.
const maxDepth = 64

var (
	errTooDeep  = errors.New("nested too deeply")
	errTrailing = errors.New("something follows the value")
	errDocType  = errors.New("a document type is not read")
	errCharset  = errors.New("the charset is not read")
)

// byteOrderMark is UTF-8's, which some servers put in front.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Parse reads a whole body; false for what is neither JSON nor XML, for HTML, and for
// what is not well-formed. The first byte tells which it is: vendors label JSON as
// text/html, and gateways send HTML as application/json.
//
// An XML document becomes an object with one member, its root; an element becomes an
// object of its children, or a text if it has none. Attributes are not read.
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
