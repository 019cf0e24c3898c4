package answer

import (
	"net/http"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// Problem reads a problem document (RFC 9457): the detail or the title as a message,
// and the entries of its errors member, as in that document's own example, as fields.
// A member of the wrong type is as if it were absent. It finds nothing in other
// documents: one that is not labelled as a problem needs a title and a type.
func Problem(header http.Header, body Node) []apierrors.Field {
	if wrapped, ok := body.Get("problem"); ok && len(body.Members) == 1 {
		body = wrapped // the XML form's root
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

// text is the text of a member; empty if it is no text.
func (n Node) text(key string) string {
	member, _ := n.Get(key)
	if member.Kind != Text {
		return ""
	}
	return member.Text
}

// pointerPath writes a JSON pointer, as it stands in a URI fragment, as a field's path.
func pointerPath(pointer string) string {
	pointer = strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/")
	keys := strings.Split(pointer, "/")
	for i, key := range keys {
		keys[i] = Unescape(key)
	}
	return strings.Join(keys, ".")
}
