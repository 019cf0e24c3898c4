package retrywise_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/retrywise/retrywise/"

// arrows says which of our packages each may import, tests left out.
var arrows = map[string][]string{
	"errors":              {"internal/enum"},
	"policy":              {"errors", "internal/enum", "internal/yamlfile"},
	"vendors":             {"errors", "policy", "internal/answer", "internal/yamlfile"},
	"client":              {"errors", "policy", "traffic", "internal/answer", "internal/wire"},
	"jobs":                {"errors", "internal/enum"},
	"deadletter":          {"errors", "internal/enum", "internal/filelock"},
	"traffic":             {"errors", "policy", "internal/filelock"},
	"internal/answer":     {"errors", "policy"},
	"internal/wire":       {"errors"},
	"internal/enum":       {},
	"internal/yamlfile":   {"internal/enum"},
	"internal/filelock":   {},
	"internal/testserver": {"retrywisetest"},
	"internal/enginetest": {"client", "errors", "policy", "retrywisetest"},
	"internal/testcert":   {},
	"retrywisetest":       {},
	"retrywisetest/fake":  {"errors", "policy", "vendors", "retrywisetest", "internal/answer", "internal/yamlfile"},

	"internal/nethttptest/dropin": {"client", "policy"},
}

// owners says which one file may import a dependency; an example may use it beside ours.
var owners = map[string][]string{
	"github.com/hashicorp/go-retryablehttp": {"client/engine.go", "examples/etl/peer.go"},
	"golang.org/x/time/rate":                {"traffic/bucket.go"},
	"github.com/andybalholm/brotli":         {"internal/answer/content.go"},
	"github.com/klauspost/compress":         {"internal/answer/content.go"},
	"github.com/dunglas/httpsfv":            {"internal/answer/ratelimit.go"},
	"go.yaml.in/yaml/v3":                    {"internal/yamlfile/parse.go"},
}

// Imports run one way: errors ← policy ← {vendors, client}.
func TestImportsRunOneWay(t *testing.T) {
	for file, imports := range importsOfTheLibrary(t) {
		dir := path.Dir(file)
		allowed, known := arrows[dir]
		isProgram := strings.HasPrefix(dir, "examples/") || strings.HasPrefix(dir, "cmd/")
		if !known && !isProgram && dir != "." {
			t.Errorf("%s: package %s has no arrows in house_test.go", file, dir)
		}
		for _, imported := range imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			switch {
			case isOurs && known && !slices.Contains(allowed, ours):
				t.Errorf("%s imports %s; %s may import only %v", file, ours, dir, allowed)
			case !isOurs && known && dir == "errors" && strings.Contains(imported, "."):
				t.Errorf("%s imports %s; errors may import the standard library and internal/enum", file, imported)
			}
		}
	}
}

func TestEachDependencyHasOneImporter(t *testing.T) {
	for file, imports := range importsOfTheLibrary(t) {
		for _, imported := range imports {
			for dependency, files := range owners {
				if (imported == dependency || strings.HasPrefix(imported, dependency+"/")) && !slices.Contains(files, file) {
					t.Errorf("%s imports %s; only %v may", file, imported, files)
				}
			}
			isForeign := strings.Contains(imported, ".") && !strings.HasPrefix(imported, module)
			if isForeign && !slices.ContainsFunc(slices.Collect(maps.Keys(owners)), func(d string) bool { return strings.HasPrefix(imported, d) }) {
				t.Errorf("%s imports %s, which has no owner in house_test.go", file, imported)
			}
		}
	}
}

// importsOfTheLibrary returns what each file of this module imports, tests left out.
func importsOfTheLibrary(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || isHidden(name) || isModule(name)) {
			return filepath.SkipDir
		}
		if d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		found[name] = nil
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[name] = append(found[name], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 {
		t.Fatalf("found %d files: not the whole module", len(found))
	}
	return found
}
