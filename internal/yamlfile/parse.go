package yamlfile

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// goccy/go-yaml, as used here (this is the only file that imports it):
//   - its parser calls itself for every level and for every key, and 1 MiB of
//     "[" or "- " makes it run out of memory, which cannot be recovered: the
//     tokens are counted before they are parsed (see tooMuch);
//   - it keeps the whole path of every key, so long keys cost memory, too;
//   - a token of a block mapping is the ":" of its first pair, not the key;
//   - it stops at the first duplicate key: it is told to allow them, and they
//     are found in node.add, all at once.

// parse reads data into a node. A file that cannot be read is a broken node
// with at least one problem.
func parse(start Pos, data []byte) (*node, Problems) {
	nothing := &node{kind: broken, pos: start}
	if p, ok := checkBytes(start, data); !ok {
		return nothing, Problems{p}
	}
	file, err := parseFile(start, string(withoutMark(data)))
	if err != nil {
		return nothing, Problems{problemOf(start, err)}
	}
	c := &converter{file: start.File}
	return c.documents(start, file.Docs), c.problems
}

// parseFile calls the YAML library. Its results have names for the recover.
func parseFile(start Pos, data string) (file *ast.File, err error) {
	// The library is not ours, and it has panicked on odd input before. A
	// wrong file must be a problem to its author, not the end of the process.
	defer func() {
		if r := recover(); r != nil {
			file, err = nil, start.Errorf("the YAML reader failed on this file: %s", oneLine(fmt.Sprint(r)))
		}
	}()
	tokens := lexer.Tokenize(data)
	if p, ok := tooMuch(start, tokens); ok {
		return nil, p
	}
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// tooMuch returns a problem if tokens are more, or deeper in each other, than
// the library can parse in reasonable time and memory.
func tooMuch(start Pos, tokens token.Tokens) (Problem, bool) {
	if len(tokens) > maxTokens {
		return start.Errorf("the file has more than %d keys, values and marks", maxTokens), true
	}
	brackets, dashes, line, before := 0, 0, 0, ""
	for _, tk := range tokens {
		pos := tokenPos(start.File, tk)
		if pos.Line != line {
			dashes, line = 0, pos.Line
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets = max(0, brackets-1)
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		case token.MappingValueType:
			if len(before) > maxKey {
				return pos.Errorf("the key before this is longer than %d bytes", maxKey), true
			}
		case token.CommentType:
			continue
		default: // values and marks that open nothing
		}
		if brackets > maxDepth || dashes > maxDepth {
			return tooDeep(pos), true
		}
		before = tk.Value
	}
	return Problem{}, false
}

// problemOf returns an error of the YAML library as a problem, without the
// excerpt of the file that the library adds.
func problemOf(start Pos, err error) Problem {
	if p, ok := errors.AsType[Problem](err); ok {
		return p
	}
	var syntax interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if !errors.As(err, &syntax) {
		return start.Errorf("not valid YAML: %s", oneLine(err.Error()))
	}
	return tokenPos(start.File, syntax.GetToken()).Errorf("not valid YAML: %s", oneLine(syntax.GetMessage()))
}

// tokenPos returns where tk stands, or the start of the file if tk does not
// say. The library counts from 1, but has a column 0 in a few odd places.
func tokenPos(file string, tk *token.Token) Pos {
	if tk == nil || tk.Position == nil {
		return Pos{File: file, Line: 1, Column: 1}
	}
	return Pos{File: file, Line: max(1, tk.Position.Line), Column: max(1, tk.Position.Column)}
}

// A converter turns the library's tree into nodes and collects what is not
// supported in it.
type converter struct {
	file     string
	problems Problems
}

// report adds a problem.
func (c *converter) report(p Problem) {
	c.problems = append(c.problems, p)
}

// documents returns the first of docs, and reports if there is another one.
func (c *converter) documents(start Pos, docs []*ast.DocumentNode) *node {
	for _, doc := range docs {
		if directive, ok := doc.Body.(*ast.DirectiveNode); ok {
			c.report(tokenPos(c.file, directive.Start).Errorf("directives are not supported here"))
			return &node{kind: broken, pos: start}
		}
	}
	if len(docs) > 1 {
		c.report(c.documentPos(docs[1]).Errorf("expected one document; another one starts here"))
	}
	if len(docs) == 0 || docs[0].Body == nil {
		c.report(start.Errorf("expected a mapping; the file is empty"))
		return &node{kind: broken, pos: start}
	}
	return c.node(docs[0].Body, 1)
}

// documentPos returns where doc starts: its "---", or else its first value.
func (c *converter) documentPos(doc *ast.DocumentNode) Pos {
	if doc.Start != nil || doc.Body == nil {
		return tokenPos(c.file, doc.Start)
	}
	return c.posOf(doc.Body)
}

// posOf returns where n stands. A block mapping stands at its first key.
func (c *converter) posOf(n ast.Node) Pos {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return c.posOf(n.Values[0].Key)
		}
	case *ast.MappingKeyNode:
		if n.Value != nil {
			return c.posOf(n.Value)
		}
	}
	return tokenPos(c.file, n.GetToken())
}

// node converts n, which stands depth levels deep.
func (c *converter) node(n ast.Node, depth int) *node {
	if n == nil {
		c.report(Pos{File: c.file, Line: 1, Column: 1}.Errorf("a value of this file cannot be read"))
		return &node{kind: broken}
	}
	pos := c.posOf(n)
	if depth > maxDepth {
		c.report(tooDeep(pos))
		return &node{kind: broken, pos: pos}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n, depth)
	case *ast.SequenceNode:
		return c.list(n, depth)
	case *ast.MappingKeyNode:
		return c.node(n.Value, depth)
	case *ast.AnchorNode:
		c.report(pos.Errorf("anchors and aliases are not supported here"))
		return c.node(n.Value, depth+1)
	case *ast.TagNode:
		c.report(pos.Errorf("tags are not supported here"))
		return c.node(n.Value, depth+1)
	default:
		return c.scalar(n, pos)
	}
}

// mapping converts n and drops the pairs that cannot be read.
func (c *converter) mapping(n *ast.MappingNode, depth int) *node {
	m := &node{kind: mapping, pos: c.posOf(n)}
	where := map[string]Pos{}
	for _, v := range n.Values {
		key := c.node(v.Key, depth)
		if key.kind == list || key.kind == mapping {
			c.report(key.pos.Errorf("expected text as a key; got %s", key.got()))
			continue
		}
		if key.kind == broken {
			continue
		}
		p, ok := m.add(pair{key: key, value: c.value(v.Start, v.Value, depth+1)}, where)
		if !ok {
			c.report(p)
		}
	}
	return m
}

// list converts n.
func (c *converter) list(n *ast.SequenceNode, depth int) *node {
	l := &node{kind: list, pos: c.posOf(n)}
	for _, entry := range n.Entries {
		l.items = append(l.items, c.value(entry.Start, entry.Value, depth+1))
	}
	return l
}

// value converts n, which belongs to the ":" or "-" at mark. A value that is
// not written stands right behind its mark.
func (c *converter) value(mark *token.Token, n ast.Node, depth int) *node {
	v := c.node(n, depth)
	if absent, ok := n.(*ast.NullNode); ok && absent.Token.Type == token.ImplicitNullType && mark != nil {
		v.pos = tokenPos(c.file, mark)
		v.pos.Column++
	}
	return v
}

// scalar converts n, or reports that there is no such value here.
func (c *converter) scalar(n ast.Node, pos Pos) *node {
	switch n := n.(type) {
	case *ast.NullNode:
		return &node{kind: null, pos: pos, text: n.Token.Value}
	case *ast.BoolNode:
		return &node{kind: boolean, pos: pos, text: n.Token.Value}
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: number, pos: pos, text: n.GetToken().Value}
	case *ast.StringNode:
		return &node{kind: kindOf(n.Token), pos: pos, text: n.Value}
	case *ast.LiteralNode:
		return &node{kind: text, pos: pos, text: literal(n)}
	case *ast.AliasNode, *ast.MergeKeyNode:
		c.report(pos.Errorf("anchors and aliases are not supported here"))
	default:
		c.report(pos.Errorf("this kind of value is not supported here"))
	}
	return &node{kind: broken, pos: pos}
}

// kindOf says whether the library's string tk is a number all the same.
func kindOf(tk *token.Token) kind {
	if tk.Type == token.StringType && isNumber(tk.Value) {
		return number
	}
	return text
}

// literal returns the lines of n, a block that starts with | or >.
func literal(n *ast.LiteralNode) string {
	if n.Value == nil {
		return ""
	}
	return n.Value.Value
}
