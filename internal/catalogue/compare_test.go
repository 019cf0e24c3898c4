package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// found returns the findings of a description, compared with the file of the made-up vendor.
func found(t *testing.T, description string) []string {
	t.Helper()
	v, err := readVendor("shop", "testdata")
	if err != nil {
		t.Fatal(err)
	}
	operations, _, err := readOpenAPI("a.yaml", []byte("openapi: 3.0.0\n"+description))
	if err != nil {
		t.Fatal(err)
	}
	c := newComparison(v)
	c.add(source{operations: operations})
	var lines []string
	for _, f := range c.findings() {
		lines = append(lines, f.String())
	}
	return lines
}

// answer503 is a description of a 503, which the file of the made-up vendor has a row for.
func answer503(response string) string {
	return fmt.Sprintf("paths: {/a: {get: {responses: {\"503\": {description: x, %s}}}}}\n", response)
}

func TestFindingsSayHowToReadAHeader(t *testing.T) {
	for name, want := range map[string]string{
		"X-Shop-Id":             "",
		"X-Shop-Quota-Left":     "",
		"X-Exhausted":           "",
		"X-Wait":                "",
		"RateLimit":             "",
		"x-ratelimit-remaining": "",
		"X-Rate-Limit-Reset":    "",
		"ETag":                  "",
		"Correlation-ID":        "(request id) is not read: a.yaml: GET /a 503: request_id_headers: [X-Shop-Id, Correlation-Id]",
		"X-Retry-After":         "(wait) is not read: a.yaml: GET /a 503: waits: [{header: X-Retry-After, unit: UNIT}]",
		"Stripe-Should-Retry":   `(verdict) is not read: a.yaml: GET /a 503: verdict: {header: Stripe-Should-Retry, yes: "true", no: "false"}`,
		"X-Daily-Ratelimit-Remaining": "(rate limit) is not read: a.yaml: GET /a 503: " +
			"limits: [{name: NAME, headers: {remaining: X-Daily-Ratelimit-Remaining}}]",
		"X-Ratelimit-Reset-After": "(rate limit) is not read: a.yaml: GET /a 503: " +
			"limits: [{name: NAME, headers: {remaining: HEADER, reset: X-Ratelimit-Reset-After, unit: UNIT}}]",
		"X-Daily-Ratelimit": "(rate limit) is not read: a.yaml: GET /a 503: " +
			"limits: [{name: NAME, headers: {limit: X-Daily-Ratelimit, remaining: HEADER}}]",
		"X-Quota": "(rate limit) is not read: a.yaml: GET /a 503: limits: [{name: NAME, headers: {header: X-Quota, pattern: PATTERN}}]",
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(found(t, answer503("headers: {"+name+": {}}")), "\n")
			if diff := cmp.Diff(want, got[max(0, strings.Index(got, "(")):]); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindingsAboutCodes(t *testing.T) {
	const (
		body     = "content: {application/json: {schema: {properties: {errors: {type: array, items: {properties: {%s}}}}}}}"
		notSaid  = "codes are listed that the source does not confirm: shop.yaml:20:5 (and 1 more): nothing, as the source does not list all codes of a.yaml: GET /a 503"
		goneAway = "contradiction: code GONE_AWAY is listed, and the source does not have it: shop.yaml:20:5: leave it out, unless another document has it"
		inUse    = "contradiction: code KEY_IN_USE is listed, and the source does not have it: shop.yaml:25:14: leave it out, unless another document has it"
	)
	for name, tt := range map[string]struct {
		response string
		want     []string
	}{
		"no body":                    {"headers: {}", nil},
		"any text, and no enum":      {fmt.Sprintf(body, "code: {type: string}"), nil},
		"an enum":                    {fmt.Sprintf(body, "code: {type: string, enum: [TAKEN]}"), []string{goneAway, inUse}},
		"a constant":                 {fmt.Sprintf(body, "code: {const: TAKEN}"), []string{goneAway, inUse}},
		"an enum, or any other text": {fmt.Sprintf(body, "code: {anyOf: [{type: string, enum: [TAKEN]}, {type: string}]}"), []string{notSaid + " /errors/*/code"}},
		"an example": {
			"content: {application/json: {example: {errors: [{code: TAKEN}]}}}",
			[]string{notSaid},
		},
		"an example that is a text": {
			`content: {application/json: {example: '{"errors": [{"code": "TAKEN"}]}'}}`,
			[]string{notSaid},
		},
		"an example of another format": {"content: {text/html: {example: <h1>}}", nil},
		"a broken example":             {"content: {application/json: {example: '{'}}", nil},
		"a member that is unread": {
			fmt.Sprintf(body, "error_code: {type: string}, type: {enum: [A]}, name: {type: string}"),
			[]string{
				"place /errors/*/error_code is not read: a.yaml: GET /a 503 /errors/*/error_code: decode: [{in: /errors, code: error_code}]",
				"place /errors/*/type is not read: a.yaml: GET /a 503 /errors/*/type: decode: [{in: /errors, code: type}]",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, found(t, answer503(tt.response))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
