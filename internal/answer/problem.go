package answer

import (
	"net/http"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Problem returns the content of a problem document (RFC 9457): a field for each entry of
// its errors member, which is an extension in an example of the RFC, or else the detail or
// the title as a message. A member of the wrong type is ignored. Problem returns nil for
// another document; without the media type, a problem must have a type and a title.
func Problem(header http.Header, body Node) []apierrors.Field {
	if wrapped, ok := body.Get("problem"); ok && len(body.Members) == 1 {
		body = wrapped // the root of the XML form
	}
	title, detail := body.text("title"), body.text("detail")
	isLabelled := strings.HasPrefix(header.Get("Content-Type"), "application/problem+")
	if !isLabelled && (title == "" || body.text("type") == "") {
		return nil
	}
	if detail == "" {
		detail = title
	}
	var fields []apierrors.Field
	if list, ok := body.Get("errors"); ok && list.Kind == Array {
		for _, e := range list.Elements {
			f := apierrors.Field{Path: pointerPath(e.text("pointer")), Message: e.text("detail")}
			if f != (apierrors.Field{}) {
				fields = append(fields, f)
			}
		}
	}
	if len(fields) == 0 && detail != "" {
		fields = []apierrors.Field{{Message: detail}}
	}
	return Bounded(fields)
}

// text returns the text of a member, or "" if it is not a text.
func (n Node) text(key string) string {
	member, _ := n.Get(key)
	if member.Kind != Text {
		return ""
	}
	return member.Text
}

// pointerPath returns the path of a field for a JSON pointer in a URI fragment.
func pointerPath(pointer string) string {
	pointer = strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/")
	keys := strings.Split(pointer, "/")
	for i, key := range keys {
		keys[i] = unescape(key)
	}
	return strings.Join(keys, ".")
}
