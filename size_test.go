package retrywise_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Bounds of package client: beyond them, a file is two concepts, a function is two steps,
// and a type is two things.
const (
	maxFileLines     = 250
	maxFunctionLines = 40
	maxFields        = 15
)

func TestClientIsCutSmall(t *testing.T) {
	for name, file := range filesOf(t, "client") {
		if lines := file.set.Position(file.FileEnd).Line; lines > maxFileLines {
			t.Errorf("%s has %d lines; at most %d", name, lines, maxFileLines)
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if lines := file.lines(n); lines > maxFunctionLines {
					t.Errorf("%s: %s has %d lines; at most %d", name, n.Name.Name, lines, maxFunctionLines)
				}
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok && fieldCount(s) > maxFields {
					t.Errorf("%s: type %s has %d fields; at most %d", name, n.Name.Name, fieldCount(s), maxFields)
				}
			}
			return true
		})
	}
}

// What has happened in a call is written in one file.
func TestHistoryHasOneWriter(t *testing.T) {
	isHistory := func(e ast.Expr) bool { // x.history, or a field of it
		for {
			s, ok := e.(*ast.SelectorExpr)
			if !ok {
				return false
			}
			if s.Sel.Name == "history" {
				return true
			}
			e = s.X
		}
	}
	for name, file := range filesOf(t, "client") {
		if name == "history.go" {
			continue
		}
		ast.Inspect(file.File, func(n ast.Node) bool {
			var written []ast.Expr
			switch n := n.(type) {
			case *ast.AssignStmt:
				written = n.Lhs
			case *ast.IncDecStmt:
				written = []ast.Expr{n.X}
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					written = []ast.Expr{n.X}
				}
			}
			for _, e := range written {
				if isHistory(e) {
					t.Errorf("%s:%d writes to the history, or takes its address: that is for history.go", name, file.set.Position(e.Pos()).Line)
				}
			}
			return true
		})
	}
}

// A sourceFile is a parsed file that knows where its nodes stand.
type sourceFile struct {
	*ast.File
	set *token.FileSet
}

func (f sourceFile) lines(n ast.Node) int {
	return f.set.Position(n.End()).Line - f.set.Position(n.Pos()).Line + 1
}

func fieldCount(s *ast.StructType) int {
	n := 0
	for _, f := range s.Fields.List {
		n += max(len(f.Names), 1) // an embedded field has no name
	}
	return n
}

// filesOf parses the files of a package, tests left out.
func filesOf(t *testing.T, dir string) map[string]sourceFile {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]sourceFile{}
	for _, e := range entries {
		name := e.Name()
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = sourceFile{file, set}
	}
	if len(files) < 10 {
		t.Fatalf("found %d files in %s: not the whole package", len(files), dir)
	}
	return files
}
