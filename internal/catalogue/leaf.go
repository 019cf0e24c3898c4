package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
	"github.com/pb33f/libopenapi/datamodel/high/base"
)

// Bounds of what is read of a body.
const (
	maxDepth   = 5 // keys and lists
	maxMembers = 1000
)

// A leaf is a place of a body that has a text or a number.
type leaf struct {
	at       []string // keys from the outside in; * is a list
	values   []any    // that it may have, of type string or json.Number
	isClosed bool     // it has no others
}

// String returns the place as a pointer.
func (l leaf) String() string { return "/" + strings.Join(l.at, "/") }

// isWithin reports whether l is deeper than other, and has its key: in an object within the one that
// has other, or in a repetition of the whole form.
func (l leaf) isWithin(other leaf) bool {
	last, more := len(other.at)-1, len(l.at)-len(other.at)
	if last < 0 || more <= 0 || l.at[len(l.at)-1] != other.at[last] {
		return false
	}
	return slices.Equal(l.at[:last], other.at[:last]) || slices.Equal(l.at[more:], other.at)
}

// leaves returns those of a schema. Those of a schema that others refer to are found once.
func (r reader) leaves(schema *base.SchemaProxy) []leaf {
	if schema == nil {
		return nil
	}
	reference := schema.GetReference()
	if known, ok := r.forms[reference]; ok && reference != "" {
		return known
	}
	w := walker{waiting: []member{{schema: schema}}}
	for range maxMembers {
		if len(w.waiting) == 0 {
			break
		}
		next := w.waiting[0]
		w.waiting = w.waiting[1:]
		w.visit(next)
	}
	if reference != "" {
		r.forms[reference] = w.leaves
	}
	return w.leaves
}

// A walker collects leaves, those that are not deep first: an error may refer to much of the
// description, and to itself.
type walker struct {
	leaves  []leaf
	waiting []member
}

// A member is a schema at a place.
type member struct {
	schema *base.SchemaProxy
	at     []string
}

func (w *walker) visit(m member) {
	schema, err := m.schema.BuildSchema()
	if err != nil || schema == nil || len(m.at) > maxDepth {
		return
	}
	follow := func(to *base.SchemaProxy, keys ...string) {
		if to != nil {
			w.waiting = append(w.waiting, member{schema: to, at: slices.Concat(m.at, keys)})
		}
	}
	for _, part := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf) {
		follow(part)
	}
	for name, to := range schema.Properties.FromOldest() {
		follow(to, name)
	}
	if schema.Items != nil && schema.Items.IsA() {
		follow(schema.Items.A, "*")
	}
	w.add(schema, m.at)
}

// add adds a leaf if the schema is that of a text or a number with a few values.
func (w *walker) add(schema *base.Schema, at []string) {
	nodes := schema.Enum
	if schema.Const != nil {
		nodes = append(slices.Clone(nodes), schema.Const)
	}
	l := leaf{at: at, isClosed: len(nodes) > 0}
	for _, node := range nodes {
		if value := valueOf(node); value != nil {
			l.values = append(l.values, value)
		}
	}
	if !slices.Contains(schema.Type, "string") && len(l.values) == 0 {
		return
	}
	same := func(other leaf) bool { return slices.Equal(other.at, at) }
	if i := slices.IndexFunc(w.leaves, same); i >= 0 {
		w.leaves[i].values = append(w.leaves[i].values, l.values...)
		w.leaves[i].isClosed = w.leaves[i].isClosed && l.isClosed
		return
	}
	w.leaves = append(w.leaves, l)
}

// valueOf returns the text or the number of a node, or nil.
func valueOf(node *yaml.Node) any {
	switch {
	case node == nil || node.Kind != yaml.ScalarNode:
		return nil
	case node.Tag == "!!int":
		return json.Number(node.Value)
	case node.Tag == "!!str":
		return node.Value
	default:
		return nil
	}
}

// bodyWith returns a body that has value at l, and a text at those of others that are given.
func bodyWith(l leaf, value any, others []leaf) any {
	root := put(nil, l.at, value)
	for _, other := range others {
		root = put(root, other.at, "text")
	}
	return root
}

// put puts a value at a place, unless something else is there.
func put(root any, at []string, value any) any {
	if len(at) == 0 {
		if root == nil {
			return value
		}
		return root
	}
	if at[0] == "*" {
		list, ok := root.([]any)
		switch {
		case root == nil:
			return []any{put(nil, at[1:], value)}
		case ok:
			list[0] = put(list[0], at[1:], value)
		}
		return root
	}
	object, ok := root.(map[string]any)
	if root == nil {
		object, ok = map[string]any{}, true
	}
	if !ok {
		return root
	}
	object[at[0]] = put(object[at[0]], at[1:], value)
	return object
}
