//go:build nethttp

package nethttptest

import (
	"go/ast"
	"go/token"
	"slices"
)

// replaced are functions of package http's own tests that package dropin has.
var replaced = map[string]bool{"ExportHttp2ConfigureServer": true, "ExportHttp2ConfigureTransport": true, "CondSkipHTTP2": true}

// divert has what a file does by an http.Client or a Transport done by package dropin.
func divert(file *ast.File) {
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		if f.Name.Name == "newClientServerTest" { // the test's transport is set up until then
			last := len(f.Body.List) - 1
			client := &ast.SelectorExpr{X: ast.NewIdent("cst"), Sel: ast.NewIdent("c")}
			replace := &ast.AssignStmt{Lhs: []ast.Expr{client}, Tok: token.ASSIGN, Rhs: []ast.Expr{call("Client", client)}}
			f.Body.List = slices.Insert(f.Body.List, last, ast.Stmt(replace))
			divertIn(f.Body, divertedName)
			continue
		}
		divertIn(f.Body, diverted)
	}
}

// divertIn replaces expressions in a function.
func divertIn(body *ast.BlockStmt, by func(ast.Expr) ast.Expr) {
	done := map[ast.Expr]bool{}
	replace := func(e ast.Expr) ast.Expr {
		if e == nil || done[e] {
			return e
		}
		done[e] = true
		return by(e)
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i := range n.Rhs {
				n.Rhs[i] = replace(n.Rhs[i])
			}
		case *ast.ValueSpec:
			for i := range n.Values {
				n.Values[i] = replace(n.Values[i])
			}
		case *ast.CallExpr:
			n.Fun = replace(n.Fun)
			for i := range n.Args {
				n.Args[i] = replace(n.Args[i])
			}
		case *ast.SelectorExpr:
			n.X = replace(n.X)
		case *ast.KeyValueExpr:
			n.Value = replace(n.Value)
		case *ast.ReturnStmt:
			for i := range n.Results {
				n.Results[i] = replace(n.Results[i])
			}
		}
		return true
	})
}

// diverted returns what stands in place of an expression: of a client, of the type assertion
// that finds its transport, and of a transport's RoundTrip.
func diverted(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.UnaryExpr: // &Client{…}
		if literal, ok := e.X.(*ast.CompositeLit); ok && isNamed(literal.Type, "Client") {
			return call("Client", e)
		}
	case *ast.CallExpr: // ts.Client()
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Client" && len(e.Args) == 0 {
			return call("Client", e)
		}
	case *ast.TypeAssertExpr: // c.Transport.(*Transport)
		star, ok := e.Type.(*ast.StarExpr)
		if transport, isField := e.X.(*ast.SelectorExpr); ok && isField && isNamed(star.X, "Transport") && transport.Sel.Name == "Transport" {
			return call("Standard", e.X)
		}
	case *ast.SelectorExpr: // tr.RoundTrip
		if e.Sel.Name == "RoundTrip" && (isNamed(e.X, "tr") || isField(e.X, "tr")) {
			e.X = call("RoundTripper", e.X)
		}
	}
	return divertedName(e)
}

// divertedName returns what stands in place of the name of a function.
func divertedName(e ast.Expr) ast.Expr {
	if s, ok := e.(*ast.SelectorExpr); ok && isNamed(s.X, "http") && replaced[s.Sel.Name] { // http.CondSkipHTTP2
		return divertedName(s.Sel)
	}
	if id, ok := e.(*ast.Ident); ok && replaced[id.Name] {
		return &ast.SelectorExpr{X: ast.NewIdent("dropin"), Sel: id}
	}
	return e
}

// removeHTTP3 removes what is for HTTP/3 only, which needs packages of the standard library's
// own.
func removeHTTP3(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			n.List = slices.DeleteFunc(n.List, isForHTTP3)
		case *ast.CompositeLit:
			n.Elts = slices.DeleteFunc(n.Elts, func(e ast.Expr) bool { return isNamed(e, "http3Mode") })
		}
		return true
	})
}

// isForHTTP3 reports whether a statement is the case, or the if, of HTTP/3 alone.
func isForHTTP3(s ast.Stmt) bool {
	condition := ast.Expr(nil)
	switch s := s.(type) {
	case *ast.CaseClause:
		if len(s.List) == 1 {
			condition = s.List[0]
		}
	case *ast.IfStmt:
		condition = s.Cond
	}
	if equals, ok := condition.(*ast.BinaryExpr); ok {
		condition = equals.Y
	}
	return condition != nil && isNamed(condition, "http3Mode")
}

func isNamed(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func isField(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name
}

// call returns a call of a function of package dropin.
func call(function string, argument ast.Expr) *ast.CallExpr {
	return &ast.CallExpr{Fun: &ast.SelectorExpr{X: ast.NewIdent("dropin"), Sel: ast.NewIdent(function)}, Args: []ast.Expr{argument}}
}
