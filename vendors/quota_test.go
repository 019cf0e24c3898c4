package vendors_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// telling is a vendor whose responses say something about its limits in each of the ways.
const telling = `
limits:
  - {name: burst, scope: account, window: 100/10s, path: "/crm/*", headers: {limit: X-Max, remaining: X-Left}}
  - {name: day, scope: account, window: 1000/24h, path: "/crm/*", headers: {limit: X-Daily, remaining: X-Daily-Left, reset: X-Daily-Reset, unit: epoch}}
  - {name: moment, scope: account, rate: 100/1s, path: /moment, headers: {remaining: X-Left, reset: X-Reset, unit: http}}
  - {name: bucket, scope: account, rate: 2/1s, burst: 40, path: "/admin/*", headers: {header: X-Call-Limit, pattern: '^(?P<used>\d+)/(?P<limit>\d+)$'}}
  - {name: tickets, scope: account, rate: 50/1m, path: /tickets, headers: {header: tickets-index, pattern: 'total=(?P<limit>\d+); remaining=(?P<remaining>\d+)(; resets=(?P<reset>\d+))?', unit: seconds}}
  - {name: points, scope: account, rate: 100/1s, cost: 10, methods: POST, path: /graphql, left: /extensions/cost/throttleStatus/currentlyAvailable, spent: /extensions/cost/actualQueryCost}
  - {name: exports, scope: account, slots: 5, held: 1h, methods: POST, path: /exports/, freed_by: [{methods: GET, path: "/exports/*", at: /status, is: [finished, error]}, {methods: DELETE, path: "/exports/*"}]}
  - {name: files, scope: account, slots: 1, held: 1h, methods: POST, path: /files, freed_by: [{path: "/files/*", at: /url}]}
`

func TestQuotasOfHeaders(t *testing.T) {
	quotas := parsed(t, telling).Profile().Quotas
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		path   string
		header []string
		want   []policy.Quota
	}{
		"none":                       {"/crm/a", nil, nil},
		"of another path":            {"/a", []string{"X-Max", "100", "X-Left", "7"}, nil},
		"a limit and what is left":   {"/crm/a", []string{"X-Max", "100", "X-Left", "7"}, []policy.Quota{{Limit: "burst", Size: 100, Left: 7}}},
		"two limits":                 {"/crm/a", []string{"X-Left", "0", "X-Daily", "1000", "X-Daily-Left", "600", "X-Daily-Reset", "1795651200"}, []policy.Quota{{Limit: "burst"}, {Limit: "day", Size: 1000, Left: 600, Reset: 12 * time.Hour}}},
		"what is left alone":         {"/crm/a", []string{"X-Left", "7"}, []policy.Quota{{Limit: "burst", Left: 7}}},
		"spaces":                     {"/crm/a", []string{"X-Left", " 7 "}, []policy.Quota{{Limit: "burst", Left: 7}}},
		"a fraction":                 {"/crm/a", []string{"X-Left", "7.9"}, []policy.Quota{{Limit: "burst", Left: 7}}},
		"a limit that is no number":  {"/crm/a", []string{"X-Max", "many", "X-Left", "7"}, nil},
		"more is left than there is": {"/crm/a", []string{"X-Max", "5", "X-Left", "7"}, nil},
		"below zero":                 {"/crm/a", []string{"X-Left", "-1"}, nil},
		"an absurd number":           {"/crm/a", []string{"X-Left", "99999999999"}, nil},
		"beyond a float":             {"/crm/a", []string{"X-Left", strings.Repeat("9", 400)}, nil},
		"words of Go":                {"/crm/a", []string{"X-Left", "inf"}, nil},
		"dots":                       {"/crm/a", []string{"X-Left", "1.2.3"}, nil},
		"a reset in the past":        {"/crm/a", []string{"X-Daily-Left", "1", "X-Daily-Reset", "1764072000"}, nil},
		"a reset after years":        {"/crm/a", []string{"X-Daily-Left", "1", "X-Daily-Reset", "1900000000"}, nil},
		"no reset, where one may be": {"/crm/a", []string{"X-Daily-Left", "1"}, []policy.Quota{{Limit: "day", Left: 1}}},
		"ISO 8601 without seconds":   {"/moment", []string{"X-Left", "1", "X-Reset", "2026-11-25T12:01Z"}, []policy.Quota{{Limit: "moment", Left: 1, Reset: time.Minute}}},
		"used of a bucket":           {"/admin/a", []string{"X-Call-Limit", "32/40"}, []policy.Quota{{Limit: "bucket", Size: 40, Left: 8}}},
		"more used than there is":    {"/admin/a", []string{"X-Call-Limit", "41/40"}, []policy.Quota{{Limit: "bucket", Size: 40}}},
		"another form":               {"/admin/a", []string{"X-Call-Limit", "32 of 40"}, nil},
		"the second of two values":   {"/admin/a", []string{"X-Call-Limit", "?", "X-Call-Limit", "32/40", "X-Call-Limit", "1/40"}, []policy.Quota{{Limit: "bucket", Size: 40, Left: 8}}},
		"structured text":            {"/tickets", []string{"Tickets-Index", "total=50; remaining=9; resets=41"}, []policy.Quota{{Limit: "tickets", Size: 50, Left: 9, Reset: 41 * time.Second}}},
		"without a part of it":       {"/tickets", []string{"Tickets-Index", "total=50; remaining=9"}, []policy.Quota{{Limit: "tickets", Size: 50, Left: 9}}},
		"a part that is zero":        {"/tickets", []string{"Tickets-Index", "total=50; remaining=9; resets=0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Date": {now.Format(http.TimeFormat)}}
			for i := 0; i < len(tt.header); i += 2 {
				header.Add(tt.header[i], tt.header[i+1])
			}
			if diff := cmp.Diff(tt.want, quotas(policy.Answer{Method: "GET", Path: tt.path, Status: 200, Header: header})); diff != "" {
				t.Errorf("Quotas mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuotasOfBodies(t *testing.T) {
	quotas := parsed(t, telling).Profile().Quotas
	freed := func(limit string) []policy.Quota { return []policy.Quota{{Limit: limit, Left: -1, Freed: true}} }
	cost := func(spent, left string) string {
		return `{"data":{},"extensions":{"cost":{"actualQueryCost":` + spent + `,"throttleStatus":{"currentlyAvailable":` + left + `}}}}`
	}
	for name, tt := range map[string]struct {
		method, path string
		status       int
		body         string
		want         []policy.Quota
	}{
		"points":                        {"POST", "/graphql", 200, cost("12", "312"), []policy.Quota{{Limit: "points", Left: 312, Spent: 12}}},
		"fractions":                     {"POST", "/graphql", 200, cost("11.2", "312.9"), []policy.Quota{{Limit: "points", Left: 312, Spent: 12}}},
		"texts":                         {"POST", "/graphql", 200, cost(`"12"`, `"312"`), []policy.Quota{{Limit: "points", Left: 312, Spent: 12}}},
		"a refusal":                     {"POST", "/graphql", 200, cost("null", "0"), []policy.Quota{{Limit: "points"}}},
		"only what was spent":           {"POST", "/graphql", 200, cost("12", "null"), []policy.Quota{{Limit: "points", Left: -1, Spent: 12}}},
		"below zero":                    {"POST", "/graphql", 200, cost("-12", "-1"), nil},
		"absurd":                        {"POST", "/graphql", 200, cost("1e300", "99999999999"), nil},
		"objects":                       {"POST", "/graphql", 200, cost("{}", "[1]"), nil},
		"another path":                  {"POST", "/graphiql", 200, cost("12", "312"), nil},
		"without a body":                {"POST", "/graphql", 200, "", nil},
		"a body that breaks off":        {"POST", "/graphql", 200, cost("12", "312")[:30], nil},
		"finished":                      {"GET", "/exports/7", 200, `{"status":"finished"}`, freed("exports")},
		"error":                         {"GET", "/exports/7", 200, `{"status":"error"}`, freed("exports")},
		"in progress":                   {"GET", "/exports/7", 200, `{"status":"inProgress"}`, nil},
		"finished, but a failure":       {"GET", "/exports/7", 503, `{"status":"finished"}`, nil},
		"of another request":            {"POST", "/exports/7", 200, `{"status":"finished"}`, nil},
		"a list":                        {"GET", "/exports/", 200, `{"results":[{"status":"finished"}]}`, nil},
		"deleted":                       {"DELETE", "/exports/7", 204, "", freed("exports")},
		"not deleted":                   {"DELETE", "/exports/7", 403, "", nil},
		"a value of any text":           {"GET", "/files/7", 200, `{"url":"https://files.test/7"}`, freed("files")},
		"a value that is empty":         {"GET", "/files/7", 200, `{"url":null}`, nil},
		"whose request is not known":    {"", "", 200, `{"status":"finished"}`, nil},
		"the request that takes a slot": {"POST", "/exports/", 201, `{"status":"inProgress"}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := quotas(policy.Answer{Method: tt.method, Path: tt.path, Status: tt.status, Body: []byte(tt.body)})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Quotas mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// A vendor without a word about its limits is not asked.
func TestQuotasOfAVendorThatSaysNothing(t *testing.T) {
	if parsed(t, "limits: [{name: a, scope: account, rate: 1/1s}]\n").Profile().Quotas != nil {
		t.Error("Quotas is set")
	}
}

func TestParseReportsProblemsOfQuotas(t *testing.T) {
	for text, want := range map[string][]string{
		"window: 1/1s, headers: {limit: A}":                                              {`54: headers: missing key "remaining", or a header and a pattern`},
		"window: 1/1s, headers: {remaining: A, reset: B}":                                {"54: headers: reset needs a unit, such as seconds or epoch"},
		"window: 1/1s, headers: {remaining: A, unit: epoch}":                             {"54: headers: unit has no effect without reset"},
		"window: 1/1s, headers: {remaining: A, reset: B, unit: epochs}":                  {`85: unknown unit "epochs"; did you mean "epoch"?`},
		"window: 1/1s, headers: {remaning: A}":                                           {`55: unknown key "remaning"; did you mean "remaining"?`},
		"window: 1/1s, headers: {remaining: \"A:\"}":                                     {`66: expected the name of a header; got "A:"`},
		"window: 1/1s, headers: {header: A}":                                             {"54: headers: a header and a pattern go together"},
		"window: 1/1s, headers: {pattern: A, remaining: B}":                              {"54: headers: a header and a pattern go together"},
		"window: 1/1s, headers: {header: A, pattern: B, limit: C}":                       {"54: headers: limit, remaining and reset have no effect beside a header, whose pattern has groups of these names"},
		"window: 1/1s, headers: {header: A, pattern: (}":                                 {`54: headers: pattern "(": expected a regular expression, such as (?P<used>\d+)/(?P<limit>\d+)`},
		"window: 1/1s, headers: {header: A, pattern: '(?P<usd>.)'}":                      {`54: headers: pattern "(?P<usd>.)": unknown group "usd"; did you mean "used"?`, `54: headers: pattern "(?P<usd>.)": expected a group remaining, or the groups used and limit`},
		"window: 1/1s, headers: {header: A, pattern: '(.)'}":                             {`54: headers: pattern "(.)": expected a group remaining, or the groups used and limit`},
		"window: 1/1s, headers: {header: A, pattern: '(?P<used>.)'}":                     {`54: headers: pattern "(?P<used>.)": expected a group remaining, or the groups used and limit`},
		"window: 1/1s, headers: {header: A, pattern: '(?P<used>.)(?P<remaining>.)'}":     {`54: headers: pattern "(?P<used>.)(?P<remaining>.)": used has no effect beside remaining`},
		"window: 1/1s, headers: {header: A, pattern: '(?P<remaining>.)', unit: seconds}": {"54: headers: unit has no effect without reset"},
		"window: 1/1s, headers: {header: A, pattern: '(?P<remaining>.)(?P<reset>.)'}":    {"54: headers: reset needs a unit, such as seconds or epoch"},
		"slots: 2, headers: {remaining: A}":                                              {"5: headers has no effect without a rate or a window"},
		"window: 1/1s, left: /a":                                                         {"5: left has no effect without cost: it is a number of points"},
		"window: 1/1s, spent: /a":                                                        {"5: spent has no effect without cost: it is a number of points"},
		"window: 1/1s, cost: 1, spent: a":                                                {`61: expected a JSON pointer, such as /errors/0/code or /errors/*/code; got "a"`},
		"window: 1/1s, cost: 1, left: \"\", spent: \"\"":                                 {"5: left: expected a JSON pointer to a value, and not to the whole body", "5: spent: expected a JSON pointer to a value, and not to the whole body"},
		"window: 1/1s, cost: 1, left: /a, headers: {remaining: A}":                       {"5: left has no effect beside headers, which say what is left"},
		"slots: 2, freed_by: [{path: /a}]":                                               {"5: freed_by needs held, for how long a slot is held at most: the response that frees it may be missed"},
		"slots: 2, held: 1h, freed_by: []":                                               {"61: freed_by: expected at least one element; got an empty list"},
		"slots: 2, held: 1h, freed_by: [{methods: GET}]":                                 {`62: missing key "path"`},
		"slots: 2, held: 1h, freed_by: [{path: a, methods: GTE}]":                        {`62: freed_by: unknown method "GTE"; did you mean "GET"?`, `62: freed_by: path "a": expected a pattern that begins with /, where * is one segment and ** any number`},
		"slots: 2, held: 1h, freed_by: [{path: /a, is: b}]":                              {"62: freed_by: is has no effect without at"},
		"slots: 2, held: 1h, freed_by: [{path: /a, at: \"\"}]":                           {"62: freed_by: at: expected a JSON pointer to a value, and not to the whole body"},
		"held: 1h":  {"5: expected a rate, a window or slots: without one, the limit bounds nothing"},
		"off: true": {"5: expected a rate, a window or slots: without one, the limit bounds nothing"},
	} {
		_, err := vendors.Parse([]byte(head + "limits:\n  - {name: a, scope: account, " + text + "}\n"))
		var lines []string
		for _, w := range want {
			lines = append(lines, "vendor file:5:"+w)
		}
		if err == nil || err.Error() != strings.Join(lines, "\n") {
			t.Errorf("%s:\n%v\nwant\n%s", text, err, strings.Join(lines, "\n"))
		}
	}
	// A limit without bounds may be known by its name alone.
	parsed(t, "limits: [{name: a, scope: account, off: true, named_by: {body: /a, contains: b}}]\n")
}

// Connectif's queues have room again when a job has left them.
func TestQuotasOfConnectif(t *testing.T) {
	quotas := lookup(t, vendors.Connectif).Profile().Quotas
	for name, tt := range map[string]struct {
		method, path, body string
		want               string // the limit of which a slot is free
	}{
		"an export":             {"GET", "/exports/7", `{"id":"7","status":"finished","fileUrl":"https://files.test/7"}`, "exports"},
		"an export that failed": {"GET", "/exports/7", `{"id":"7","status":"error"}`, "exports"},
		"one in progress":       {"GET", "/exports/7", `{"id":"7","status":"inProgress"}`, ""},
		"one that is deleted":   {"DELETE", "/exports/7", "", "exports"},
		"an import":             {"GET", "/imports/7", `{"id":"7","status":"finished","success":3,"errors":1}`, "imports"},
		"one that is ordered":   {"POST", "/exports/", `{"id":"7","status":"queued"}`, ""},
	} {
		got := quotas(policy.Answer{Method: tt.method, Path: tt.path, Status: 200, Body: []byte(tt.body)})
		var want []policy.Quota
		if tt.want != "" {
			want = []policy.Quota{{Limit: tt.want, Left: -1, Freed: true}}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: Quotas mismatch (-want +got):\n%s", name, diff)
		}
	}
}
