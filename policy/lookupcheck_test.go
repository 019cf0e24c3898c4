package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
)

// What an operator's file may say of a look-up, and what is refused, with the nearest right word.
func TestReadFileChecksLookups(t *testing.T) {
	const at = "policies.yaml:4:9: "
	const names = ": expected {record_key}, a member of the JSON body such as {body.id}, or a segment of the endpoint's path that has a name"
	for name, tt := range map[string]struct {
		endpoint string // but for its methods
		want     string // empty: it is right
	}{
		"short form":                  {"path: '/orders/{id}/notes', repeatable: false, lookup: 'GET /orders/{id}'", ""},
		"long form":                   {"path: /orders, repeatable: false, lookup: {path: '/orders/{body.id}', found: 200, absent: [404, 410], at: /id, is: '{body.id}', consistent: true, settle: 5s}", ""},
		"a list":                      {"path: /orders, repeatable: true, lookup: {path: '/orders?email={body.customer.email}', in: /orders, at: /id, is: '{record_key}', complete: true}", ""},
		"with an operator's risk":     {"path: /orders, repeat_unsafe: true, lookup: 'GET /orders/{record_key}'", ""},
		"all that was sent":           {"path: '/contacts/{contact}', repeatable: true, lookup: {path: '/contacts/{contact}', has_body: true}", ""},
		"a text without a path":       {"path: /orders, repeatable: false, lookup: the list of orders", `policies.yaml:4:67: expected a method and a path, such as GET /orders/{id}; got "the list of orders"`},
		"a misspelled key":            {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', setle: 5s}", `policies.yaml:4:98: unknown key "setle"; did you mean "settle"?`},
		"no path":                     {"path: /orders, repeatable: false, lookup: {at: /id, is: x}", `policies.yaml:4:67: missing key "path"`},
		"a segment that has no name":  {"path: '/orders/*', repeatable: false, lookup: 'GET /orders/{id}'", at + "lookup: unknown name {id}" + names},
		"a misspelled segment":        {"path: '/orders/{order}', repeatable: false, lookup: 'GET /orders/{ordre}'", at + "lookup: unknown name {ordre}; did you mean {order}?"},
		"a misspelled source":         {"path: /orders, repeatable: false, lookup: 'GET /orders/{bdoy.id}'", at + "lookup: unknown name {bdoy.id}; did you mean {body.id}?"},
		"the body as a whole":         {"path: /orders, repeatable: false, lookup: 'GET /orders/{body.}'", at + `lookup: unknown name {body.}` + names},
		"a misspelled record key":     {"path: /orders, repeatable: false, lookup: 'GET /orders/{recordkey}'", at + "lookup: unknown name {recordkey}; did you mean {record_key}?"},
		"a name of one path only":     {"path: ['/a/{id}', '/b/*'], repeatable: false, lookup: 'GET /a/{id}'", at + "lookup: unknown name {id}" + names},
		"half a name":                 {"path: /orders, repeatable: false, lookup: 'GET /orders/{record_key}/{body.id'", at + `lookup: "/orders/{record_key}/{body.id": expected a name between braces, such as {body.id}`},
		"half a segment":              {"path: '/orders/x{id}', repeatable: false", at + `path "/orders/x{id}": expected a name in braces to be a whole segment, such as /orders/{id}`},
		"a write":                     {"path: /orders, repeatable: false, lookup: 'POST /orders/{record_key}'", at + `lookup: method "POST": expected a safe one, such as GET`},
		"a misspelled method":         {"path: /orders, repeatable: false, lookup: 'GTE /orders/{record_key}'", at + `lookup: unknown method "GTE"; did you mean "GET"?`},
		"another host":                {"path: /orders, repeatable: false, lookup: 'GET //elsewhere.test/{record_key}'", at + `lookup: path "//elsewhere.test/{record_key}": expected a path below the base URL that begins with /, without . and .. in it`},
		"a path that leads up":        {"path: /orders, repeatable: false, lookup: 'GET /../{record_key}'", at + `lookup: path "/../{record_key}": expected a path below the base URL that begins with /, without . and .. in it`},
		"settle without consistent":   {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', settle: 5s}", at + "lookup: settle has no effect without consistent: true, as a read that may lag proves no absence"},
		"consistent without settle":   {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', consistent: true}", at + "lookup: consistent has no effect without settle: the vendor may execute the request after its connection was cut"},
		"a place without a text":      {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', at: /id}", at + "lookup: at and is go together"},
		"a place that is no pointer":  {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', at: id, is: x}", at + `lookup: expected a JSON pointer, such as /orders or /id; got "id"`},
		"a list that is not compared": {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', in: /orders}", at + "lookup: in and complete need at and is, or has_body: another record may be there"},
		"found and absent at once":    {"path: /orders, repeatable: false, lookup: {path: '/orders/{record_key}', absent: 204}", at + "lookup: found and absent have a status in common"},
		"HEAD, which has no body":     {"path: /orders, repeatable: false, lookup: {method: HEAD, path: '/orders/{record_key}', has_body: true}", at + "lookup: the response to HEAD has no body: expected GET"},
		"a list by its status":        {"path: /orders, repeatable: false, lookup: 'GET /orders/'", at + "lookup: a path that names no record needs at and is, or has_body: its status says nothing about one"},
		"a search by its status":      {"path: /orders, repeatable: false, lookup: 'GET /orders?id={record_key}'", at + "lookup: a path that names no record needs at and is, or has_body: its status says nothing about one"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readFile(t, "vendors:\n  shop:\n    endpoints:\n      - {methods: POST, "+tt.endpoint+"}\n")
			got := ""
			if err != nil {
				got = err.Error()
				got = got[strings.Index(got, "policies.yaml"):]
			}
			if got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// In Go, what the tags say about files holds as well.
func TestLookupProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		lookup policy.Lookup
		want   []string
	}{
		"right":              {policy.Lookup{Path: "/orders/A-1"}, nil},
		"no path":            {policy.Lookup{}, []string{`lookup: path "": expected a path below the base URL that begins with /, without . and .. in it`}},
		"a status":           {policy.Lookup{Path: "/a", Found: []policy.StatusRange{{From: 1, To: 2}}}, []string{"lookup: status 1-2: expected a range within 200 to 999"}},
		"a time before":      {policy.Lookup{Path: "/a", Settle: -time.Second}, []string{"lookup: settle: expected zero or more; got -1s"}},
		"a segment's name":   {policy.Lookup{Path: "/a/{id}"}, []string{"lookup: unknown name {id}: expected {record_key}, a member of the JSON body such as {body.id}, or a segment of the endpoint's path that has a name"}},
		"a fragment":         {policy.Lookup{Path: "/a#b"}, []string{`lookup: path "/a#b": expected a path below the base URL that begins with /, without . and .. in it`}},
		"a path not escaped": {policy.Lookup{Path: "/a%zz"}, []string{`lookup: path "/a%zz": expected a path below the base URL that begins with /, without . and .. in it`}},
	} {
		if diff := cmp.Diff(tt.want, tt.lookup.Problems()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// An operator's look-up goes before the vendor's, and a policy with look-ups can be printed and
// read back.
func TestApplyTakesLookups(t *testing.T) {
	p, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{
		{Methods: []string{"POST"}, Paths: []string{"/orders/{id}"}, Lookup: &policy.Lookup{Path: "/orders/{id}"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p = applied(t, p, "vendors: {shop: {endpoints: [{methods: POST, path: '/orders/{order}', repeatable: false, lookup: {path: '/orders/{order}', consistent: true, settle: 10s}}]}}")
	want := policy.Lookup{Path: "/orders/{order}", Consistent: true, Settle: 10 * time.Second}
	text, err := p.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	read, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	for _, one := range []policy.Policy{p, read} {
		l, segments, _ := one.LookupFor("POST", "/orders/7")
		if diff := cmp.Diff(want, l); diff != "" || segments["order"] != "7" {
			t.Errorf("segments %v, look-up (-want +got):\n%s", segments, diff)
		}
	}
}
