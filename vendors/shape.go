package vendors

import (
	"slices"
	"strings"
	"unicode"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
)

// A shape is one form in which a vendor writes errors; see shapeRow for its fields.
//
// An object with a code is an error, and the keys above it are the path of its field. If the
// shape has no code, the object at in is the error if it has a message. If the shape has
// texts, a text is an error, too. If it has is, the value at in is the error if it has that
// text.
type shape struct {
	in                          answer.Pointer
	code, message, field, needs answer.Pointer // from an object; nil: none
	texts                       bool
	is, means                   string
	adds                        bool
}

// items returns the errors that the first matching shape finds, and those of later shapes
// that add to them.
func (d decoder) items(body answer.Node) []apierrors.Field {
	var items []apierrors.Field
	for _, s := range d.shapes {
		if len(items) == 0 || s.adds {
			items = append(items, s.find(body)...)
		}
	}
	return answer.Bounded(d.spread(items))
}

// find returns the errors of one shape in body.
func (s shape) find(body answer.Node) []apierrors.Field {
	found := finds{shape: s}
	for _, start := range body.All(s.in) {
		_, isComplete := start.At(s.needs)
		switch {
		case s.needs != nil && !isComplete:
		case s.means == "":
			found.walk(start, nil)
		case start.Text == s.is:
			found.items = append(found.items, apierrors.Field{Code: s.means, Message: start.Text})
		}
	}
	return found.items
}

// finds collects the errors of one shape in one body.
type finds struct {
	shape shape
	items []apierrors.Field
}

// walk looks for errors in n and below it. keys are those above n.
func (f *finds) walk(n answer.Node, keys []string) {
	if len(f.items) >= answer.MaxItems {
		return
	}
	switch n.Kind {
	case answer.Object:
		if item, ok := f.shape.item(n, keys); ok {
			f.items = append(f.items, item)
			return
		}
		if f.shape.code == nil && !f.shape.texts {
			return
		}
		for _, m := range n.Members {
			f.walk(m.Value, append(keys[:len(keys):len(keys)], m.Key))
		}
	case answer.Array:
		for _, e := range n.Elements {
			f.walk(e, keys)
		}
	case answer.Text:
		if f.shape.texts {
			f.items = append(f.items, apierrors.Field{Path: strings.Join(keys, "."), Message: n.Text})
		}
	case answer.Null, answer.Scalar:
	}
}

// item returns the error in n. It reports whether n is one.
func (s shape) item(n answer.Node, keys []string) (apierrors.Field, bool) {
	item := apierrors.Field{Path: strings.Join(keys, "."), Message: textAt(n, s.message)}
	if path := textAt(n, s.field); path != "" {
		item.Path = path
	}
	if s.code == nil {
		_, hasMessage := kindAt(n, s.message, answer.Text)
		return item, hasMessage
	}
	code, hasCode := kindAt(n, s.code, answer.Text, answer.Scalar)
	if apierrors.IsCode(code.Text) {
		item.Code = code.Text
	}
	return item, hasCode
}

// textAt returns the text to which p leads from n, or "".
func textAt(n answer.Node, p answer.Pointer) string {
	found, _ := kindAt(n, p, answer.Text)
	return found.Text
}

// kindAt returns the value to which p leads from n. It reports whether p is set, and the
// value is of one of kinds.
func kindAt(n answer.Node, p answer.Pointer, kinds ...answer.Kind) (answer.Node, bool) {
	found, ok := n.At(p)
	if p == nil || !ok || !slices.Contains(kinds, found.Kind) {
		return answer.Node{}, false
	}
	return found, true
}

// details returns the members of the body that no shape reads, by their documented names.
func (d decoder) details(body answer.Node) map[string]any {
	var details map[string]any
	for _, m := range d.unwrapped(body).Members {
		if d.reads(m.Key) {
			continue
		}
		if details == nil {
			details = map[string]any{}
		}
		key := m.Key
		if documented, ok := d.rename[key]; ok {
			key = documented
		}
		details[key] = m.Value.Value()
	}
	return details
}

// unwrapped returns the object whose members are details. It is the body, unless the only
// member of the body is the error itself.
func (d decoder) unwrapped(body answer.Node) answer.Node {
	for _, s := range d.shapes {
		inner, _ := body.At(s.in)
		_, isError := inner.At(s.code)
		if len(s.in) > 0 && s.code != nil && isError && len(body.Members) == 1 {
			return inner
		}
	}
	return body
}

// reads reports whether a shape reads the member called key.
func (d decoder) reads(key string) bool {
	return slices.ContainsFunc(d.shapes, func(s shape) bool {
		return slices.ContainsFunc([]answer.Pointer{s.in, s.code, s.message, s.field}, func(p answer.Pointer) bool {
			return len(p) > 0 && p[0] == key
		})
	})
}

// spread returns items with an entry for each field, where the message of an item lists
// fields.
func (d decoder) spread(items []apierrors.Field) []apierrors.Field {
	var out []apierrors.Field
	for _, item := range items {
		names := d.fieldNames(item)
		for _, name := range names {
			out = append(out, apierrors.Field{Path: name, Code: item.Code, Message: item.Message})
		}
		if len(names) == 0 {
			out = append(out, item)
		}
	}
	return out
}

// fieldNames returns the fields that the message of item lists.
func (d decoder) fieldNames(item apierrors.Field) []string {
	pattern := d.fieldLists[item.Code]
	if pattern == nil || item.Path != "" {
		return nil
	}
	found := pattern.FindStringSubmatch(item.Message)
	if found == nil {
		return nil
	}
	names := strings.FieldsFunc(found[1], func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	return names[:min(len(names), answer.MaxItems)]
}
