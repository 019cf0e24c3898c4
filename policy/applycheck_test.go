package policy_test

import (
	"testing"

	"github.com/retrywise/retrywise/policy"
)

// A rule that cannot have an effect on the vendor's failures is refused.
func TestApplyRefusesRulesWithoutEffect(t *testing.T) {
	const unsafe = ": a write that may have been executed is not repeated; add repeat_unsafe: true to repeat it all the same, or false to repeat it only with a key or CallOptions.Repeatable"
	for rule, want := range map[string]string{
		"{when: {code: TAKN}, action: accept}":                                     `policies.yaml:4:9: code: unknown code "TAKN"; did you mean "TAKEN"? (a new one needs a class)`,
		"{when: {code: [TAKEN, XYZ]}, action: accept}":                             `policies.yaml:4:9: code: unknown code "XYZ"; expected one of BAD, BUSY, DOWN, GONE, KEY, ONLY_PUT, TAKEN, THERE (a new one needs a class)`,
		"{when: {code: XYZ}, class: validation, action: surface}":                  "",
		"{when: {code: TAKEN}, accept_after_codes: [RACE, BUSY]}":                  `policies.yaml:4:9: accept_after_codes: unknown code "RACE"; expected one of BAD, BUSY, DOWN, GONE, KEY, ONLY_PUT, TAKEN, THERE`,
		"{when: {code: TAKEN}, accept_after_codes: BUSSY}":                         `policies.yaml:4:9: accept_after_codes: unknown code "BUSSY"; did you mean "BUSY"?`,
		"{when: {code: TAKEN, class: conflict}, action: accept}":                   "policies.yaml:4:9: code TAKEN has class already_exists, and never conflict",
		"{when: {code: BAD, class: malformed_request}, action: surface}":           "",
		"{when: {code: TAKEN}, after: 5m}":                                         "policies.yaml:4:9: after has no effect with action surface; it is for throttle or defer",
		"{when: {code: BUSY}, after: 15m}":                                         "",
		"{when: {code: [BUSY, BAD]}, after: 15m}":                                  "",
		"{when: {code: XYZ}, class: conflict, after: 15m}":                         "policies.yaml:4:9: after has no effect with action retry; it is for throttle or defer",
		"{when: {class: server_error}, after: 5m}":                                 "policies.yaml:4:9: after has no effect with action retry; it is for throttle or defer",
		"{when: {class: too_large}, backoff: {base: 1s, cap: 2s}}":                 "",
		"{when: {class: validation}, max_attempts: 3}":                             "policies.yaml:4:9: max_attempts has no effect with action surface; it is for retry, throttle, refresh or shrink",
		"{when: {class: malformed_request}, escalate_after: 3}":                    "",
		"{when: {status: 404}, after: 5m}":                                         "",
		"{when: {status: 500, methods: POST}, action: retry}":                      "policies.yaml:4:9: retry has no effect for status 500, method POST" + unsafe,
		"{when: {status: 5xx, methods: [POST, PATCH]}, action: retry}":             "",
		"{when: {status: 5xx, methods: PATCH, path: /orders}, action: retry}":      "policies.yaml:4:9: retry has no effect for status 5xx, method PATCH, path /orders" + unsafe,
		"{when: {status: 5xx, methods: PUT, path: /surveys}, action: shrink}":      "policies.yaml:4:9: shrink has no effect for status 5xx, method PUT, path /surveys" + unsafe,
		"{when: {status: 500}, action: retry}":                                     "",
		"{when: {status: 400, methods: POST}, action: retry}":                      "",
		"{when: {status: 500, methods: POST}, action: retry, applied: no}":         "",
		"{when: {status: 500, methods: POST}, action: throttle}":                   "",
		"{when: {status: 500, methods: POST}, action: retry, repeat_unsafe: true}": "",
		"{when: {class: server_error, methods: POST}, action: retry}":              "policies.yaml:4:9: retry has no effect for class server_error, method POST" + unsafe,
		"{when: {class: server_error, methods: POST}, action: retry, applied: no}": "",
		"{when: {class: network, methods: POST}, action: retry}":                   "",
		"{when: {class: conflict, methods: POST}, action: retry}":                  "",
		"{when: {code: DOWN, methods: POST}, action: retry}":                       "",
		"{when: {code: BUSY, status: 5xx, methods: POST}, action: retry}":          "",
		"{when: {methods: POST}, action: retry}":                                   "",
		`{when: {status: 500, methods: POST, path: "/[ab]"}, action: retry}`:       "",
		`{when: {code: XYZ, methods: POST}, class: server_error, action: retry}`:   "policies.yaml:4:9: retry has no effect for code XYZ, method POST" + unsafe,
	} {
		f, err := policy.ParseFile("policies.yaml", []byte("vendors:\n  shop:\n    rules:\n      - "+rule+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if _, err := f.Apply(shop(t)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", rule, got, want)
		}
	}
}

// The defaults are for all vendors: what one cannot meet, another can.
func TestApplyAcceptsDefaultsForOtherVendors(t *testing.T) {
	const file = `
defaults:
  rules:
    - {when: {code: ELSEWHERE}, action: accept}
    - {when: {class: conflict}, after: 5m}
vendors:
  other:
    rules:
      - {when: {code: ANY}, action: accept}
`
	for _, base := range []policy.Policy{shop(t), named(t, "other")} {
		applied(t, base, file)
	}
}
