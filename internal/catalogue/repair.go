package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/pb33f/go-yaml"
)

// A repairer empties the references of a description that lead nowhere or to another file: the
// library leaves out all that is around one.
type repairer struct {
	root  *yaml.Node
	found map[string]bool // by reference
	lost  []error
}

// repaired returns a description without references that lead nowhere, and which they were.
func repaired(data []byte) (out []byte, lost error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil || len(document.Content) == 0 {
		return data, err
	}
	r := repairer{root: document.Content[0], found: map[string]bool{}}
	r.repair(r.root)
	if len(r.lost) == 0 {
		return data, nil
	}
	out, err := yaml.Marshal(r.root)
	if err != nil {
		return data, err
	}
	return out, errors.Join(r.lost...)
}

func (r *repairer) repair(node *yaml.Node) {
	if node.Kind == yaml.MappingNode {
		if to := valueAt(node, "$ref"); to != nil && to.Kind == yaml.ScalarNode && !r.leads(to.Value) {
			node.Content = nil
			return
		}
	}
	for _, child := range node.Content { // an alias has none, so this ends
		r.repair(child)
	}
}

// leads reports whether a reference leads to something in the file. It notes one that does not once.
func (r *repairer) leads(reference string) bool {
	leads, isKnown := r.found[reference]
	if isKnown {
		return leads
	}
	pointer, isLocal := strings.CutPrefix(reference, "#/")
	at := r.root
	for key := range strings.SplitSeq(pointer, "/") {
		if unescaped, err := url.PathUnescape(key); err == nil {
			key = unescaped
		}
		at = valueAt(at, strings.NewReplacer("~1", "/", "~0", "~").Replace(key))
	}
	leads = isLocal && at != nil
	r.found[reference] = leads
	if !leads {
		r.lost = append(r.lost, fmt.Errorf("%.200q leads to nothing in this file", reference))
	}
	return leads
}

// valueAt returns the value at a key of a mapping or a list, or nil.
func valueAt(node *yaml.Node, key string) *yaml.Node {
	switch {
	case node == nil:
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				return node.Content[i+1]
			}
		}
	case node.Kind == yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i]
		}
	}
	return nil
}
