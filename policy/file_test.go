package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
)

// readFile writes text into a file called policies.yaml and reads it.
func readFile(t testing.TB, text string) (*policy.File, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("policies.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return policy.ReadFile("policies.yaml", "rdstation", "connectif", "shop")
}

func TestReadFileReportsAllProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"empty":             {"", []string{"policies.yaml:1:1: expected a mapping; the file is empty"}},
		"an unknown key":    {"vendor:\n  shop: {}\n", []string{`policies.yaml:1:1: unknown key "vendor"; did you mean "vendors"?`}},
		"a vendor":          {"vendors:\n  rdstaton:\n    retry: {max_attempts: 2}\n", []string{`policies.yaml:2:3: unknown vendor "rdstaton"; did you mean "rdstation"?`}},
		"a vendor twice":    {"vendors:\n  shop: {}\n  shop: {}\n", []string{`policies.yaml:3:3: duplicate key "shop"; the first is at policies.yaml:2:3`}},
		"a class":           {"vendors:\n  shop:\n    rules:\n      - {when: {class: rate_limit}, max_attempts: 2}\n", []string{`policies.yaml:4:24: unknown class "rate_limit"; did you mean "rate_limited"?`}},
		"an action":         {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}, action: ignore}\n", []string{`policies.yaml:4:35: unknown action "ignore"; expected one of accept, retry, throttle, refresh, shrink, defer, surface, fail_fast`}},
		"a bare duration":   {"vendors:\n  shop:\n    retry: {max_wait: 30}\n", []string{"policies.yaml:3:23: expected a duration with a unit, such as 30s; got 30"}},
		"no when":           {"vendors:\n  shop:\n    rules:\n      - {action: accept}\n", []string{"policies.yaml:4:9: a rule needs when: a code, a status, a class, methods, a path or has_wait"}},
		"a partial by rule": {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}, class: partial}\n", []string{"policies.yaml:4:9: class partial follows from the vendor's batches, and not from a rule"}},
		"a batch again":     {"vendors:\n  shop:\n    rules:\n      - {when: {class: partial}, action: retry}\n", []string{"policies.yaml:4:9: action retry: expected surface or fail_fast, as a batch of which a part may be done is not repeated"}},
		"no effect":         {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}}\n", []string{"policies.yaml:4:9: the rule for code A has no effect"}},
		"a rule twice":      {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}, action: accept}\n      - {when: {code: A}, action: surface}\n", []string{"policies.yaml:5:9: the rule for code A is never reached: the one for code A at line 4 goes before it"}},
		"an unreachable rule": {
			"vendors:\n  shop:\n    rules:\n      - {when: {status: 5xx}, action: defer}\n      - {when: {status: [500-502, 504], methods: GET}, action: surface}\n      - {when: {status: 4xx}, action: surface}\n",
			[]string{"policies.yaml:5:9: the rule for status 500-502|504, method GET is never reached: the one for status 5xx at line 4 goes before it"},
		},
		"an endpoint":       {"vendors:\n  shop:\n    endpoints:\n      - {methods: post, path: orders}\n", []string{`policies.yaml:4:9: method "post": expected upper case`, `policies.yaml:4:9: path "orders": expected a pattern that begins with /, where * is one segment and ** any number`, `policies.yaml:4:9: an endpoint needs either repeatable (a repeat does no harm) or repeat_unsafe (repeat although it may)`}},
		"a fallback":        {"vendors:\n  shop:\n    rules:\n      - {when: {class: network}, fallback: accept}\n", []string{"policies.yaml:4:9: fallback accept: expected retry, defer, surface or fail_fast"}},
		"not unsafe":        {"vendors:\n  shop:\n    endpoints:\n      - {path: /a, repeat_unsafe: false}\n", []string{"policies.yaml:4:9: repeat_unsafe: false has no effect; repeatable: false forbids a repeat"}},
		"a limit twice":     {"vendors:\n  shop:\n    limits:\n      - {name: a, rate: 1/1s}\n      - {name: a, burst: 2}\n", []string{`policies.yaml:5:9: duplicate limit "a"; the first is at line 4`}},
		"a limit's scope":   {"vendors:\n  shop:\n    limits:\n      - {name: a, scope: job}\n", []string{"policies.yaml:4:9: scope job: expected account, endpoint or record"}},
		"negative":          {"vendors:\n  shop:\n    retry: {max_attempts: -1}\n    rules:\n      - {when: {code: A}, max_attempts: -1}\n", []string{"policies.yaml:3:27: max_attempts: expected a number above zero; got -1", "policies.yaml:5:41: max_attempts: expected a number above zero; got -1"}},
		"an endpoint twice": {"vendors:\n  shop:\n    endpoints:\n      - {methods: POST, path: /a, repeatable: true}\n      - {methods: POST, path: /a, repeatable: false}\n", []string{"policies.yaml:5:9: duplicate endpoint for method POST, path /a; the first is at line 4"}},
		"a limit as it is":  {"vendors:\n  shop:\n    limits:\n      - {name: a}\n", []string{`policies.yaml:4:9: the change of limit "a" has no effect`}},
		"a method":          {"vendors:\n  shop:\n    rules:\n      - {when: {methods: [PTCH, PURGE]}, action: surface}\n", []string{`policies.yaml:4:9: unknown method "PTCH"; did you mean "PATCH"?`}},
		"a deep path":       {"vendors:\n  shop:\n    rules:\n      - {when: {path: /platform**}, action: surface}\n", []string{`policies.yaml:4:9: path "/platform**": expected a pattern that begins with /, where * is one segment and ** any number`}},
		"a status":          {"vendors:\n  shop:\n    rules:\n      - {when: {status: 1xx}, action: surface}\n", []string{`policies.yaml:4:25: expected a status such as 503, 5xx or 500-504; got "1xx"`}},
		"keys of another action": {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}, action: retry, after: 5m}\n      - {when: {code: B}, action: retry, fallback: defer, after: 5m}\n      - {when: {code: C}, action: surface, fallback: defer, max_attempts: 2, backoff: {base: 1s, cap: 2s}, max_elapsed: 1m, escalate_after: 2}\n      - {when: {code: D}, action: fail_fast, escalate_after: 2}\n", []string{
			"policies.yaml:4:9: after has no effect with action retry; it is for throttle or defer",
			"policies.yaml:6:9: fallback has no effect with action defer or surface; it is for retry or shrink",
			"policies.yaml:6:9: max_attempts has no effect with action defer or surface; it is for retry, throttle, refresh or shrink",
			"policies.yaml:6:9: backoff has no effect with action defer or surface; it is for retry, throttle or shrink",
			"policies.yaml:6:9: max_elapsed has no effect with action defer or surface; it is for retry, throttle or shrink",
			"policies.yaml:7:9: escalate_after has no effect with action fail_fast; it is for retry, throttle, shrink, defer or surface",
		}},
		"several at once": {
			"vendors:\n  shop:\n    rules:\n      - {when: {clas: conflict}, action: retry}\n    retry: {max_wait: 30, max_attemps: 2}\n  rdstatoin: {}\n",
			[]string{
				`policies.yaml:4:17: unknown key "clas"; did you mean "class"?`,
				"policies.yaml:5:23: expected a duration with a unit, such as 30s; got 30",
				`policies.yaml:5:27: unknown key "max_attemps"; did you mean "max_attempts"?`,
				`policies.yaml:6:3: unknown vendor "rdstatoin"; did you mean "rdstation"?`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := readFile(t, tt.text)
			if err == nil || f != nil {
				t.Fatalf("ReadFile = %v, %v", f, err)
			}
			if diff := cmp.Diff(strings.Join(tt.want, "\n"), err.Error()); diff != "" {
				t.Errorf("problems mismatch (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a missing file", func(t *testing.T) {
		if _, err := policy.ReadFile(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
			t.Error("no error")
		}
	})
}

// A value that means nothing is refused, rather than taken for the default.
func TestReadFileRefusesValuesWithoutMeaning(t *testing.T) {
	for text, want := range map[string]string{
		"endpoints: [{methods: [], repeat_unsafe: true}]":           "policies.yaml:2:25: methods: expected at least one element; got an empty list",
		"retry: {max_attempts: 0}":                                  "policies.yaml:2:25: max_attempts: expected a number above zero; got 0",
		"retry: {max_attempts: -1}":                                 "policies.yaml:2:25: max_attempts: expected a number above zero; got -1",
		"retry: {max_elapsed: 0s}":                                  "policies.yaml:2:24: max_elapsed: expected a duration above zero; got \"0s\"",
		"retry: {attempt_timeout: -1s}":                             "policies.yaml:2:28: attempt_timeout: expected a duration above zero; got \"-1s\"",
		"retry: {max_wait: -1s}":                                    "policies.yaml:2:21: max_wait: expected a duration of zero or more; got \"-1s\"",
		"retry: {max_wait: 1ns}":                                    "policies.yaml:2:21: expected a duration of 1ms or more; got \"1ns\"",
		"retry: {budget: -1}":                                       "policies.yaml:2:19: budget: expected a number of zero or more; got -1",
		"retry: {escalate_after: -1}":                               "policies.yaml:2:27: escalate_after: expected a number of zero or more; got -1",
		"retry: {backoff: {base: 0s, cap: 1s}}":                     "policies.yaml:2:27: base: expected a duration above zero; got \"0s\"",
		"rules: [{when: {code: A}, max_attempts: 0}]":               "policies.yaml:2:43: max_attempts: expected a number above zero; got 0",
		"rules: [{when: {code: A}, after: 0s}]":                     "policies.yaml:2:36: after: expected a duration above zero; got \"0s\"",
		"rules: [{when: {code: A}, max_elapsed: 0s}]":               "policies.yaml:2:42: max_elapsed: expected a duration above zero; got \"0s\"",
		"rules: [{when: {code: A}, escalate_after: -1}]":            "policies.yaml:2:45: escalate_after: expected a number of zero or more; got -1",
		"rules: [{when: {code: A}, class: none}]":                   "policies.yaml:2:36: class: none means the same as no key; leave it out",
		"rules: [{when: {code: A}, hint: ''}]":                      "policies.yaml:2:35: hint: expected text that is not empty; got \"\"",
		"rules: [{when: {code: []}, action: accept}]":               "policies.yaml:2:25: code: expected at least one element; got an empty list",
		"rules: [{when: {status: []}, action: accept}]":             "policies.yaml:2:27: status: expected at least one element; got an empty list",
		"limits: [{name: a, scope: account, rate: 1/1s, burst: 0}]": "policies.yaml:2:57: burst: expected a number above zero; got 0",
	} {
		f, err := policy.ParseFile("policies.yaml", []byte("defaults:\n  "+text+"\n"), nil)
		if f != nil || err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

// A key that was renamed is refused with the new name.
func TestReadFileNamesTheNewWord(t *testing.T) {
	for text, want := range map[string]string{
		"{when: {code: A}, otherwise: surface}":             `policies.yaml:3:25: "otherwise" is now called "fallback"`,
		"{when: {code: A}, text: Too big.}":                 `policies.yaml:3:25: "text" is now called "summary"`,
		"{when: {code: A, told_wait: true}, action: defer}": `policies.yaml:3:24: "told_wait" is now called "has_wait"`,
	} {
		f, err := policy.ParseFile("policies.yaml", []byte("defaults:\n  rules:\n    - "+text+"\n"), nil)
		if f != nil || err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte("vendors:\n  shop:\n    rules:\n      - {when: {code: A, status: 5xx}, action: accept}\n    limits: [{name: a, rate: 1/1s, scope: account}]\n"))
	f.Add([]byte("defaults: {retry: {max_wait: 30s, backoff: {base: 1s, cap: 2s}}}\n"))
	f.Add([]byte("vendors: {x: {endpoints: [{methods: [POST], path: /a, repeat_unsafe: true}]}}"))
	f.Add([]byte("vendors: {x: {endpoints: [{path: '/a/{id}', repeatable: false, lookup: {path: '/a/{id}?b={body.b}', in: /x, at: /y, is: '{record_key}', consistent: true, settle: 1s}}]}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := policy.ParseFile("policies.yaml", data, nil)
		if (file == nil) == (err == nil) {
			t.Fatalf("ReadFile = %v, %v", file, err)
		}
		if file == nil {
			return
		}
		for _, vendor := range append(file.Vendors(), "another") {
			p, err := file.Apply(named(t, vendor))
			if err != nil {
				continue
			}
			again, err := policy.Parse(yamlOf(t, p))
			if err != nil {
				t.Fatalf("Parse: %v in\n%s", err, yamlOf(t, p))
			}
			if diff := cmp.Diff(p.WithRetry(p.Retry()), again, cmp.AllowUnexported(policy.Policy{})); diff != "" {
				t.Errorf("policy mismatch (-want +got):\n%s\nof\n%s", diff, yamlOf(t, p))
			}
		}
	})
}
