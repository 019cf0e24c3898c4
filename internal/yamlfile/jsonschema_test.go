package yamlfile_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
)

// What a schema accepts, as JSON, is what Decode accepts as YAML.
func TestJSONSchema(t *testing.T) {
	type inner struct {
		Class apierrors.Class `yaml:"class,required"`
		Any   any             // without a tag, it is no key
	}
	type file struct {
		At    yamlfile.Pos
		Name  string           `yaml:"name,required"`
		Wait  time.Duration    `yaml:"wait"`
		Count int              `yaml:"count,positive"`
		Least *int             `yaml:"least,nonnegative"`
		On    *bool            `yaml:"on"`
		Words []string         `yaml:"words"`
		Rules []inner          `yaml:"rules"`
		Named map[string]inner `yaml:"named"`
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(yamlfile.JSONSchema("a file", file{}), &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`{"name":"a"}`: true,
		`{"name":"a","wait":"1m30s","count":1,"least":0,"on":false}`: true,
		`{"name":7,"words":"one"}`:                                   true,
		`{"name":"a","words":["one","two"]}`:                         true,
		`{"name":"a","rules":[{"class":"conflict"}]}`:                true,
		`{"name":"a","named":{"x":{"class":"conflict"}}}`:            true,
		`{}`:                                             false,
		`{"name":"a","nam":"b"}`:                         false,
		`{"name":"a","wait":"30"}`:                       false,
		`{"name":"a","count":0}`:                         false,
		`{"name":"a","least":-1}`:                        false,
		`{"name":"a","on":"yes"}`:                        false,
		`{"name":"a","rules":[{}]}`:                      false,
		`{"name":"a","named":{"x":{"class":"conflct"}}}`: false,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if err := resolved.Validate(value); (err == nil) != want {
			t.Errorf("%s by the schema: %v", text, err)
		}
		var out file
		if err := yamlfile.Decode("file.yaml", []byte(text), &out); (err == nil) != want {
			t.Errorf("%s by Decode: %v", text, err)
		}
	}
	if diff := cmp.Diff("a file", schema.Title); diff != "" {
		t.Error(diff)
	}
}
