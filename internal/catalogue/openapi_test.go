package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// operationsOf returns the operations of a description with these paths and components.
func operationsOf(t *testing.T, description string) []operation {
	t.Helper()
	found, lost, err := readOpenAPI("a.yaml", []byte("openapi: 3.0.0\n"+description))
	if err != nil || lost != nil {
		t.Fatal(err, lost)
	}
	var all []operation
	for o := range found {
		all = append(all, o)
	}
	return all
}

// A form that has itself in each of its members is read to a bound, the members near the root first.
func TestLeavesOfAFormThatHasItselfAreBounded(t *testing.T) {
	var members strings.Builder
	for i := range 20 {
		fmt.Fprintf(&members, "          m%d: {$ref: \"#/components/schemas/Failure\"}\n", i)
	}
	o := operationsOf(t, `paths:
  /a:
    get:
      responses:
        "400":
          content: {application/json: {schema: {$ref: "#/components/schemas/Failure"}}}
components:
  schemas:
    Failure:
      anyOf:
      - properties:
`+members.String()+`          code: {type: string}
`)
	leaves := o[0].responses[0].bodies[0].leaves
	if len(leaves) == 0 || len(leaves) > maxMembers || leaves[0].String() != "/code" {
		t.Errorf("%d leaves: %v", len(leaves), leaves)
	}
}

func TestReadOpenAPI(t *testing.T) {
	for name, tt := range map[string]struct {
		description string
		want        []string
	}{
		"the server's path goes before": {"servers: [{url: \"https://{a}.shop.example/api/\"}]\npaths: {/a: {get: {}}}", []string{"GET /api/a"}},
		"a relative server":             {"servers: [{url: /v2}]\npaths: {/a: {get: {}}}", []string{"GET /v2/a"}},
		"a server that is no URL":       {"servers: [{url: \"%\"}]\npaths: {/a: {get: {}}}", []string{"GET /a"}},
		"no response has a form":        {"paths: {/a: {post: {responses: {\"200\": {description: x}, \"422\": {description: x}, 5XX: {description: x}, default: {description: x}}}}}", []string{"POST /a", "200", "422", "500 and others", "400 and others"}},
		"what is no status is left out": {"paths: {/a: {get: {responses: {odd: {description: x}, \"99\": {description: x}}}}}", []string{"GET /a"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, o := range operationsOf(t, tt.description) {
				got = append(got, o.method+" "+o.path)
				for _, r := range o.responses {
					status := fmt.Sprint(r.status)
					if !r.isExact {
						status += " and others"
					}
					got = append(got, status)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
		})
	}
}

// Few bytes that stand for many are refused.
func TestReadOpenAPIRefusesExcessiveAliases(t *testing.T) {
	bomb := "openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 10), ", "))
	}
	if _, _, err := readOpenAPI("a.yaml", []byte(bomb+"paths: {/a: {get: {responses: {\"400\": {content: {application/json: {example: *a12}}}}}}}\n")); err == nil {
		t.Error("accepted")
	}
}
