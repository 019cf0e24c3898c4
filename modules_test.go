package retrywise_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every module is in go.work, so that .ci/modules checks it, and none has a replace, which
// would be ignored by its users.
func TestModulesAreInTheWorkspace(t *testing.T) {
	workspace, err := os.ReadFile("go.work")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && isHidden(name):
			return filepath.SkipDir
		case d.Name() != "go.mod" || name == "go.mod":
			return nil
		}
		if folder := filepath.ToSlash(filepath.Dir(name)); !strings.Contains(string(workspace), "\n\t./"+folder+"\n") {
			t.Errorf("go.work does not use ./%s", folder)
		}
		text, err := os.ReadFile(name)
		if strings.Contains(string(text), "replace") {
			t.Errorf("%s has a replace", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Programs link nothing that an integration needs.
func TestClientLinksNoIntegration(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./client", "./jobs", "./vendors").CombinedOutput()
	if err != nil || !strings.Contains(string(out), module+"traffic\n") {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	foreign := []string{
		"/integrations/", "redis", "valkey", "opentelemetry", "oauth2", "go-vcr", "river", "temporal", "asynq", "dbos", "pgx", "sqlite",
	}
	for _, name := range strings.Fields(string(out)) {
		if slices.ContainsFunc(foreign, func(part string) bool { return strings.Contains(name, part) }) {
			t.Errorf("client depends on %s", name)
		}
	}
}

// isHidden reports whether a folder is not part of the source.
func isHidden(folder string) bool {
	return folder != "." && strings.HasPrefix(filepath.Base(folder), ".")
}

// isModule reports whether a folder is a module of its own.
func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return folder != "." && err == nil
}
