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
	in                                  answer.Pointer
	code, message, field, fields, needs answer.Pointer // from an object; nil: none
	nested                              []string
	slug, uncoded, texts                bool
	is, means                           string
	adds, general                       bool
}

// items returns the errors that the first matching shape finds, and those of later shapes
// that add to them; and the codes that say the same with less detail.
func (d decoder) items(body answer.Node) (items []apierrors.Field, general []string) {
	for _, s := range d.shapes {
		if len(items) > 0 && !s.adds && !s.general {
			continue
		}
		found := s.find(body)
		if general = append(general, found.general...); len(items) > 0 && s.general {
			general = append(general, codesOf(found.items)...)
			continue
		}
		items = append(items, found.items...)
	}
	return answer.Bounded(d.spread(items)), general[:min(len(general), answer.MaxItems)]
}

func codesOf(items []apierrors.Field) []string {
	var codes []string
	for _, item := range items {
		if item.Code != "" {
			codes = append(codes, item.Code)
		}
	}
	return codes
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
		return slices.ContainsFunc([]answer.Pointer{s.in, s.code, s.message, s.field, s.fields}, func(p answer.Pointer) bool {
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
