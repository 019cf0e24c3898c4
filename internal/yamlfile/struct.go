package yamlfile

import (
	"reflect"
	"slices"
	"strings"
)

// A field is a struct field that is a key of the file.
type field struct {
	key      string
	required bool
	index    []int // in the struct, as reflect.Value.FieldByIndex takes it
}

// fieldsOf returns the keys of struct type t, in the order of its fields; those of an
// embedded struct are its own.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		options := strings.Split(f.Tag.Get("yaml"), ",")
		key := options[0]
		if key == "" || key == "-" || !f.IsExported() {
			continue
		}
		required := slices.Contains(options[1:], "required")
		fields = append(fields, field{key: key, required: required, index: f.Index})
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

// structure reads n into v, which is a struct.
func (d *decoder) structure(n *node, v reflect.Value) {
	if n.kind != mapping {
		d.expected(n, "a mapping")
		return
	}
	setPos(v, n.pos)
	fields, met := d.fields[v.Type()]
	if !met {
		fields = fieldsOf(v.Type())
		d.fields[v.Type()] = fields
	}
	for _, p := range n.pairs {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == p.key.text })
		if i < 0 {
			known := keysOf(fields)
			d.report(p.key.pos.Errorf("unknown key %q%s", shorten(p.key.text), Suggest(p.key.text, known)))
			continue
		}
		d.value(p.value, v.FieldByIndex(fields[i].index))
	}
	d.missing(n, fields)
}

// missing reports the required keys that mapping n does not have.
func (d *decoder) missing(n *node, fields []field) {
	for _, f := range fields {
		there := slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key.text == f.key })
		if f.required && !there {
			d.report(n.pos.Errorf("missing key %q", f.key))
		}
	}
}

// setPos fills the fields of struct v that have type Pos and no tag.
func setPos(v reflect.Value, pos Pos) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		_, tagged := f.Tag.Lookup("yaml")
		if f.Type == reflect.TypeFor[Pos]() && f.IsExported() && !tagged {
			v.Field(i).Set(reflect.ValueOf(pos))
		}
	}
}
