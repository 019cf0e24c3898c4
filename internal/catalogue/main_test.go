package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// runOn compares the file of the made-up vendor with sources in testdata.
func runOn(t *testing.T, asJSON bool, names ...string) (output string, status int) {
	t.Helper()
	s := settings{vendor: "shop", folder: "testdata", asJSON: asJSON}
	for _, name := range names {
		s.sources = append(s.sources, filepath.Join("testdata", name))
	}
	var out bytes.Buffer
	status, err := s.run(&out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), status
}

func TestRunPrintsWhatTheFileLacksOrContradicts(t *testing.T) {
	for name, tt := range map[string]struct {
		sources []string
		asJSON  bool
		want    int
	}{
		"openapi":         {sources: []string{"shop.json"}, want: statusContradicted},
		"openapi_objects": {sources: []string{"shop.json"}, asJSON: true, want: statusContradicted},
		"closed":          {sources: []string{"closed.yaml"}, want: statusContradicted},
		"invalid":         {sources: []string{"invalid.yaml"}},
		"two":             {sources: []string{"invalid.yaml", "codes.txt"}},
		"csv":             {sources: []string{"codes.csv"}, want: statusContradicted},
		"tsv":             {sources: []string{"codes.tsv"}, want: statusContradicted},
		"all_known":       {sources: []string{"codes.txt"}},
		"json_texts":      {sources: []string{"texts.json"}, want: statusContradicted},
		"json_objects":    {sources: []string{"objects.json"}, want: statusContradicted},
		"json_keys":       {sources: []string{"keys.json"}, want: statusContradicted},
	} {
		t.Run(name, func(t *testing.T) {
			got, status := runOn(t, tt.asJSON, tt.sources...)
			if status != tt.want {
				t.Errorf("exit status %d; want %d", status, tt.want)
			}
			golden := filepath.Join("testdata", "golden", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if again, _ := runOn(t, tt.asJSON, tt.sources...); again != got {
				t.Errorf("another run printed:\n%s", again)
			}
			if strings.Contains(got, "private") {
				t.Error("a text of the vendor was copied")
			}
		})
	}
}

func TestRunPrintsJSONLines(t *testing.T) {
	got, _ := runOn(t, true, "shop.json")
	for line := range strings.Lines(got) {
		var f finding
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&f); err != nil || f.What == "" || f.Where == "" || f.Write == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestReadSourceSaysWhatItExpected(t *testing.T) {
	const expected = "expected an OpenAPI 3 description (JSON or YAML), or a list of codes (JSON, CSV or TSV): "
	for name, tt := range map[string]struct{ file, data, want string }{
		"Swagger 2":       {"a.json", `{"swagger": "2.0", "info": {}, "paths": {}}`, `a.json: ` + expected + `it has version "2.0"; convert it`},
		"another object":  {"a.json", `{"info": {"name": "x"}, "item": [], "variable": []}`, "a.json: " + expected + "it has no key openapi"},
		"no paths":        {"a.yaml", "openapi: 3.0.0\n", "a.yaml: " + expected + "it has no paths"},
		"plain text":      {"a.yaml", "hello\n", "a.yaml: " + expected},
		"broken JSON":     {"a.json", `[{"code": `, "a.json: not valid JSON: unexpected EOF"},
		"empty":           {"a.json", "", "a.json: " + expected},
		"empty list":      {"a.csv", "code,status\n", "a.csv: expected a list of codes; the file has none"},
		"unnamed columns": {"a.csv", "A,400\nB,401\n", `a.csv:1: expected the names of columns, one of them "code"`},
		"a sentence":      {"a.csv", "code\nA\nWhat is it?\n", "a.csv:3: expected a code"},
		"nested objects":  {"a.json", `[{"code": {"x": 1}}]`, "a.json: /0: expected a code"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), tt.file)
			if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readSource(path); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("readSource: %v\nwant a text that begins with %q", err, tt.want)
			}
		})
	}
}

// What is left out is said.
func TestRunNotesWhatItLeavesOut(t *testing.T) {
	var notes strings.Builder
	s := settings{vendor: "shop", folder: "testdata", sources: []string{"testdata/invalid.yaml"}}
	if _, err := s.run(io.Discard, &notes); err != nil || !strings.Contains(notes.String(), "#/components/responses/Missing") {
		t.Errorf("%v, notes: %s", err, notes.String())
	}
}

func TestReadSourceRefusesALargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, maxBytes+1); err != nil {
		t.Fatal(err)
	}
	if _, err := readSource(path); err == nil || !strings.HasSuffix(err.Error(), "the file is larger than 64 MiB") {
		t.Errorf("readSource: %v", err)
	}
}

func TestReadVendorSuggestsAName(t *testing.T) {
	if _, err := readVendor("playble", "testdata"); err == nil || !strings.Contains(err.Error(), `did you mean "playable"?`) {
		t.Errorf("readVendor: %v", err)
	}
	if v, err := readVendor("playable", "../../vendors/catalog"); err != nil || len(v.codes) == 0 {
		t.Errorf("readVendor: %v", err)
	}
}

func TestParseArgsNeedsAVendorAndASource(t *testing.T) {
	for _, args := range [][]string{nil, {"-vendor", "shop"}, {"a.json"}, {"-vendr"}} {
		if _, err := parseArgs(args, io.Discard); err == nil {
			t.Errorf("parseArgs(%q) accepted", args)
		}
	}
}
