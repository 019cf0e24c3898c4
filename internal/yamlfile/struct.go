package yamlfile

import (
	"reflect"
	"slices"
	"strings"
)

// structure reads n into v, which is a struct.
func (d *decoder) structure(n *node, v reflect.Value) {
	fields := fieldsOf(v.Type())
	if n.kind != mapping {
		d.expected(n, "a mapping"+requiredIn(fields))
		return
	}
	setPos(v, n.pos)
	for _, p := range n.pairs {
		if f, ok := d.fieldOf(p.key, fields); ok {
			d.field(f, p.value, v.FieldByIndex(f.index))
		}
	}
	d.missing(n, fields)
}

// requiredIn returns the required ones of fields, as a text such as " with name and rate".
func requiredIn(fields []field) string {
	var keys []string
	for _, f := range fields {
		if f.has("required") {
			keys = append(keys, f.key)
		}
	}
	if keys == nil {
		return ""
	}
	return " with " + strings.Join(keys, " and ")
}

// fieldOf returns the field that key names. It reports a key that names none, and one
// that was renamed.
func (d *decoder) fieldOf(key *node, fields []field) (field, bool) {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.key == key.text }); i >= 0 {
		return fields[i], true
	}
	before := "was=" + key.text
	if i := slices.IndexFunc(fields, func(f field) bool { return f.has(before) }); i >= 0 {
		d.report(key.pos.Errorf("%q is now called %q", key.text, fields[i].key))
		return fields[i], true
	}
	d.report(key.pos.Errorf("unknown key %q%s", shorten(key.text), Suggest(key.text, keysOf(fields))))
	return field{}, false
}

// field reads n into v. A value that the tag of f refuses is reported, and v is left
// zero, so that it is not reported twice.
func (d *decoder) field(f field, n *node, v reflect.Value) {
	before := len(d.problems)
	d.value(n, v)
	if n.kind == broken || len(d.problems) > before {
		return
	}
	if p, ok := f.check(n, v); !ok {
		d.report(p)
		v.SetZero()
	}
}

// missing reports the required keys that mapping n does not have.
func (d *decoder) missing(n *node, fields []field) {
	for _, f := range fields {
		if f.has("required") && !slices.ContainsFunc(n.pairs, func(p pair) bool { return p.key.text == f.key }) {
			d.report(n.pos.Errorf("missing key %q", f.key))
		}
	}
}

// setPos fills the fields of struct v that have type Pos and no tag.
func setPos(v reflect.Value, pos Pos) {
	for i := range v.NumField() {
		if v.Field(i).Type() != reflect.TypeFor[Pos]() {
			continue // as most are
		}
		f := v.Type().Field(i)
		if _, isTagged := f.Tag.Lookup("yaml"); f.IsExported() && !isTagged {
			v.Field(i).Set(reflect.ValueOf(pos))
		}
	}
}
