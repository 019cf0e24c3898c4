package vendors_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLookupOfEveryName(t *testing.T) {
	for _, name := range vendors.Names() {
		v := lookup(t, name)
		if v.Name() != name || v.Title() == "" || len(v.Documents()) == 0 {
			t.Errorf("%s: name %q, title %q, %d documents", name, v.Name(), v.Title(), len(v.Documents()))
		}
		for _, d := range v.Documents() {
			if !strings.HasPrefix(d.URL, "https://") || d.Read == "" {
				t.Errorf("%s: document %+v", name, d)
			}
		}
	}
	if !slices.Contains(vendors.Names(), vendors.RDStation) {
		t.Errorf("Names() = %v", vendors.Names())
	}
}

// All callers get one Vendor, and none can change what another sees.
func TestLookupReadsAFileOnce(t *testing.T) {
	for _, name := range vendors.Names() {
		before := lookup(t, name)
		want := before.Profile()
		documents, profile := before.Documents(), before.Profile()
		documents[0].URL = "changed"
		if len(profile.RequestIDHeaders) > 0 {
			profile.RequestIDHeaders[0] = "changed"
		}
		for _, l := range profile.Policy.Limits("POST", "/v1/campaign/7/pause") {
			for i := range l.Paths {
				l.Paths[i] = "changed"
			}
		}
		again := lookup(t, name)
		if again != before {
			t.Errorf("%s was read twice", name)
		}
		isSet := cmp.Comparer(func(a, b func(policy.Answer) []policy.Quota) bool { return (a == nil) == (b == nil) })
		if diff := cmp.Diff(want, again.Profile(), cmp.AllowUnexported(policy.Policy{}), isSet); diff != "" || again.Documents()[0].URL == "changed" {
			t.Errorf("%s was changed by a caller (-want +got):\n%s", name, diff)
		}
	}
}

func TestLookupSuggestsAName(t *testing.T) {
	for name, want := range map[string]string{
		"rdstaton":   `vendors: unknown vendor "rdstaton"; did you mean "rdstation"?`,
		"../secrets": `vendors: unknown vendor "../secrets"; expected one of ` + strings.Join(vendors.Names(), ", "),
		"":           `vendors: unknown vendor ""; expected one of ` + strings.Join(vendors.Names(), ", "),
	} {
		if _, err := vendors.Lookup(name); err == nil || err.Error() != want {
			t.Errorf("Lookup(%q): %v; want %s", name, err, want)
		}
	}
}

// oneForm says where a response has a code, so that codes have an effect.
const oneForm = "decode: [{in: /error, code: code}]\n"

func TestParseReportsAllProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"empty":               {"", []string{"vendor file:1:1: expected a mapping; the file is empty"}},
		"a name":              {strings.Replace(head, "shop", "My Shop", 1), []string{`vendor file:1:9: expected a name of lower-case letters, digits and _, such as rdstation; got "My Shop"`}},
		"a class":             {head + "codes:\n  - {code: A, class: validaton}\n" + oneForm, []string{`vendor file:5:22: unknown class "validaton"; did you mean "validation"?`}},
		"a key":               {head + "codes:\n  - {code: A, clas: validation}\n" + oneForm, []string{`vendor file:5:15: unknown key "clas"; did you mean "class"?`}},
		"no class":            {head + "codes:\n  - {code: A}\n" + oneForm, []string{`vendor file:5:5: code A: missing key "class"`}},
		"a code twice":        {head + "codes:\n  - {code: A, class: validation}\n  - {code: A, class: conflict}\n" + oneForm, []string{"vendor file:6:5: duplicate code A; the first is at line 5"}},
		"a code with a space": {head + "codes:\n  - {code: no code, class: validation}\n" + oneForm, []string{`vendor file:5:5: code "no code": expected up to 128 of A-Z a-z 0-9 _ . -`}},
		"a bare duration":     {head + "codes:\n  - {code: A, class: quota_exceeded, after: 300}\n" + oneForm, []string{"vendor file:5:45: expected a duration with a unit, such as 30s; got 300"}},
		"a status":            {head + "statuses:\n  - {status: 5x, class: server_error}\n", []string{`vendor file:5:14: expected a status such as 503, 5xx or 500-504; got "5x"`}},
		"a rate":              {head + "limits:\n  - {name: a, scope: account, rate: 120}\n", []string{`vendor file:5:37: expected a rate such as 120/1m; got "120"`}},
		"a limit's scope":     {head + "limits:\n  - {name: a, scope: job, rate: 1/1s}\n", []string{`vendor file:5:5: scope job: expected account, endpoint or record`}},
		"a limit twice":       {head + "limits:\n  - {name: a, scope: account, rate: 1/1s}\n  - {name: a, scope: account, rate: 1/1s}\n", []string{`vendor file:6:5: duplicate limit "a"; the first is at line 5`}},
		"a wait":              {head + "waits:\n  - {unit: seconds}\n  - {header: A, body: /b, unit: second}\n", []string{"vendor file:5:5: a wait needs a header, a body or a cost", `vendor file:6:33: unknown unit "second"; did you mean "seconds"?`}},
		"a wait's place":      {head + "waits:\n  - {unit: seconds}\n", []string{"vendor file:5:5: a wait needs a header, a body or a cost"}},
		"a wait's condition": {head + "waits:\n  - {body: /b, unit: seconds, when: {}}\n  - {body: /c, unit: seconds, when: {is: a}}\n  - {body: /d, unit: seconds, when: {headers: A, is: b, contains: c}}\n", []string{
			"vendor file:5:37: when: expected a status, a path, methods, a message, has_document, or the text of a header or a value of the body",
			"vendor file:6:37: when: a text needs headers or at (a value of the body), and either is (the whole value) or contains",
			"vendor file:7:37: when: a text needs headers or at (a value of the body), and either is (the whole value) or contains",
		}},
		"a header's text": {head + "header_codes:\n  - {headers: A, code: B}\n  - {contains: A, code: B}\n", []string{
			"vendor file:5:5: the text of a header needs headers, and either is (the whole value) or contains",
			"vendor file:6:5: the text of a header needs headers, and either is (the whole value) or contains",
		}},
		"a decode entry with a part that is not used": {head + "decode:\n  - {in: /a, texts: true, adds: true}\n  - {in: /b, is: x, means: Y, code: c}\n  - {in: /c, texts: true, field: f}\n", []string{
			"vendor file:5:5: adds and general have no effect in the first entry",
			"vendor file:6:5: code, message, field, fields and texts have no effect with is and means: these are about the value at in",
			"vendor file:7:5: field and fields have no effect without code or message",
		}},
		"keys of another action": {head + "codes:\n  - {code: A, class: validation, action: retry, after: 5m}\n  - {code: B, class: server_error, after: 5m}\n  - {code: C, class: quota_exceeded, after: 5m, max_attempts: 2}\nclasses:\n  - {class: quota_exceeded, max_elapsed: 1h}\n" + oneForm, []string{
			"vendor file:5:5: after has no effect with action retry; it is for throttle or defer",
			"vendor file:6:5: after has no effect with action retry; it is for throttle or defer",
			"vendor file:7:5: max_attempts has no effect with action defer; it is for retry, throttle, refresh or shrink",
			"vendor file:9:5: max_elapsed has no effect with action defer; it is for retry, throttle or shrink",
		}},
		"codes of earlier attempts": {head + "codes:\n  - {code: E0605, class: already_exists, accept_after_codes: E0630}\n  - {code: E0603, class: conflict}\n" + oneForm, []string{
			`vendor file:5:5: accept_after_codes: unknown code "E0630"; did you mean "E0603"?`,
		}},
		"a rule that is never reached": {head + "statuses:\n  - {status: 4xx, class: unknown}\n  - {status: 404, class: not_found}\n  - {status: 404, when: {methods: GET}, class: not_found}\n", []string{
			"vendor file:6:5: the rule for status 404 is never reached: the one for status 4xx goes before it",
		}},
		"a look-up": {head + "endpoints:\n  - {path: '/items/{item}', repeatable: false, lookup: {path: '/items/{itme}', settle: 5s}}\n", []string{
			"vendor file:5:5: lookup: unknown name {itme}; did you mean {item}?",
			"vendor file:5:5: lookup: settle has no effect without consistent: true, as a read that may lag proves no absence",
		}},
		"an endpoint twice": {head + "endpoints:\n  - {path: /items, repeatable: true}\n  - {path: /items, repeatable: false}\n", []string{"vendor file:6:5: duplicate endpoint for path /items; the first is at line 5"}},
		"a method": {head + "endpoints:\n  - {path: \"/items**\", methods: PTCH, repeatable: true}\n", []string{
			`vendor file:5:5: unknown method "PTCH"; did you mean "PATCH"?`,
			`vendor file:5:5: path "/items**": expected a pattern that begins with /, where * is one segment and ** any number`,
		}},
		"too many values": {head + "rename: {" + strings.Repeat("a: b, ", 10_000) + "}\nvendr: x\n", []string{"vendor file:4:59968: the file has more than 20000 keys and values"}},
		"a header": {head + "idempotency: {header: a b}\nrequest_id_headers: [\"\", X-Id]\nwaits:\n  - {header: \"a:\", unit: seconds}\n", []string{
			`vendor file:4:23: expected the name of a header; got "a b"`, `vendor file:5:22: expected the name of a header; got ""`, `vendor file:7:14: expected the name of a header; got "a:"`,
		}},
		"keys, in the old form": {head + "idempotency_header: X-Key\n", []string{
			`vendor file:4:1: "idempotency_header" is now called "idempotency"`, `vendor file:4:21: expected a mapping with header; got "X-Key"`,
		}},
		"keys without a header": {head + "idempotency: {methods: POST, lifetime: 0s, form: uid}\n", []string{
			`vendor file:4:14: missing key "header"`, `vendor file:4:40: lifetime: expected a duration above zero; got "0s"`, `vendor file:4:50: unknown form of keys "uid"; did you mean "uuid"?`,
		}},
		"a key in the body": {head + "idempotency: {header: X-Key, body: /variables/key}\n", []string{
			"vendor file:4:36: the client writes no key into a body: write it there yourself, set CallOptions.Repeatable, and list the codes that are about it under codes",
		}},
		"keys at a path": {head + "idempotency: {header: X-Key, path: tickets, methods: post}\n", []string{
			`vendor file:4:14: method "post": expected upper case`, `vendor file:4:14: path "tickets": expected a pattern that begins with /, where * is one segment and ** any number`,
		}},
		"codes about keys": {head + "idempotency: {header: X-Key, in_flight: [BUSY, a b], mismatch: BUSY}\ncodes:\n  - {code: BUSY, class: conflict}\n" + oneForm, []string{
			`vendor file:4:14: code "a b": expected up to 128 of A-Z a-z 0-9 _ . -`, "vendor file:4:14: duplicate code BUSY; the first is at line 4",
			"vendor file:6:5: duplicate code BUSY; the first is at line 4",
		}},
		"errors in a 2xx": {head + "errors_in_2xx: true\n", []string{"vendor file:4:16: expected a list; got true"}},
		"an error in every 2xx": {head + "errors_in_2xx:\n  - {at: \"\"}\n  - {is: x}\n", []string{
			"vendor file:5:5: at: expected a JSON pointer to a value, as the whole body is there in each success",
			`vendor file:6:5: missing key "at"`,
		}},
		"a bound of nothing":  {head + "peek_bytes: 8192\n", []string{"vendor file:1:1: peek_bytes has no effect without errors_in_2xx"}},
		"a bound too far":     {head + "errors_in_2xx: [{at: /e}]\npeek_bytes: 65537\n", []string{"vendor file:1:1: peek_bytes: expected at most 65536; got 65537"}},
		"an id of everything": {head + "request_id_body: \"\"\n", []string{"vendor file:1:1: request_id_body: expected a JSON pointer to a value, and not to the whole body"}},
		"no id headers":       {head + "request_id_headers: []\n", []string{"vendor file:4:21: request_id_headers: expected at least one element; got an empty list"}},
		"a pointer": {head + "decode:\n  - {in: errors, code: c}\nwaits:\n  - {body: /a~b, unit: seconds}\n", []string{
			`vendor file:5:10: expected a JSON pointer, such as /errors/0/code or /errors/*/code; got "errors"`,
			`vendor file:7:12: expected a JSON pointer, such as /errors/0/code or /errors/*/code; got "/a~b"`,
		}},
		"a path for a name": {head + "decode:\n  - {in: /errors, code: extensions.code, field: source/pointer, message: \"*\"}\n", []string{
			`vendor file:5:25: expected the name of a member, or a JSON pointer such as /source/pointer; got "extensions.code"`,
			`vendor file:5:49: expected the name of a member, or a JSON pointer such as /source/pointer; got "source/pointer"`,
			`vendor file:5:74: expected the name of a member, or a JSON pointer such as /source/pointer; got "*"`,
		}},
		"an empty shape":     {head + "decode:\n  - {in: /errors}\n", []string{"vendor file:5:5: a decode entry needs a code, a message, texts, or is and means"}},
		"a path":             {head + "endpoints:\n  - {path: items, methods: patch, repeatable: true}\n", []string{`vendor file:5:5: method "patch": expected upper case`, `vendor file:5:5: path "items": expected a pattern that begins with /, where * is one segment and ** any number`}},
		"a field pattern":    {head + "codes:\n  - {code: A, class: validation, fields_in_message: \"(\"}\n" + oneForm, []string{`vendor file:5:5: fields_in_message "(": expected a pattern with one group`}},
		"an unsafe repeat":   {head + "codes:\n  - {code: A, class: timeout, repeat_unsafe: true}\n" + oneForm, []string{"vendor file:5:5: code A: repeat_unsafe is for an operator to decide"}},
		"an unsafe endpoint": {head + "endpoints:\n  - {path: /items, repeatable: false, repeat_unsafe: true}\n", []string{"vendor file:5:5: repeat_unsafe is for an operator to decide"}},
		"decode entries that contradict themselves": {head + "decode:\n  - {in: /a, code: b}\n  - {code: c, adds: true, general: true}\n  - {message: m, slug: true}\n  - {code: c, uncoded: true}\n  - {code: c, field: f, fields: g}\n", []string{
			"vendor file:6:5: adds has no effect beside general", "vendor file:7:5: slug, nested and general have no effect without code",
			"vendor file:8:5: uncoded has no effect without code and message", "vendor file:9:5: fields has no effect beside field",
		}},
		"rows that contradict themselves": {head + "waits:\n  - {header: A}\n  - {cost: {need: /a, have: /b, per_second: /c}, unit: seconds}\n  - {header: A, unit: seconds, pattern: a}\nstatuses:\n  - {status: 302, class: timeout}\nlimits:\n  - {name: a, scope: account, rate: 1/1s, named_by: {contains: a}}\nerrors_in_2xx:\n  - {at: /a, path: a}\n", []string{
			`vendor file:5:5: missing key "unit"`, "vendor file:6:5: header, body, unit and pattern have no effect beside cost",
			`vendor file:7:5: pattern "a": expected a pattern with one group`, "vendor file:9:5: status 302: expected one of 2xx, 300, 4xx or 5xx",
			"vendor file:11:53: named_by needs either a header or a body", `vendor file:13:5: path "a": expected a pattern that begins with /, where * is one segment and ** any number`,
		}},
		"a choice that only its content makes a failure": {head + "statuses:\n  - {status: 300, when: {path: /a, message: several}, class: conflict}\n", []string{
			"vendor file:5:5: status 300: when may only have methods and path, as the response is read only if it is a failure",
		}},
		"hosts": {head + "base_url: \"https://{Sub}.shop.test\"\nhosts:\n  - {name: a, url: shop.test}\n  - {name: b, url: \"https://shop.test/{path}\"}\n  - {name: a, url: \"https://shop.test\"}\n  - {name: c, url: \"https://{sub}.test\", credential: true}\n  - {name: d, url: \"https://shop.test/api\", credential: true}\n", []string{
			`vendor file:4:11: expected a name of lower-case letters, digits and _ in braces, such as {subdomain}; got "https://{Sub}.shop.test"`,
			`vendor file:6:20: expected an absolute URL, such as https://api.shop.example; got "shop.test"`,
			`vendor file:7:20: expected braces in the host only; got "https://shop.test/{path}"`, `vendor file:8:5: duplicate host "a"`,
			"vendor file:9:5: credential has no effect with braces: name such a host in Config.Origins",
			"vendor file:10:5: credential: expected a url without a path, as the whole host gets the credential",
		}},
		"a date": {"vendor: shop\ntitle: Shop\ndocuments:\n  - {url: \"https://shop.test\", read: 26.11.2026}\n", []string{`vendor file:4:5: read: expected a date such as 2026-11-26; got "26.11.2026"`}},
		"a text of a 2xx": {head + "statuses:\n  - {status: 202, class: timeout, when: {headers: A}}\n", []string{
			"vendor file:5:5: when: a text needs headers or at (a value of the body), and either is (the whole value) or contains",
		}},
		"a wider when":     {head + "statuses:\n  - {status: 422, class: timeout, when: {status: 400}}\n", []string{"vendor file:5:5: status 422: when may only narrow the row: by status (of a code), methods, path, has_wait, message, has_document, or the text of a header or a value of the body"}},
		"a wait's class":   {head + "waits:\n  - {header: A, unit: seconds, when: {class: timeout}}\n", []string{"vendor file:5:38: when: a wait cannot depend on a code, a class or has_wait, which come after it", "vendor file:5:38: when: expected a status, a path, methods, a message, has_document, or the text of a header or a value of the body"}},
		"is without means": {head + "decode:\n  - {in: /a, code: b, is: c}\n", []string{"vendor file:5:5: is and means go together, and means a code"}},
		"a base URL":       {head + "base_url: api.shop.test\n", []string{`vendor file:4:11: expected an absolute URL, such as https://api.shop.example; got "api.shop.test"`}},
		"negative numbers": {head + "retry: {max_attempts: -1}\n", []string{"vendor file:4:23: max_attempts: expected a number above zero; got -1"}},
		"codes that no response has": {
			head + "codes:\n  - {code: A, class: validation}\n  - {code: B, class: conflict}\n",
			[]string{"vendor file:5:5: codes have no effect without decode or header_codes, which say where a response has a code"},
		},
		"several at once": {
			head + "codes:\n  - {code: A, class: validaton}\n  - {code: B, action: surfac, class: conflict}\nlimit: []\n" + oneForm,
			[]string{`vendor file:5:22: unknown class "validaton"; did you mean "validation"?`, `vendor file:6:23: unknown action "surfac"; did you mean "surface"?`, `vendor file:7:1: unknown key "limit"; did you mean "limits"?`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vendors.Parse([]byte(tt.text))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(strings.Join(tt.want, "\n"), err.Error()); diff != "" {
				t.Errorf("problems mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParse(t *testing.T) {
	v, err := vendors.Parse([]byte(`
vendor: shop
title: Our shop
base_url: https://shop.test/api
idempotency: {header: idempotency-key}
request_id_headers: [x-shop-id, X-ID]
documents: [{url: "https://shop.test/errors", read: 2026-11-22, about: error codes}]
decode:
  - {in: /error, code: id, message: text}
waits:
  - {header: x-reset, unit: epoch}
codes:
  - {code: 17, class: server_error, applied: no, max_attempts: 2, backoff: {base: 1s, cap: 1m}, summary: Our database is away}
  - {code: 18, class: already_exists, accept_after_unknown: true}
classes:
  - {class: server_error, max_attempts: 9}
retry: {max_wait: 5m}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Profile{
		Name: "shop", BaseURL: "https://shop.test/api", Policy: v.Policy(),
		Idempotency: policy.Idempotency{Header: "Idempotency-Key"}, RequestIDHeaders: []string{"X-Shop-Id", "X-Id"},
	}
	if diff := cmp.Diff(want, v.Profile(), cmp.AllowUnexported(policy.Policy{})); diff != "" {
		t.Errorf("Profile mismatch (-want +got):\n%s", diff)
	}
	profile := v.Profile()
	if profile.Idempotency.Header != "Idempotency-Key" || profile.BaseURL != "https://shop.test/api" || v.Policy().Retry().MaxWait.String() != "5m0s" {
		t.Errorf("header %q, base %q, max wait %v", profile.Idempotency.Header, profile.BaseURL, v.Policy().Retry().MaxWait)
	}
	away := policy.Answer{Status: 400, Body: []byte(`{"error":{"id":17,"text":"away"}}`)}
	d := v.Policy().Decide(*v.Decode(away), policy.State{Method: "POST", Random: 0.5})
	if !d.Retry || d.Code != "17" || d.Delay.String() != "500ms" || d.Summary != "Our database is away" {
		t.Errorf("decision %+v", d)
	}
	if d := v.Policy().Decide(*v.Decode(away), policy.State{Method: "POST", Attempts: 2}); d.Retry {
		t.Error("retry on the last attempt of the code")
	}
}

// A rule can say that a refused call may have been executed.
func TestParseKeepsAppliedUnknown(t *testing.T) {
	v, err := vendors.Parse([]byte(`
vendor: shop
title: Our shop
documents: [{url: "https://shop.test/errors", read: 2026-11-22}]
decode: [{in: "", code: code}]
codes:
  - {code: RACE, class: conflict, applied: unknown}
  - {code: LOST, class: conflict}
statuses:
  - {status: 409, class: conflict, action: retry, applied: unknown}
`))
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]apierrors.Stop{`{"code":"RACE"}`: apierrors.StopUnsafe, `{"code":"LOST"}`: apierrors.StopNone, ``: apierrors.StopUnsafe} {
		d := v.Policy().Decide(*v.Decode(policy.Answer{Status: 409, Body: []byte(body)}), policy.State{Method: "POST"})
		if d.Stop != want {
			t.Errorf("body %q: stop %v; want %v", body, d.Stop, want)
		}
	}
}
