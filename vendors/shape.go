package vendors

import (
	"regexp"
	"strings"
	"unicode"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A shape is one way in which a vendor writes errors into JSON. An object that has
// the code member is an error; the keys on the way to it are its field's path. Without
// a code member, the object at in is the error, if it has the message member.
type shape struct {
	in                   string // JSON pointer
	code, message, field string // members
	texts                bool   // plain texts are errors, too
	needs                string // member that must be there
}

// Bounds of what is kept of an answer's words.
const (
	maxItems   = 100
	maxMessage = 512 // bytes
	maxPath    = 128 // bytes
)

// codeForm is what a code looks like. Anything else in its place is not taken for one.
var codeForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// items returns the errors that the first fitting shape finds, and the extra members
// of a lone one.
func (d decoder) items(body node) ([]apierrors.Field, map[string]any) {
	for _, s := range d.shapes {
		start, ok := body.at(s.in)
		if !ok {
			continue
		}
		if _, has := start.get(s.needs); s.needs != "" && !has {
			continue
		}
		found := finds{shape: s}
		found.walk(start, nil)
		if len(found.items) == 0 {
			continue
		}
		var details map[string]any
		if len(found.items) == 1 {
			details = s.extras(found.last)
		}
		return d.spread(found.items), details
	}
	return nil, nil
}

// finds gathers the errors of one body.
type finds struct {
	shape shape
	items []apierrors.Field
	last  node // the object of the latest error
}

// walk looks for errors in n and below. keys are those on the way to n.
func (f *finds) walk(n node, keys []string) {
	if len(f.items) >= maxItems {
		return
	}
	switch n.kind {
	case object:
		if item, ok := f.shape.item(n, keys); ok {
			f.items, f.last = append(f.items, item), n
			return
		}
		if f.shape.code == "" {
			return
		}
		for _, m := range n.members {
			f.walk(m.value, append(keys[:len(keys):len(keys)], m.key))
		}
	case array:
		for _, e := range n.elements {
			f.walk(e, keys)
		}
	case text:
		if f.shape.texts {
			f.items = append(f.items, apierrors.Field{Path: pathOf(keys), Message: oneLine(n.text)})
		}
	case null, scalar:
	}
}

// item reads n as an error, if it is one.
func (s shape) item(n node, keys []string) (apierrors.Field, bool) {
	message, hasMessage := n.get(s.message)
	hasMessage = hasMessage && message.kind == text
	item := apierrors.Field{Path: pathOf(keys)}
	if hasMessage {
		item.Message = oneLine(message.text)
	}
	if s.code == "" {
		return item, hasMessage
	}
	code, hasCode := n.get(s.code)
	if !hasCode || (code.kind != text && code.kind != scalar) {
		return item, false
	}
	if codeForm.MatchString(code.text) {
		item.Code = code.text
	}
	if field, ok := n.get(s.field); ok && field.kind == text {
		item.Path = clip(field.text, maxPath)
	}
	return item, true
}

// extras are the members of a lone error that the shape does not name.
func (s shape) extras(n node) map[string]any {
	var extras map[string]any
	for _, m := range n.members {
		if m.key == s.code || m.key == s.message || m.key == s.field {
			continue
		}
		if extras == nil {
			extras = map[string]any{}
		}
		extras[m.key] = m.value.value()
	}
	return extras
}

// spread gives errors whose fields are named inside the message an entry for each.
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
	return out[:min(len(out), maxItems)]
}

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
	return names[:min(len(names), maxItems)]
}

func pathOf(keys []string) string { return clip(strings.Join(keys, "."), maxPath) }

// oneLine makes a vendor's text a bounded line: control characters become blanks.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, clip(s, maxMessage))
	return strings.TrimSpace(s)
}

// clip cuts s after n bytes at the most, and never inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
