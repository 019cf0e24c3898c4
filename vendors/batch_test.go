package vendors_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// bulk is the vendor of testdata/inhouse/bulk.
func bulk(t testing.TB) *vendors.Vendor {
	t.Helper()
	data, err := os.ReadFile("testdata/inhouse/bulk/bulk.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v, err := vendors.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// failedItems returns what a failure says of items, as "index key status codes cause".
func failedItems(f *policy.Failure) []string {
	if f == nil {
		return nil
	}
	if f.Batch == nil {
		return []string{"no batch"}
	}
	all := []string{fmt.Sprintf("of %d", f.Batch.Size)}
	for _, item := range f.Batch.Items {
		words := []string{fmt.Sprint(item.Index), item.Key, fmt.Sprint(item.Failure.Status)}
		for _, field := range item.Failure.Items {
			words = append(words, field.Code)
		}
		words = append(words, item.Failure.Cause)
		if item.Failure.Wait > 0 {
			words = append(words, item.Failure.Wait.String())
		}
		all = append(all, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	return all
}

const (
	list       = "/orders/batch"           // an entry for each item, in order
	collection = "/composite/records"      // done, by success
	byID       = "/$batch"                 // responses by id
	userErrors = "/graphql"                // errors by index
	byKey      = "/objects/a/batch/create" // errors by key
)

// What is made of responses that are odd.
func TestDecodeBatch(t *testing.T) {
	three := `{"orders":[1,2,3],"records":[1,2,3],"requests":[{"id":"a"},{"id":"b"},{"id":"c"}],"variables":{"variants":[1,2,3]},"inputs":[{"traceId":"a"},{"traceId":"b"},{"traceId":7}]}`
	for name, tt := range map[string]struct {
		path, sent, body string
		want             []string // nil: a success
	}{
		"all are done":                       {list, three, `{"results":[{"status":200},{"status":"201"},{"status":204}]}`, nil},
		"half a list":                        {list, three, `{"results":[{"status":200}]}`, []string{"of 3", "1 200 no entry", "2 200 no entry"}},
		"no list":                            {list, three, `{"ok":true}`, []string{"of 3", "0 200 no entry", "1 200 no entry", "2 200 no entry"}},
		"no body":                            {list, three, ``, []string{"of 3", "0 200 no entry", "1 200 no entry", "2 200 no entry"}},
		"a response that is cut":             {list, three, `{"results":[{"status":200},{"sta`, []string{"of 3", "0 200 no entry that can be matched", "1 200 no entry that can be matched", "2 200 no entry that can be matched"}},
		"an HTML page":                       {list, three, `<html>hello</html>`, []string{"of 3", "0 200 no entry that can be matched", "1 200 no entry that can be matched", "2 200 no entry that can be matched"}},
		"too many entries":                   {list, three, `{"results":[{"status":200},{"status":200},{"status":200},{"status":200}]}`, []string{"of 3", "0 200 no entry that can be matched", "1 200 no entry that can be matched", "2 200 no entry that can be matched"}},
		"an entry without a status":          {list, three, `{"results":[{"status":200},{},{"status":"x"}]}`, []string{"of 3", "1 200 no status", "2 200 no status"}},
		"a status that is none":              {list, three, `{"results":[{"status":200},{"status":7},{"status":-400}]}`, []string{"of 3", "1 200 no status", "2 200 no status"}},
		"an entry that is no object":         {list, three, `{"results":[{"status":200},null,"x"]}`, []string{"of 3", "1 200 an entry that is no object", "2 200 an entry that is no object"}},
		"what was sent is not known":         {list, ``, `{"results":[{"status":200},{"status":500}]}`, []string{"of 0", "1 500"}},
		"what was sent is cut":               {list, `{"orders":[1,`, `{"results":[{"status":200},{"status":500}]}`, []string{"of 0", "1 500"}},
		"nothing is known of a cut response": {list, ``, `{"results":[{"sta`, []string{"of 0"}},
		"results by number":                  {list, three, `{"results":{"0":{"status":200},"2":{"status":200},"1":{"status":400}}}`, []string{"of 3", "1 400"}},
		"a name that is no number":           {list, three, `{"results":{"0":{"status":200},"x":{"status":200},"1":{"status":400}}}`, []string{"of 3", "1 400", "2 200 no entry"}},

		"success is missing":                      {collection, three, `[{"success":true},{"id":"7"},{"success":"yes"}]`, []string{"of 3", "1 200", "2 200"}},
		"success, beside an empty list of errors": {collection, three, `[{"success":true,"errors":[]},{"success":true},{"success":true}]`, nil},

		"in any order":                             {byID, three, `{"responses":[{"id":"c","status":200},{"id":"a","status":429,"headers":{"retry-after":"9"}},{"id":"b","status":200}]}`, []string{"of 3", "0 a 429 9s"}},
		"a request without a response":             {byID, three, `{"responses":[{"id":"c","status":200},{"id":"a","status":200}]}`, []string{"of 3", "1 b 200 no entry"}},
		"two entries for one item":                 {byID, three, `{"responses":[{"id":"a","status":400},{"id":"a","status":503},{"id":"b","status":200},{"id":"c","status":200}]}`, []string{"of 3", "0 a 503"}},
		"two entries that contradict":              {byID, three, `{"responses":[{"id":"a","status":400},{"id":"a","status":200},{"id":"b","status":200},{"id":"b","status":500},{"id":"c","status":200}]}`, []string{"of 3", "0 a 400 two entries", "1 b 500 two entries"}},
		"an id that was not sent":                  {byID, three, `{"responses":[{"id":"a","status":200},{"id":"x","status":200},{"id":"c","status":200}]}`, []string{"of 3", "0 a 200 no entry that can be matched", "1 b 200 no entry that can be matched", "2 c 200 no entry that can be matched"}},
		"a failure without an id":                  {byID, three, `{"responses":[{"id":"a","status":200},{"status":400,"body":{"error":{"code":"X"}}}]}`, []string{"of 3", "1 b 400 X", "2 c 400 X"}},
		"a key that was sent twice":                {byID, `{"requests":[{"id":"a"},{"id":"a"},{"id":"b"}]}`, `{"responses":[{"id":"a","status":400},{"id":"b","status":200}]}`, []string{"of 3", "0 a 400 several items with the key", "1 a 400 several items with the key"}},
		"a key that was sent twice, without fault": {byID, `{"requests":[{"id":"a"},{"id":"a"},{"id":"b"}]}`, `{"responses":[{"id":"a","status":200},{"id":"b","status":200}]}`, nil},
		"a number as a key":                        {byKey, three, `{"errors":[{"category":"X","context":{"traceId":["7"]}}]}`, []string{"of 3", "2 7 200 X"}},

		"no errors":                          {userErrors, three, `{"data":{"a":{"userErrors":[]}}}`, nil},
		"no body, and no errors":             {userErrors, three, ``, nil},
		"an index out of range":              {userErrors, three, `{"data":{"a":{"userErrors":[{"field":["v","3"],"code":"X"}]}}}`, []string{"of 3", "0 200 no entry that can be matched", "1 200 no entry that can be matched", "2 200 no entry that can be matched"}},
		"an index below zero":                {userErrors, three, `{"data":{"a":{"userErrors":[{"field":["v","-1"],"code":"X"}]}}}`, []string{"of 3", "0 200 no entry that can be matched", "1 200 no entry that can be matched", "2 200 no entry that can be matched"}},
		"an index that is no number":         {userErrors, three, `{"data":{"a":{"userErrors":[{"field":["v","id"],"code":"X"}]}}}`, []string{"of 3", "0 200 no entry that can be matched", "1 200 no entry that can be matched", "2 200 no entry that can be matched"}},
		"the same, of unknown size":          {userErrors, ``, `{"data":{"a":{"userErrors":[{"field":["v","id"],"code":"X"},{"field":["v","8"],"code":"Y"}]}}}`, []string{"of 0", "8 200 Y", "-1 200 X"}},
		"errors of no item":                  {userErrors, three, `{"data":{"a":{"userErrors":[{"field":null,"code":"X"},{"field":["v","1"],"code":"Y"},{"code":"Z"}]}}}`, []string{"of 3", "0 200 X Z", "1 200 Y", "2 200 X Z"}},
		"errors of no item, of unknown size": {userErrors, ``, `{"data":{"a":{"userErrors":[{"field":null,"code":"X"}]}}}`, []string{"of 0", "-1 200 X"}},
		"a failure as a whole":               {userErrors, three, `{"errors":[{"extensions":{"code":"THROTTLED"}}],"data":{"a":{"userErrors":[{"field":["v","1"],"code":"Y"}]}}}`, []string{"no batch"}},

		"no keys were sent": {byKey, `{"inputs":[{},{}]}`, `{"errors":[{"category":"X","context":{"traceId":["k"]}}]}`, []string{"of 2", "-1 k 200 X"}},
		"no batch":          {"/orders", three, `{"results":[{"status":500}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := bulk(t).Decode(policy.Answer{Status: 200, Header: http.Header{}, Method: "POST", Path: tt.path, Sent: []byte(tt.sent), Body: []byte(tt.body)})
			if diff := cmp.Diff(tt.want, failedItems(f)); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
		})
	}
}

// A batch that is refused as a whole, or redirected, has no items.
func TestDecodeBatchAsAWhole(t *testing.T) {
	for status, want := range map[int][]string{301: nil, 400: {"no batch"}, 503: {"no batch"}} {
		f := bulk(t).Decode(policy.Answer{Status: status, Method: "POST", Path: list, Sent: []byte(`{"orders":[1]}`), Body: []byte(`{"results":[{"status":500}]}`)})
		if diff := cmp.Diff(want, failedItems(f)); diff != "" {
			t.Errorf("%d (-want +got):\n%s", status, diff)
		}
	}
}

// Entries of XML are those of one name, in their order.
func TestDecodeBatchInXML(t *testing.T) {
	v := parsed(t, "batches:\n  - {methods: POST, path: /a, items: /results/result, status: status}\n")
	f := v.Decode(policy.Answer{Status: 207, Method: "POST", Path: "/a", Body: []byte(`<results><result><status>200</status></result><result><status>404</status></result></results>`)})
	if diff := cmp.Diff([]string{"of 0", "1 404"}, failedItems(f)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

// The number of items that are listed is bounded, and so are the time and memory for them.
func TestDecodeBatchIsBounded(t *testing.T) {
	for size, omitted := range map[int]int{10_000: 0, 10_007: 7} {
		sent := []byte(`{"orders":[` + strings.Repeat("1,", size-1) + `1]}`)
		body := []byte(`{"results":[` + strings.Repeat(`{"status":429,"problems":[{"code":"TAKEN","text":"no"}]},`, size-1) + `{"status":429}]}`)
		a := policy.Answer{Status: 207, Method: "POST", Path: list, Sent: sent, Body: body}
		v := bulk(t)
		f := v.Decode(a)
		if f == nil || len(f.Batch.Items) != policy.MaxItems || f.Batch.Omitted != omitted || f.Batch.Size != size {
			t.Fatalf("%d items: %v", size, failedItems(f)[:1])
		}
		perItem := testing.AllocsPerRun(1, func() { v.Decode(a) }) / float64(size)
		if perItem > 100 {
			t.Errorf("%v allocations for each item; want at most 100", perItem)
		}
	}
}

// Class partial has one source, and no rule can have such a batch repeated.
func TestParseRefusesRulesForPartial(t *testing.T) {
	for rows, want := range map[string]string{
		"codes: [{code: A, class: partial}]":                     "vendor file:4:9: code A: class partial follows from batches, and not from a code or a status",
		"statuses: [{status: 207, class: partial}]":              "vendor file:4:12: status 207: class partial follows from batches, and not from a code or a status",
		"classes: [{class: partial, action: retry, hint: Look}]": "vendor file:4:11: action retry: expected surface or fail_fast, as a batch of which a part may be done is not repeated",
	} {
		_, err := vendors.Parse([]byte(head + rows + "\n"))
		if err == nil {
			t.Fatalf("%s: no error", rows)
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
	}
}

// What a client needs to know is a copy.
func TestProfileHasTheBatches(t *testing.T) {
	v := bulk(t)
	v.Profile().Batches[0].Paths[0] = "/changed"
	p := v.Profile()
	for path, want := range map[string]bool{list: true, byID: true, "/objects/x/batch/create": true, "/orders": false} {
		if p.IsBatch("POST", path) != want || p.IsBatch("GET", path) {
			t.Errorf("%s: IsBatch by POST %v, by GET %v; want %v, false", path, p.IsBatch("POST", path), p.IsBatch("GET", path), want)
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
		"the method of a read":      {`{methods: [GET, POST], path: /a, items: "/a/*", status: s}`, []string{`batch: methods: GET and HEAD send no items`}},
		"a method in lower case":    {`{methods: post, path: /a, items: "/a/*", status: s}`, []string{`batch: method "post": expected upper case`}},
		"a path that is none":       {`{methods: POST, path: a, items: "/a/*", status: s}`, []string{`batch: path "a": expected a pattern that begins with /, where * is one segment`}},
		"the whole body":            {`{methods: POST, path: /a, sent: "", items: "", status: s}`, []string{`batch: items: expected a JSON pointer to the entries, such as /results/*, or /* if the body is a list`, `batch: sent: expected a JSON pointer to the items, such as /inputs/*, or /* if the body is a list`}},
		"index and key":             {`{methods: POST, path: /a, items: "/a/*", status: s, index: i, key: k}`, []string{`batch: expected index or key, not both: each says which item an entry is about`}},
		"key alone":                 {`{methods: POST, path: /a, sent: "/i/*", items: "/a/*", status: s, key: k}`, []string{`batch: key needs sent_key, which is where an item of the request has that key`}},
		"sent_key without sent":     {`{methods: POST, path: /a, sent_key: k, items: "/a/*", status: s, key: k}`, []string{`batch: sent_key has no effect without sent`}},
		"sent_key beside index":     {`{methods: POST, path: /a, sent: "/i/*", sent_key: k, items: "/a/*", status: s, index: i}`, []string{`batch: sent_key has no effect beside index`}},
		"nothing says what is done": {`{methods: POST, path: /a, items: "/a/*"}`, []string{`batch: expected done or status, which say whether an item is done, or errors_only: true`}},
		"done among errors":         {`{methods: POST, path: /a, items: "/a/*", errors_only: true, done: {at: /ok}}`, []string{`batch: done has no effect with errors_only: no entry says that its item is done`}},
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

func BenchmarkDecodeBatch(b *testing.B) {
	sent := []byte(`{"orders":[` + strings.Repeat("1,", 99) + `1]}`)
	a := policy.Answer{Status: 207, Method: "POST", Path: list, Sent: sent, Body: []byte(`{"results":[` + strings.Repeat(`{"status":200},`, 99) + `{"status":429}]}`), Received: time.Now()}
	v := bulk(b)
	b.ReportAllocs()
	for b.Loop() {
		_ = v.Decode(a)
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
	if len(blocks) != 5 {
		t.Fatalf("%d rows; want 5", len(blocks))
	}
	for _, block := range blocks {
		row, _, _ := strings.Cut(block, "```")
		if !strings.Contains(string(data), row) {
			t.Errorf("not in bulk.yaml: %s", row)
		}
	}
}
