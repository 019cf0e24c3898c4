package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
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

func TestReadFileTellsEveryProblem(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"empty":           {"", []string{"policies.yaml:1:1: expected a mapping; the file is empty"}},
		"an unknown key":  {"vendor:\n  shop: {}\n", []string{`policies.yaml:1:1: unknown key "vendor"; did you mean "vendors"?`}},
		"a vendor":        {"vendors:\n  rdstaton:\n    retry: {max_attempts: 2}\n", []string{`policies.yaml:2:3: unknown vendor "rdstaton"; did you mean "rdstation"?`}},
		"a vendor twice":  {"vendors:\n  shop: {}\n  shop: {}\n", []string{`policies.yaml:3:3: duplicate key "shop"; the first is at policies.yaml:2:3`}},
		"a class":         {"vendors:\n  shop:\n    rules:\n      - {when: {class: rate_limit}, max_attempts: 2}\n", []string{`policies.yaml:4:24: unknown class "rate_limit"; did you mean "rate_limited"?`}},
		"an action":       {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}, action: ignore}\n", []string{`policies.yaml:4:35: unknown action "ignore"; expected one of accept, retry, throttle, refresh, shrink, defer, surface, fail_fast`}},
		"a bare duration": {"vendors:\n  shop:\n    retry: {max_wait: 30}\n", []string{"policies.yaml:3:23: expected a duration with a unit, such as 30s; got 30"}},
		"no when":         {"vendors:\n  shop:\n    rules:\n      - {action: accept}\n", []string{"policies.yaml:4:9: a rule needs when: a code, a status, a class, methods, a path or has_wait"}},
		"nothing said":    {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}}\n", []string{"policies.yaml:4:9: the rule for code A has no effect"}},
		"a rule twice":    {"vendors:\n  shop:\n    rules:\n      - {when: {code: A}, action: accept}\n      - {when: {code: A}, action: surface}\n", []string{"policies.yaml:5:9: the rule for code A is never reached: the one for code A at line 4 goes before it"}},
		"an unreachable rule": {
			"vendors:\n  shop:\n    rules:\n      - {when: {status: 5xx}, action: defer}\n      - {when: {status: [500-502, 504], methods: GET}, action: surface}\n      - {when: {status: 4xx}, action: surface}\n",
			[]string{"policies.yaml:5:9: the rule for status 500-502|504, method GET is never reached: the one for status 5xx at line 4 goes before it"},
		},
		"an endpoint":     {"vendors:\n  shop:\n    endpoints:\n      - {methods: post, path: orders}\n", []string{`policies.yaml:4:9: method "post": expected upper case`, `policies.yaml:4:9: path "orders": expected a pattern that begins with /, where * is one segment`, `policies.yaml:4:9: an endpoint needs either repeatable (a repeat does no harm) or repeat_unsafe (repeat although it may)`}},
		"a last resort":   {"vendors:\n  shop:\n    rules:\n      - {when: {class: network}, fallback: accept}\n", []string{"policies.yaml:4:9: fallback accept: expected retry, defer, surface or fail_fast"}},
		"unsafe, or not":  {"vendors:\n  shop:\n    endpoints:\n      - {path: /a, repeat_unsafe: false}\n", []string{"policies.yaml:4:9: repeat_unsafe: false has no effect; repeatable: false forbids a repeat"}},
		"a limit twice":   {"vendors:\n  shop:\n    limits:\n      - {name: a, rate: 1/1s}\n      - {name: a, burst: 2}\n", []string{`policies.yaml:5:9: duplicate limit "a"; the first is at line 4`}},
		"a limit's scope": {"vendors:\n  shop:\n    limits:\n      - {name: a, scope: job}\n", []string{"policies.yaml:4:9: scope job: expected account or record"}},
		"negative":        {"vendors:\n  shop:\n    retry: {max_attempts: -1}\n    rules:\n      - {when: {code: A}, max_attempts: -1}\n", []string{"policies.yaml:3:27: max_attempts: expected a number above zero; got -1", "policies.yaml:5:41: max_attempts: expected a number above zero; got -1"}},
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
	t.Run("a file that is not there", func(t *testing.T) {
		if _, err := policy.ReadFile(filepath.Join(t.TempDir(), "none.yaml")); err == nil {
			t.Error("no error")
		}
	})
}

func TestApply(t *testing.T) {
	f, err := readFile(t, `
defaults:
  retry: {max_wait: 30s, max_attempts: 2}
  rules:
    - {when: {class: server_error}, action: defer, after: 10m}
vendors:
  shop:
    retry: {max_attempts: 6}
    rules:
      - {when: {code: TAKEN}, action: accept, hint: Ours is the same.}
      - {when: {class: server_error, methods: POST}, repeat_unsafe: true, action: retry}
    endpoints:
      - {methods: POST, path: /orders, repeat_unsafe: true}
      - {methods: PATCH, path: "/items/*", repeatable: false}
    limits:
      - {name: account, rate: 500/1m}
      - {name: lead, off: false}
      - {name: mine, scope: account, rate: 1/1s, path: /exports}
`)
	if err != nil {
		t.Fatal(err)
	}
	base := shop(t).
		WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 120, Per: time.Minute}, Burst: 7}).
		WithLimit(policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Off: true})
	p, err := f.Apply(base)
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Retry(); r.MaxAttempts != 6 || *r.MaxWait != 30*time.Second || r.MaxElapsed != 2*time.Minute {
		t.Errorf("retry %+v", r)
	}
	account, _ := p.LimitNamed("account")
	lead, _ := p.LimitNamed("lead")
	if account.Rate.Count != 500 || account.Burst != 7 || lead.Off || len(p.Limits("GET", "/exports")) != 3 {
		t.Errorf("account %+v, lead %+v, limits of an export %d", account, lead, len(p.Limits("GET", "/exports")))
	}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    verdict
	}{
		"a code": {
			withCodes(400, "TAKEN"), policy.State{},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "policies.yaml:10 code TAKEN"},
		},
		"the vendor's section goes before the defaults": {
			withCodes(503), policy.State{Method: "POST"},
			verdict{Again: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "policies.yaml:11 class server_error, method POST"},
		},
		"the defaults": {
			withCodes(503), policy.State{},
			verdict{Stop: apierrors.StopMaxWait, Class: apierrors.ServerError, Act: apierrors.Defer, Rule: "policies.yaml:5 class server_error"},
		},
		"an endpoint that may be repeated": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "POST", Path: "/orders"},
			verdict{Again: true, Class: apierrors.Network, Act: apierrors.Retry, Rule: "class network"},
		},
		"an endpoint that may not": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "PATCH", Path: "/items/7"},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.Network, Act: apierrors.Retry, Rule: "class network"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, verdictOf(p.Decide(tt.failure, tt.state))); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
	other, err := f.Apply(named(t, "connectif"))
	if err != nil || other.Retry().MaxAttempts != 2 {
		t.Errorf("another vendor: %v, %d attempts", err, other.Retry().MaxAttempts)
	}
	if diff := cmp.Diff([]string{"shop"}, f.Vendors()); diff != "" {
		t.Errorf("Vendors mismatch (-want +got):\n%s", diff)
	}
}

func TestApplyTellsOfALimitThatTheVendorDoesNotHave(t *testing.T) {
	f, err := readFile(t, "vendors:\n  shop:\n    limits:\n      - {name: acount, burst: 2}\n")
	if err != nil {
		t.Fatal(err)
	}
	base := shop(t).WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
	_, err = f.Apply(base)
	const want = `policies.yaml:4:9: unknown limit "acount"; did you mean "account"? (a new one needs a scope and a rate)`
	if err == nil || err.Error() != want {
		t.Errorf("error %v; want %s", err, want)
	}
}

// The text of a policy is the policy.
func TestAPolicysTextParsesToTheSamePolicy(t *testing.T) {
	p := shop(t).
		With(policy.Rule{
			Name: "ours", When: policy.Match{Codes: []string{"A", "404"}, Statuses: []policy.StatusRange{{From: 400, To: 499}, {From: 503, To: 503}, {From: 510, To: 512}}, Methods: []string{"GET"}, Paths: []string{"/a/*", "/b"}, HasWait: new(true)},
			Class: apierrors.TooLarge, Action: apierrors.Shrink, Fallback: apierrors.Retry, Applied: new(apierrors.AppliedYes), Scope: apierrors.ScopeJob,
			Summary: "it's \"too\" big: {x}\n#1", Hint: "null", MaxAttempts: 3, Backoff: policy.Backoff{Base: time.Millisecond, Cap: time.Hour},
			MaxElapsed: time.Minute, After: 90 * time.Second, EscalateAfter: new(20), AcceptAfterUnknown: new(true), AcceptAfterCodes: []string{"E0603"}, RepeatUnsafe: new(true),
		}).
		WithRetry(policy.Retry{MaxAttempts: 9, EscalateAfter: new(5)}).
		WithLimit(policy.Limit{Name: "lead", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 24, Per: 24 * time.Hour}, Burst: 3, Methods: []string{"PATCH", "PUT"}, Paths: []string{"/b"}, Off: true})
	for _, p := range []policy.Policy{p, {}} {
		again, err := policy.Parse(yamlOf(t, p))
		if err != nil {
			t.Fatalf("%v in\n%s", err, yamlOf(t, p))
		}
		if diff := cmp.Diff(p.WithRetry(p.Retry()), again, cmp.AllowUnexported(policy.Policy{})); diff != "" {
			t.Errorf("policy mismatch (-want +got):\n%s\nof\n%s", diff, yamlOf(t, p))
		}
	}
}

func TestParseTellsWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"retry: {max_attempts: x}\n":                  "policy:1:23: expected a whole number; got \"x\"",
		"limits: [{name: a, scope: job, rate: 1/1s}]": "policy: limit a: scope job: expected account or record",
		"operator: [{when: {path: a}}]":               "policy: rule operator's path a: path \"a\": expected a pattern that begins with /, where * is one segment",
	} {
		if _, err := policy.Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("Parse(%q): %v; want %s", text, err, want)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte("vendors:\n  shop:\n    rules:\n      - {when: {code: A, status: 5xx}, action: accept}\n    limits: [{name: a, rate: 1/1s, scope: account}]\n"))
	f.Add([]byte("defaults: {retry: {max_wait: 30s, backoff: {base: 1s, cap: 2s}}}\n"))
	f.Add([]byte("vendors: {x: {endpoints: [{methods: [POST], path: /a, repeat_unsafe: true}]}}"))
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
