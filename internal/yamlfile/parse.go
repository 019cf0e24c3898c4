package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// go.yaml.in/yaml/v3, as used here (this is the only file that imports it):
//   - we use its tree only, and not its decoder: aliases are not followed, and
//     node.add finds all duplicate keys;
//   - it parses 1 MiB in less than a second and refuses 10,000 levels; but its time
//     for directives grows with the square of their number, so checkBytes refuses them;
//   - its errors are texts with at most a line number (see problemOf);
//   - its tree does not show a tag without a name, "!", so we do not report it.

// parse returns the tree of data. If data cannot be parsed, the tree is a broken node, and
// there is at least one problem.
func parse(start Pos, data []byte) (*node, Problems) {
	nothing := &node{kind: broken, pos: start}
	data = withoutMark(data)
	if p, ok := checkBytes(start, data); !ok {
		return nothing, Problems{p}
	}
	docs, err := documents(data)
	if err != nil {
		return nothing, Problems{problemOf(start, err)}
	}
	c := &converter{file: start.File}
	if len(docs) > 1 {
		c.report(c.posOf(docs[1]).Errorf("expected one document; another one starts here"))
	}
	if len(docs) == 0 || isAbsent(docs[0].Content[0]) {
		c.report(start.Errorf("expected a mapping; the file is empty"))
		return nothing, c.problems
	}
	root := c.node(docs[0].Content[0], 1)
	if c.nodes > maxNodes { // other problems may come from what was not read
		return nothing, Problems{c.end.Errorf("the file has more than %d keys and values", maxNodes)}
	}
	return root, c.problems
}

// documents returns the first two documents of data, as the YAML library parses them. Its
// results are named because its recover sets them.
func documents(data []byte) (docs []*yaml.Node, err error) {
	// The library panics in cases that it considers impossible. A wrong file must be a
	// problem for its author, and not crash the process.
	defer func() {
		if r := recover(); r != nil {
			docs, err = nil, fmt.Errorf("the YAML reader failed on this file: %v", r)
		}
	}()
	reader := yaml.NewDecoder(bytes.NewReader(data))
	for len(docs) < 2 {
		doc := &yaml.Node{}
		err := reader.Decode(doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// fromZero are errors of the library that count lines from 0.
var fromZero = []string{
	"did not find expected '-' indicator",
	"did not find expected ',' or ']'",
	"did not find expected ',' or '}'",
	"did not find expected <document start>",
	"did not find expected key",
	"did not find expected node content",
}

// problemOf returns the problem in an error of the YAML library, such as "yaml: line 3: did
// not find expected key". Its position is the start of the file if the error has no line.
func problemOf(start Pos, err error) Problem {
	pos, text := start, strings.TrimPrefix(oneLine(err.Error()), "yaml: ")
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, message, _ := strings.Cut(rest, ": ")
		if line, err := strconv.Atoi(number); err == nil {
			pos.Line, text = line, message
		}
		if slices.Contains(fromZero, text) {
			pos.Line++
		}
	}
	if text == "found character that cannot start any token" {
		text += ": indent with spaces, not tabs, and put quotes around a text that begins with @, ` or %"
	}
	return pos.Errorf("not valid YAML: %s", text)
}

// isAbsent reports whether n stands for a value that the file does not have.
func isAbsent(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.Style == 0 && n.Anchor == ""
}

// A converter converts the library's tree into nodes, and collects problems.
type converter struct {
	file     string
	nodes    int // so far
	end      Pos // of what is read, if there are too many nodes
	problems Problems
}

// report adds a problem.
func (c *converter) report(p Problem) {
	c.problems = append(c.problems, p)
}

// posOf returns the position of n. That of an absent value is behind its ":" or "-".
func (c *converter) posOf(n *yaml.Node) Pos {
	return Pos{File: c.file, Line: n.Line, Column: n.Column}
}

// node converts n, which is nested depth levels deep.
func (c *converter) node(n *yaml.Node, depth int) *node {
	pos := c.posOf(n)
	c.nodes++
	switch {
	case c.nodes == maxNodes+1:
		c.end = pos
	case depth == maxDepth+1 && c.nodes <= maxNodes:
		c.report(pos.Errorf("nested more than %d levels deep", maxDepth))
	}
	if c.nodes > maxNodes || depth > maxDepth {
		return &node{kind: broken, pos: pos}
	}
	if n.Anchor != "" {
		c.report(pos.Errorf("anchors and aliases are not supported here"))
	}
	if n.Style&yaml.TaggedStyle != 0 {
		c.report(pos.Errorf("tags are not supported here"))
		n.Tag = "" // read the value as if it had none
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.SequenceNode:
		return c.list(n, depth)
	case yaml.ScalarNode:
		return c.scalar(n)
	default:
		c.report(pos.Errorf("anchors and aliases are not supported here"))
		return &node{kind: broken, pos: pos}
	}
}

// mapping converts n, without the pairs that cannot be read.
func (c *converter) mapping(n *yaml.Node, depth int) *node {
	m := &node{kind: mapping, pos: c.posOf(n), pairs: make([]pair, 0, len(n.Content)/2)}
	where := map[string]Pos{}
	for both := range slices.Chunk(n.Content, 2) {
		key := c.node(both[0], depth)
		switch {
		case key.kind == broken:
			continue
		case key.kind == list || key.kind == mapping:
			c.report(key.pos.Errorf("expected text as a key; got %s", key.got()))
			continue
		case both[0].Tag == "!!merge":
			c.report(key.pos.Errorf("anchors and aliases are not supported here"))
			continue
		}
		if p, ok := m.add(pair{key: key, value: c.node(both[1], depth+1)}, where); !ok {
			c.report(p)
		}
	}
	return m
}

// list converts n.
func (c *converter) list(n *yaml.Node, depth int) *node {
	l := &node{kind: list, pos: c.posOf(n), items: make([]*node, 0, len(n.Content))}
	for _, item := range n.Content {
		l.items = append(l.items, c.node(item, depth+1))
	}
	return l
}

// scalar converts n. The library resolves quoted scalars and blocks to text.
func (c *converter) scalar(n *yaml.Node) *node {
	s := &node{kind: text, pos: c.posOf(n), text: n.Value}
	switch tag := n.ShortTag(); {
	case tag == "!!null":
		s.kind = null
	case tag == "!!bool":
		s.kind = boolean
	case tag == "!!int", tag == "!!float", n.Style == 0 && isNumber(n.Value):
		s.kind = number
	}
	return s
}
