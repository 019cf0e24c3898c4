package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pb33f/go-yaml"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// examplesOf returns the examples that a description has of a body.
func examplesOf(content *v3.MediaType) []body {
	nodes := []*yaml.Node{content.Example}
	for _, example := range content.Examples.FromOldest() {
		if example != nil {
			nodes = append(nodes, example.Value)
		}
	}
	var bodies []body
	for _, node := range nodes {
		if value := jsonOf(node); value != nil {
			w := exampleWalker{}
			w.walk(value, nil)
			bodies = append(bodies, body{isExample: true, value: value, leaves: w.leaves})
		}
	}
	return bodies
}

// jsonOf returns a node as package json decodes it, or nil if it is not JSON. An example may be a
// text that is JSON.
func jsonOf(node *yaml.Node) any {
	if node == nil {
		return nil
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return nil
	}
	data, err := json.Marshal(value)
	if text, isText := value.(string); isText {
		data, err = []byte(text), nil
	}
	if err != nil {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var out any
	if decoder.Decode(&out) != nil {
		return nil
	}
	return out
}

// An exampleWalker collects the leaves of an example.
type exampleWalker struct{ leaves []leaf }

func (w *exampleWalker) walk(value any, at []string) {
	if len(at) > maxDepth || len(w.leaves) >= maxMembers {
		return
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			w.walk(value[name], append(slices.Clone(at), name))
		}
	case []any:
		for _, one := range value {
			w.walk(one, append(slices.Clone(at), "*"))
		}
	case string, json.Number:
		w.leaves = append(w.leaves, leaf{at: at, values: []any{value}})
	}
}
