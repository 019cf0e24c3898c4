package policy_test

import (
	"fmt"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// The decision depends on the failure and on the state of the call.
func ExamplePolicy_Decide() {
	p := policy.Default()
	down := policy.Failure{Status: 503}

	read := p.Decide(down, policy.State{Method: "GET", Random: 0.5})
	fmt.Println("GET: ", read.Rule, "→", read.Action, "after", read.Delay)

	write := p.Decide(down, policy.State{Method: "POST", Random: 0.5})
	fmt.Println("POST:", write.Rule, "→ stop:", write.Stop, "applied:", write.Applied)
	// Output:
	// GET:  status 503 → retry after 250ms
	// POST: status 503 → stop: unsafe applied: unknown
}

// For this job, a duplicate is a success.
func ExamplePolicy_With() {
	p := policy.Default().With(policy.Rule{
		Name:   "duplicates are fine",
		When:   policy.Match{Statuses: []policy.StatusRange{{From: 409, To: 409}}, Methods: []string{"POST"}},
		Action: apierrors.Accept,
	})
	d := p.Decide(policy.Failure{Status: 409}, policy.State{Method: "POST"})
	fmt.Println(d.Class, "→", d.Action, "by", d.Rule)
	// Output:
	// conflict → accept by duplicates are fine
}

// Vendors write waits in several units.
func ExampleParseWait() {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for _, w := range []struct {
		text string
		unit policy.Unit
	}{{"20745", policy.Seconds}, {"Sun, 22 Nov 2026 12:00:30 GMT", policy.HTTP}, {"0", policy.Seconds}} {
		wait, ok := policy.ParseWait(w.text, w.unit, now)
		fmt.Println(wait, ok)
	}
	// Output:
	// 5h45m45s true
	// 30s true
	// 0s false
}
