package yamlfile

import "reflect"

// list reads n into v, which is a slice. A scalar is a slice of one.
func (d *decoder) list(n *node, v reflect.Value) {
	items := n.items
	if isScalar(n) && takesScalar(v.Type().Elem()) {
		items = []*node{n}
	} else if n.kind != list {
		d.expected(n, "a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		d.value(item, v.Index(i))
	}
}

// isScalar reports whether n is a scalar other than null.
func isScalar(n *node) bool {
	return n.kind == boolean || n.kind == number || n.kind == text
}

// takesScalar reports whether a value of type t is written as a scalar.
func takesScalar(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice:
		return isWord(t)
	default:
		return true
	}
}

// table reads n into v, which is a map.
func (d *decoder) table(n *node, v reflect.Value) {
	if n.kind != mapping {
		d.expected(n, "a mapping")
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.pairs)))
	for _, p := range n.pairs {
		value := reflect.New(v.Type().Elem()).Elem()
		d.value(p.value, value)
		if value.Kind() == reflect.Struct {
			setPos(value, p.key.pos) // the position of an entry is that of its key
		}
		if key, ok := d.key(p.key, v); ok {
			v.SetMapIndex(key, value)
		}
	}
}

// key reads n into a new key for map m. It reports false if n is not a valid key, or if m
// has the key already because two words mean the same.
func (d *decoder) key(n *node, m reflect.Value) (reflect.Value, bool) {
	key := reflect.New(m.Type().Key()).Elem()
	if key.Kind() != reflect.String && !isWord(key.Type()) {
		d.report(n.pos.Errorf("the program cannot read keys of Go type %v", key.Type()))
		return key, false
	}
	before := len(d.problems)
	d.value(n, key)
	if len(d.problems) > before {
		return key, false
	}
	if m.MapIndex(key).IsValid() {
		d.report(n.pos.Errorf("duplicate key %q; an earlier word means the same", shorten(n.text)))
		return key, false
	}
	return key, true
}
