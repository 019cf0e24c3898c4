package yamlfile

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A field is a struct field that is a key of the file. Its tag may have options:
//
//	required     the key must be there
//	positive     a number or a duration must be above zero
//	nonnegative  a number or a duration must not be below zero
//	nonempty     text must have a character, a list an element
//	explicit     Encode writes an empty list, because it differs from no list
//	was=word     the key was called word before; that name is refused
type field struct {
	key     string
	options []string
	index   []int // in the struct, as reflect.Value.FieldByIndex takes it
}

// fieldsByType has the fields of each struct type that was read: a []field by its reflect.Type.
var fieldsByType sync.Map

// fieldsOf returns the keys of struct type t in the order of its fields. The keys of an
// embedded struct belong to t. They are shared: the caller must not change them.
func fieldsOf(t reflect.Type) []field {
	if fields, ok := fieldsByType.Load(t); ok {
		return fields.([]field)
	}
	fields, _ := fieldsByType.LoadOrStore(t, findFields(t))
	return fields.([]field)
}

// findFields returns what fieldsOf does.
func findFields(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key == "" || key == "-" || !f.IsExported() {
			continue
		}
		fields = append(fields, field{key: key, options: strings.Split(options, ","), index: f.Index})
	}
	return fields
}

// keysOf returns the names of fields.
func keysOf(fields []field) []string {
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	return keys
}

// has reports whether the tag of f has an option.
func (f field) has(option string) bool { return slices.Contains(f.options, option) }

// check returns a problem if v, which was read from n, is a value that f refuses.
func (f field) check(n *node, v reflect.Value) (Problem, bool) {
	if isWord(v.Type()) && v.IsZero() {
		return n.pos.Errorf("%s: %s means the same as no key; leave it out", f.key, shorten(n.text)), false
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if want := f.wants(v); want != "" {
		return n.pos.Errorf("%s: expected %s; got %s", f.key, want, n.got()), false
	}
	return Problem{}, true
}

// wants returns what f expects instead of v, or "" if it accepts v.
func (f field) wants(v reflect.Value) string {
	what := "number"
	if isDuration(v.Type()) {
		what = "duration"
	}
	switch {
	case f.has("positive") && v.CanInt() && v.Int() <= 0:
		return "a " + what + " above zero"
	case f.has("nonnegative") && v.CanInt() && v.Int() < 0:
		return "a " + what + " of zero or more"
	case f.has("nonempty") && v.Kind() == reflect.String && v.Len() == 0:
		return "text that is not empty"
	case f.has("nonempty") && v.Kind() == reflect.Slice && v.Len() == 0:
		return "at least one element"
	default:
		return ""
	}
}
