package retrywise_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
	"go.yaml.in/yaml/v3"
)

// The schemas that editors use are those of the code, and accept the files that are here.
func TestSchemas(t *testing.T) {
	for name, tt := range map[string]struct {
		schema []byte
		files  string
	}{
		"schema/policies.schema.json": {policy.FileSchema(), "examples/policies/policies.yaml"},
		"schema/vendor.schema.json":   {vendors.FileSchema(), "vendors/catalog/*.yaml"},
	} {
		if *update {
			if err := os.WriteFile(name, tt.schema, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(tt.schema), string(got)); diff != "" {
			t.Errorf("%s is not as the code (-want +got); go test . -update rewrites it:\n%s", name, diff)
		}
		var schema jsonschema.Schema
		if err := json.Unmarshal(got, &schema); err != nil {
			t.Fatal(err)
		}
		resolved, err := schema.Resolve(nil)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(tt.files)
		if err != nil || len(files) == 0 {
			t.Fatalf("%d files %s, %v", len(files), tt.files, err)
		}
		for _, file := range files {
			if err := resolved.Validate(asJSON(t, file)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// asJSON returns a YAML file as the JSON value that an editor holds against the schema.
func asJSON(t *testing.T, name string) any {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	text, err = json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
