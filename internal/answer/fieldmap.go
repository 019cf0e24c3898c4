package answer

import (
	"slices"
	"strconv"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// FieldsOf returns the fields in a document that maps each of them to the texts of its errors:
// in a member errors, as Laravel and Rails do, or as a whole, as Django REST framework does. It
// is nil for any other document.
func FieldsOf(body Node) []apierrors.Field {
	errors, hasErrors := body.Get("errors")
	isText := func(m Member) bool { return m.Value.Kind == Text }
	switch {
	case hasErrors:
		return errors.fieldMap()
	case slices.ContainsFunc(body.Members, isText):
		return nil
	default:
		return body.fieldMap()
	}
}

// fieldMap returns the fields of a map, or of a list with a map for each record. It is nil if n
// is something else.
func (n Node) fieldMap() []apierrors.Field {
	isText := func(e Node) bool { return e.Kind == Text }
	if n.Kind == Text || slices.ContainsFunc(n.Elements, isText) {
		return nil
	}
	fields, _ := n.fieldErrors(nil)
	return Bounded(fields)
}

// fieldErrors returns the texts in n with the keys above each, of which some are given. It
// reports false if n has anything but maps and lists of texts. Only a text that is the whole
// value of a field needs no list.
func (n Node) fieldErrors(keys []string) (fields []apierrors.Field, isMap bool) {
	add := func(key string, value Node) bool {
		below, ok := value.fieldErrors(append(slices.Clone(keys), key))
		fields = append(fields, below...)
		return ok
	}
	for _, m := range n.Members {
		if m.Value.Kind == Text && len(keys) > 0 || !add(m.Key, m.Value) {
			return nil, false
		}
	}
	for i, e := range n.Elements {
		if e.Kind == Text {
			fields = append(fields, apierrors.Field{Path: fieldPath(keys), Message: e.Text})
		} else if e.Kind != Object || !add(strconv.Itoa(i), e) {
			return nil, false
		}
	}
	if n.Kind == Text {
		fields = []apierrors.Field{{Path: fieldPath(keys), Message: n.Text}}
	}
	return fields, n.Kind == Object || n.Kind == Array || n.Kind == Text
}

// wholeRecord are the keys of errors that are about no single field: of Django REST framework,
// of Django and of Rails.
var wholeRecord = []string{"non_field_errors", "__all__", "base"}

// fieldPath returns the path of the field with these keys.
func fieldPath(keys []string) string {
	last := len(keys) - 1
	if slices.Contains(wholeRecord, keys[last]) {
		keys = keys[:last]
	}
	return strings.Join(keys, ".")
}
