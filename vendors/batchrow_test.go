package vendors_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/vendors"
)

// Class partial has one source, and no rule can have such a batch repeated.
func TestParseRefusesRulesForPartial(t *testing.T) {
	for rows, want := range map[string]string{
		"codes: [{code: A, class: partial}]":                     "vendor file:4:9: code A: class partial follows from batches, and not from a code or a status",
		"statuses: [{status: 207, class: partial}]":              "vendor file:4:12: status 207: class partial follows from batches, and not from a code or a status",
		"classes: [{class: partial, action: retry, hint: Look}]": "vendor file:4:11: action retry: expected surface or fail_fast, as a batch of which a part may be done is not repeated",
	} {
		_, err := vendors.Parse([]byte(head + rows + "\n" + oneForm))
		if err == nil {
			t.Fatalf("%s: no error", rows)
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
	}
}

func TestParseReportsProblemsOfBatches(t *testing.T) {
	for name, tt := range map[string]struct {
		row  string
		want []string
	}{
		"missing keys":              {`{items: "/a/*", status: s}`, []string{`missing key "methods"`, `missing key "path"`}},
		"unknown key":               {`{methods: POST, path: /a, items: "/a/*", statuss: s}`, []string{`unknown key "statuss"; did you mean "status"?`}},
		"the method of a read":      {`{methods: [GET, POST], path: /a, items: "/a/*", status: s}`, []string{`batch: methods: GET sends no items; give it a row without sent, about the items of an earlier request`}},
		"a read with items":         {`{methods: GET, path: /a, sent: "/i/*", items: "/a/*", status: s}`, []string{`batch: methods: GET sends no items; give it a row without sent, about the items of an earlier request`}},
		"a read without a body":     {`{methods: HEAD, path: /a, items: "/a/*", status: s}`, []string{`batch: methods: the response to a HEAD has no entries`}},
		"a method in lower case":    {`{methods: post, path: /a, items: "/a/*", status: s}`, []string{`batch: method "post": expected upper case`}},
		"a path that is none":       {`{methods: POST, path: a, items: "/a/*", status: s}`, []string{`batch: path "a": expected a pattern that begins with /, where * is one segment`}},
		"the whole body":            {`{methods: POST, path: /a, sent: "", items: "", status: s}`, []string{`batch: items: expected a JSON pointer to the entries, such as /results/*, or /* if the body is a list`, `batch: sent: expected a JSON pointer to the items, such as /inputs/*, or /* if the body is a list`}},
		"index and key":             {`{methods: POST, path: /a, sent: "/i/*", sent_key: k, items: "/a/*", status: s, index: i, key: k}`, []string{`batch: expected index or key, not both: each says which item of sent an entry is about`, `batch: sent_key has no effect beside index`}},
		"key alone":                 {`{methods: POST, path: /a, sent: "/i/*", items: "/a/*", status: s, key: k}`, []string{`batch: key needs sent_key, which is where an item of the request has that key`}},
		"sent_key without sent":     {`{methods: POST, path: /a, sent_key: k, items: "/a/*", status: s, key: k}`, []string{`batch: sent_key has no effect without sent`}},
		"sent_key beside index":     {`{methods: POST, path: /a, sent: "/i/*", sent_key: k, items: "/a/*", status: s, index: i}`, []string{`batch: sent_key has no effect beside index`}},
		"nothing says what is done": {`{methods: POST, path: /a, items: "/a/*"}`, []string{`batch: expected done, failed or status, which say whether an item is done, or errors_only: true`}},
		"done among errors":         {`{methods: POST, path: /a, items: "/a/*", errors_only: true, done: {at: /ok}}`, []string{`batch: done has no effect with errors_only: no entry says that its item is done`}},
		"failed beside done":        {`{methods: POST, path: /a, items: "/a/*", failed: [{at: /bad}], done: {at: /ok}}`, []string{`batch: failed has no effect beside done or errors_only`}},
		"failed among errors":       {`{methods: POST, path: /a, items: "/a/*", failed: [{at: /bad}], errors_only: true}`, []string{`batch: failed has no effect beside done or errors_only`}},
		"failed is the whole entry": {`{methods: POST, path: /a, items: "/a/*", failed: [{at: /bad}, {at: ""}]}`, []string{`batch: failed: at: expected a JSON pointer to a value, and not to the whole entry`}},
		"one of many that are sent": {`{methods: POST, path: /a, sent: "/i/*", items: "/a/*", status: s, one_is_whole: true}`, []string{`batch: one_is_whole has no effect beside sent or errors_only: there, one entry says nothing about how many items there are`}},
		"done is the whole entry":   {`{methods: POST, path: /a, items: "/a/*", done: {at: ""}}`, []string{`batch: done: at: expected a JSON pointer to a value, and not to the whole entry`}},
		"a form that is none":       {`{methods: POST, path: /a, items: "/a/*", status: s, decode: [{in: "", adds: true, code: c}, {in: ""}]}`, []string{`adds and general have no effect in the first entry`, `a decode entry needs a code, a message, texts, or is and means`}},
		"a dotted place":            {`{methods: POST, path: /a, items: "/a/*", status: a.b}`, []string{`expected the name of a member, or a JSON pointer such as /source/pointer; got "a.b"`}},
		"twice":                     {`{methods: POST, path: /a, items: "/a/*", status: s}` + "\n  - " + `{methods: POST, path: /a, items: "/b/*", status: s}`, []string{`batch for method POST, path /a`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vendors.Parse([]byte(head + "batches:\n  - " + tt.row + "\n"))
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			isHere := func(line string) bool {
				return strings.HasPrefix(line, "vendor file:5:") || strings.HasPrefix(line, "vendor file:6:")
			}
			for _, want := range tt.want {
				if !slices.ContainsFunc(lines, func(line string) bool { return isHere(line) && strings.Contains(line, want) }) {
					t.Errorf("no %q at its line in\n%v", want, err)
				}
			}
			if len(lines) != len(tt.want) {
				t.Errorf("%d problems, want %d:\n%v", len(lines), len(tt.want), err)
			}
		})
	}
}

// The rows of docs/batches.md are those that the transcripts show to work.
func TestDocumentedRowsOfBatches(t *testing.T) {
	page, err := os.ReadFile("../docs/batches.md")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/inhouse/bulk/bulk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```yaml\n")[1:]
	if len(blocks) != 7 {
		t.Fatalf("%d rows; want 7", len(blocks))
	}
	for _, block := range blocks {
		row, _, _ := strings.Cut(block, "```")
		if !strings.Contains(string(data), row) {
			t.Errorf("not in bulk.yaml: %s", row)
		}
	}
}
