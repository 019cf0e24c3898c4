package vendors_test

import (
	"fmt"
	"net/http"
	"os"
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
	mutations  = "/mutations"              // failures, by name
	job        = "/jobs/7"                 // failures of an earlier request
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

		"fields without errors":                     {mutations, three, `{"data":{"a":{"userErrors":[]},"b":null,"c":[1]}}`, nil},
		"no data":                                   {mutations, three, `{"data":null}`, nil},
		"one field":                                 {mutations, three, `{"data":{"a":{"userErrors":[{"code":"X"}]}}}`, []string{"no batch"}},
		"one field without errors":                  {mutations, three, `{"data":{"a":{"userErrors":[]}}}`, nil},
		"one field of two":                          {mutations, three, `{"data":{"a":{"userErrors":[{"code":"X"},{"code":"Y"}]},"b":{}}}`, []string{"of 0", "-1 a 200 X Y"}},
		"a mutation whose response is cut":          {mutations, three, `{"data":{"a":{"userErrors":[`, []string{"of 0"}},
		"results of a job":                          {job, ``, `{"job":{"results":[{"id":7},{"id":8,"error":"X"},{"index":2,"error":"Y"},{"index":"x","error":"Z"},{"error":"W"}]}}`, []string{"of 0", "2 200 Y", "-1 8 200 X", "-1 200 Z", "-1 200 W"}},
		"a result that failed and does not say why": {job, ``, `{"job":{"results":[{"id":8,"success":false}]}}`, []string{"of 0", "-1 8 200"}},
		"a job without results":                     {job, ``, `{"job":{"status":"working","results":null}}`, nil},
		"a job with one object in place of a list":  {job, ``, `{"job":{"results":{"success":true}}}`, nil},

		"no keys were sent": {byKey, `{"inputs":[{},{}]}`, `{"errors":[{"category":"X","context":{"traceId":["k"]}}]}`, []string{"of 2", "-1 k 200 X"}},
		"no batch":          {"/orders", three, `{"results":[{"status":500}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			method := "POST"
			if tt.path == job {
				method = "GET"
			}
			f := bulk(t).Decode(policy.Answer{Status: 200, Header: http.Header{}, Method: method, Path: tt.path, Sent: []byte(tt.sent), Body: []byte(tt.body)})
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

func BenchmarkDecodeBatch(b *testing.B) {
	sent := []byte(`{"orders":[` + strings.Repeat("1,", 99) + `1]}`)
	a := policy.Answer{Status: 207, Method: "POST", Path: list, Sent: sent, Body: []byte(`{"results":[` + strings.Repeat(`{"status":200},`, 99) + `{"status":429}]}`), Received: time.Now()}
	v := bulk(b)
	b.ReportAllocs()
	for b.Loop() {
		_ = v.Decode(a)
	}
}
