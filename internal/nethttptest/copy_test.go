//go:build nethttp

package nethttptest

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources are the files whose tests are copied. Of the others, they get the helpers.
var sources = []string{"client_test.go", "clientserver_test.go", "transport_test.go"}

// A copier copies tests of net/http's external test package, package http_test.
type copier struct {
	set      *token.FileSet
	files    map[string]*ast.File   // by name
	decls    map[string]declaration // by name, or "Type.Method"
	missing  map[string]bool        // names that only package http's own tests have
	wanted   map[string]bool        // declarations that are copied
	tests    []string               // of these, the tests
	excluded []string               // tests that cannot be copied
}

// A declaration is a top-level one, with the file that it is in.
type declaration struct {
	file string
	decl ast.Decl
}

// newCopier reads net/http's tests in a folder.
func newCopier(t *testing.T, folder string) *copier {
	t.Helper()
	c := &copier{set: token.NewFileSet(), files: map[string]*ast.File{}, decls: map[string]declaration{}, missing: map[string]bool{}, wanted: map[string]bool{}}
	names, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		file, err := parser.ParseFile(c.set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		switch base := filepath.Base(name); {
		case file.Name.Name == "http_test":
			c.take(base, file)
		case base == "export_test.go":
			c.miss(file)
		}
	}
	return c
}

// take notes what a file declares, and which of its imports another module cannot have. Only
// the sources have tests.
func (c *copier) take(name string, file *ast.File) {
	removeHTTP3(file)
	c.files[name] = file
	for _, decl := range file.Decls {
		for _, declared := range namesOf(decl) {
			if !strings.HasPrefix(declared, "Test") || slices.Contains(sources, name) {
				c.decls[declared] = declaration{name, decl}
			}
		}
	}
	for _, spec := range file.Imports {
		if imported := pathOf(spec); !isPublic(imported) {
			c.missing[path.Base(imported)] = true
		}
	}
}

// miss notes what package http's own tests declare for the others.
func (c *copier) miss(file *ast.File) {
	for _, decl := range file.Decls {
		for _, declared := range namesOf(decl) {
			name := declared[strings.LastIndex(declared, ".")+1:]
			c.missing[name] = ast.IsExported(name) && !replaced[name]
		}
	}
}

// namesOf returns the names that a top-level declaration declares.
func namesOf(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return []string{d.Name.Name}
		}
		receiver := d.Recv.List[0].Type
		if star, ok := receiver.(*ast.StarExpr); ok {
			receiver = star.X
		}
		if index, ok := receiver.(*ast.IndexExpr); ok {
			receiver = index.X
		}
		of, _ := receiver.(*ast.Ident)
		return []string{of.Name + "." + d.Name.Name}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				names = append(names, s.Name.Name)
			case *ast.ValueSpec:
				for _, n := range s.Names {
					names = append(names, n.Name)
				}
			}
		}
		return names
	default:
		return nil
	}
}

// mentions returns the names in a declaration.
func mentions(decl ast.Decl) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(decl, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			found[id.Name] = true
		}
		return true
	})
	return found
}

// exclude notes as missing what cannot be copied because of what it mentions, until nothing
// more is found. A type that would lack a method is missing, too.
func (c *copier) exclude() {
	for again := true; again; {
		again = false
		for name, d := range c.decls {
			if c.missing[name] {
				continue
			}
			for mentioned := range mentions(d.decl) {
				if c.missing[mentioned] {
					receiver, _, _ := strings.Cut(name, ".")
					c.missing[name], c.missing[receiver], again = true, true, true
					break
				}
			}
		}
	}
}

// choose wants all tests of the sources, and what these need.
func (c *copier) choose() {
	for name := range c.decls {
		if !strings.HasPrefix(name, "Test") || name == "TestMain" || strings.Contains(name, ".") {
			continue
		}
		if c.missing[name] {
			c.excluded = append(c.excluded, name)
			continue
		}
		c.want(name)
		c.tests = append(c.tests, name)
	}
	slices.Sort(c.tests)
	slices.Sort(c.excluded)
}

// want wants a declaration, its methods, and what it mentions.
func (c *copier) want(name string) {
	d, ok := c.decls[name]
	if !ok || c.wanted[name] || c.missing[name] {
		return
	}
	c.wanted[name] = true
	for mentioned := range mentions(d.decl) {
		c.want(mentioned)
	}
	for method := range c.decls {
		if strings.HasPrefix(method, name+".") {
			c.want(method)
		}
	}
}

// write writes the copies to a folder, and returns their names.
func (c *copier) write(t *testing.T, folder string) []string {
	t.Helper()
	c.exclude()
	c.choose()
	var written []string
	for name, file := range c.files {
		file.Decls = slices.DeleteFunc(file.Decls, func(d ast.Decl) bool {
			return !slices.ContainsFunc(namesOf(d), func(n string) bool { return c.wanted[n] && c.decls[n].decl == d })
		})
		if len(file.Decls) == 0 {
			continue
		}
		divert(file)
		var text bytes.Buffer
		text.WriteString("package dropin_test\n\n" + importsOf(file))
		for _, d := range file.Decls {
			if err := format.Node(&text, c.set, d); err != nil {
				t.Fatal(err)
			}
			text.WriteString("\n\n")
		}
		if err := os.WriteFile(filepath.Join(folder, name), text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		written = append(written, name)
	}
	return written
}

// pathOf returns the path of an import, or of the public package in its place.
func pathOf(spec *ast.ImportSpec) string {
	imported, _ := strconv.Unquote(spec.Path.Value) // which the parser has checked
	return strings.Replace(imported, "internal/synctest", "testing/synctest", 1)
}

// isPublic reports whether a module other than the standard library may import a package
// that the standard library imports. Those with a dot are its own copies.
func isPublic(imported string) bool {
	return !strings.Contains("/"+imported+"/", "/internal/") && !strings.Contains(imported, ".")
}

const ours = "github.com/retrywise/retrywise/internal/nethttptest/dropin"

// importsOf returns the imports that what is left of a file needs.
func importsOf(file *ast.File) string {
	used := map[string]bool{}
	for _, d := range file.Decls {
		ast.Inspect(d, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := s.X.(*ast.Ident); ok && id.Obj == nil { // no variable
					used[id.Name] = true
				}
			}
			return true
		})
	}
	text := "import (\n\t. \"net/http\"\n"
	if used["dropin"] {
		text += "\t\"" + ours + "\"\n"
	}
	for _, spec := range file.Imports {
		imported := pathOf(spec)
		name := path.Base(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if used[name] {
			text += "\t" + name + " \"" + imported + "\"\n"
		}
	}
	return text + "\n)\n\nvar _ = NoBody\n\n"
}
