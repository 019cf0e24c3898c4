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

// A door has a short form, and one with keys.
type door struct {
	Name string `yaml:"name,required"`
	Open bool   `yaml:"open"`
}

func (d *door) UnmarshalText(text []byte) error {
	d.Name = string(text)
	return nil
}

// A word that is a struct with keys is read in both forms.
func TestDecodeReadsBothForms(t *testing.T) {
	var file struct {
		Doors []door `yaml:"doors"`
		Main  *door  `yaml:"main"`
	}
	text := "doors: [front, {name: back, open: true}]\nmain: {name: front}\n"
	if err := yamlfile.Decode("f.yaml", []byte(text), &file); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]door{{"front", false}, {"back", true}, {"front", false}}, append(file.Doors, *file.Main)); diff != "" {
		t.Errorf("doors (-want +got):\n%s", diff)
	}
	for text, want := range map[string]string{
		"main: {open: true}":          `f.yaml:1:7: missing key "name"`,
		"main: {name: a, opne: true}": `f.yaml:1:17: unknown key "opne"; did you mean "open"?`,
		"main: [a]":                   "f.yaml:1:7: expected text; got a list",
	} {
		if err := yamlfile.Decode("f.yaml", []byte(text), &file); err == nil || err.Error() != want {
			t.Errorf("%s: got %v; want %s", text, err, want)
		}
	}
}

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
		Door  *door            `yaml:"door"`
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
		`{"name":"a","door":"front"}`:                                true,
		`{"name":"a","door":{"name":"front","open":true}}`:           true,
		`{"name":"a","door":{"open":true}}`:                          false,
		`{}`:                                                         false,
		`{"name":"a","nam":"b"}`:                                     false,
		`{"name":"a","wait":"30"}`:                                   false,
		`{"name":"a","count":0}`:                                     false,
		`{"name":"a","least":-1}`:                                    false,
		`{"name":"a","on":"yes"}`:                                    false,
		`{"name":"a","rules":[{}]}`:                                  false,
		`{"name":"a","named":{"x":{"class":"conflct"}}}`:             false,
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
