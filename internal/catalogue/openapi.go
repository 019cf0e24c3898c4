package main

import (
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi/datamodel"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// A reader reads an OpenAPI description.
type reader struct {
	name   string
	prefix string // of each path: that of the first server
	forms  map[string][]leaf
}

// errOtherKind means that a file is not a description of OpenAPI, of any version.
var errOtherKind = errors.New("it has no key openapi")

// readOpenAPI returns the operations of a description. References that lead nowhere, or to another
// file, are left out; lost says which.
func readOpenAPI(name string, data []byte) (operations iter.Seq[operation], lost, err error) {
	paths, servers, err := modelOf(data)
	if err != nil && !errors.Is(err, errOtherKind) {
		data, lost = repaired(data)
		if lost != nil {
			paths, servers, err = modelOf(data)
		}
	}
	if paths == nil {
		return nil, nil, fmt.Errorf("%s: expected an OpenAPI 3 description (JSON or YAML), or a list of codes (JSON, CSV or TSV): %w", name, err)
	}
	r := reader{name: name, prefix: prefixOf(servers), forms: map[string][]leaf{}}
	return func(yield func(operation) bool) { r.operations(paths, yield) }, lost, nil
}

// modelOf returns the paths and the servers of a description. If the error is about a part of it,
// there are paths nevertheless.
func modelOf(data []byte) (*v3.Paths, []*v3.Server, error) {
	document, err := libopenapi.NewDocumentWithConfiguration(data, &datamodel.DocumentConfiguration{
		SkipCircularReferenceCheck: true,
		SkipExternalRefResolution:  true,
		SkipJSONConversion:         true,
		Logger:                     slog.New(slog.DiscardHandler),
	})
	switch {
	case err != nil && strings.Contains(err.Error(), "spec type not supported"):
		return nil, nil, errOtherKind
	case err != nil:
		return nil, nil, err
	}
	if version := document.GetVersion(); !strings.HasPrefix(version, "3.") {
		return nil, nil, fmt.Errorf("it has version %q; convert it", version)
	}
	model, err := document.BuildV3Model()
	if model == nil || model.Model.Paths == nil {
		return nil, nil, errors.Join(errors.New("it has no paths"), err)
	}
	return model.Model.Paths, model.Model.Servers, err
}

// prefixOf returns the path of the first server, without a slash at its end.
func prefixOf(servers []*v3.Server) string {
	if len(servers) == 0 || servers[0] == nil {
		return ""
	}
	u, err := url.Parse(strings.NewReplacer("{", "x", "}", "x").Replace(servers[0].URL))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

func (r reader) operations(paths *v3.Paths, yield func(operation) bool) {
	for path, item := range paths.PathItems.FromOldest() {
		if item == nil {
			continue
		}
		for method, o := range item.GetOperations().FromOldest() {
			if o != nil && !yield(r.operation(strings.ToUpper(method), path, item, o)) {
				return
			}
		}
	}
}

func (r reader) operation(method, path string, item *v3.PathItem, o *v3.Operation) operation {
	op := operation{method: method, path: r.prefix + path, where: r.name + ": " + method + " " + path}
	for _, parameters := range [][]*v3.Parameter{item.Parameters, o.Parameters} {
		for _, p := range parameters {
			if p != nil && keyName.MatchString(p.Name) && (p.In == "header" || p.In == "query") {
				op.keys = append(op.keys, keyParameter{in: p.In, name: p.Name})
			}
		}
	}
	if o.Responses == nil {
		return op
	}
	for status, documented := range o.Responses.Codes.FromOldest() {
		op.add(r.response(op.where, status, documented))
	}
	op.add(r.response(op.where, "default", o.Responses.Default))
	return op
}

// keyName matches the name of a parameter that takes an idempotency key.
var keyName = regexp.MustCompile(`(?i)idempotency`)

func (o *operation) add(r response, ok bool) {
	if ok {
		o.responses = append(o.responses, r)
	}
}

// response returns a response, or false if it has no status or says nothing.
func (r reader) response(where, status string, documented *v3.Response) (response, bool) {
	number, isExact := statusOf(status)
	if documented == nil || number == 0 {
		return response{status: number, isExact: isExact, where: where + " " + status}, isExact
	}
	answer := response{status: number, isExact: isExact, where: where + " " + status}
	for name := range documented.Headers.FromOldest() {
		answer.headers = append(answer.headers, name)
	}
	for kind, content := range documented.Content.FromOldest() {
		if content == nil || !strings.Contains(strings.ToLower(kind), "json") && kind != "*/*" {
			continue
		}
		if answer.isError() {
			answer.bodies = append(answer.bodies, body{leaves: r.leaves(content.Schema)})
		}
		answer.bodies = append(answer.bodies, examplesOf(content)...)
	}
	return answer, true
}

// statusOf returns the status that a key of responses means, and whether it names it.
func statusOf(key string) (status int, isExact bool) {
	if key == "default" {
		return 400, false
	}
	number, err := strconv.Atoi(strings.NewReplacer("X", "0", "x", "0").Replace(key))
	if err != nil || number < 200 || number > 599 {
		return 0, false
	}
	return number, !strings.ContainsAny(key, "Xx")
}
