package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestDecideRetriesAWriteOnlyIfSafe(t *testing.T) {
	lost := policy.Failure{Class: apierrors.Network}
	unsent := policy.Failure{Class: apierrors.Network, Applied: apierrors.AppliedNo}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    apierrors.Stop
	}{
		"POST, connection lost":              {lost, policy.State{Method: "POST"}, apierrors.StopUnsafe},
		"POST, 503":                          {withCodes(503), policy.State{Method: "POST"}, apierrors.StopUnsafe},
		"POST, 504":                          {withCodes(504), policy.State{Method: "POST"}, apierrors.StopUnsafe},
		"POST, never sent":                   {unsent, policy.State{Method: "POST"}, apierrors.StopNone},
		"POST, refused before it had effect": {withCodes(400, "DOWN"), policy.State{Method: "POST"}, apierrors.StopNone},
		"POST, 429":                          {withCodes(429), policy.State{Method: "POST"}, apierrors.StopNone},
		"POST that the caller allows":        {lost, policy.State{Method: "POST", Repeatable: true}, apierrors.StopNone},
		"POST with an idempotency key":       {lost, policy.State{Method: "POST", HasKey: true}, apierrors.StopNone},
		"POST with an unreadable response":   {policy.Failure{Class: apierrors.MalformedResponse, Status: 200, Applied: apierrors.AppliedYes}, policy.State{Method: "POST"}, apierrors.StopUnsafe},
		"PATCH, connection lost":             {lost, policy.State{Method: "PATCH", Path: "/other"}, apierrors.StopUnsafe},
		"PATCH that is an upsert":            {lost, policy.State{Method: "PATCH", Path: "/items/7"}, apierrors.StopNone},
		"PUT":                                {lost, policy.State{Method: "PUT", Path: "/items"}, apierrors.StopNone},
		"PUT that sends a survey":            {lost, policy.State{Method: "PUT", Path: "/surveys"}, apierrors.StopUnsafe},
		"DELETE":                             {lost, policy.State{Method: "DELETE"}, apierrors.StopNone},
		"a one-shot body":                    {lost, policy.State{Method: "PUT", OneShotBody: true}, apierrors.StopBodySpent},
		"GET":                                {lost, policy.State{Method: "GET"}, apierrors.StopNone},
	} {
		t.Run(name, func(t *testing.T) {
			d := shop(t).Decide(tt.failure, tt.state)
			if d.Stop != tt.want || d.Retry != (tt.want == apierrors.StopNone) {
				t.Errorf("retry %v, stop %v; want stop %v", d.Retry, d.Stop, tt.want)
			}
		})
	}
	t.Run("POST that an operator allows", func(t *testing.T) {
		p := shop(t).With(policy.Rule{When: policy.Match{Class: apierrors.Network}, RepeatUnsafe: new(true)})
		if d := p.Decide(lost, policy.State{Method: "POST"}); !d.Retry {
			t.Errorf("stop %v", d.Stop)
		}
	})
}

func TestIsRepeatable(t *testing.T) {
	p := shop(t)
	unsafe := applied(t, p, "vendors:\n  shop:\n    endpoints: [{path: /orders, repeat_unsafe: true}]\n")
	for name, tt := range map[string]struct {
		policy policy.Policy
		state  policy.State
		want   bool
	}{
		"POST":                         {p, policy.State{Method: "POST"}, false},
		"POST that the caller allows":  {p, policy.State{Method: "POST", Repeatable: true}, true},
		"POST with a key":              {p, policy.State{Method: "POST", HasKey: true}, false},
		"POST that an operator allows": {unsafe, policy.State{Method: "POST", Path: "/orders"}, true},
		"PATCH that is an upsert":      {p, policy.State{Method: "PATCH", Path: "/items/7"}, true},
		"PUT that sends a survey":      {p, policy.State{Method: "PUT", Path: "/surveys"}, false},
		"no method, which is GET":      {p, policy.State{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.policy.IsRepeatable(tt.state); got != tt.want {
				t.Errorf("IsRepeatable(%+v) = %v; want %v", tt.state, got, tt.want)
			}
		})
	}
}

func TestDecideShrinksAOneShotBody(t *testing.T) {
	s := policy.State{Method: "POST", CanShrink: true, OneShotBody: true}
	if d := policy.Default().Decide(withCodes(413), s); !d.Retry || d.Action != apierrors.Shrink {
		t.Errorf("retry %v, %v, stop %v", d.Retry, d.Action, d.Stop)
	}
}

// A rule can say that a refused write may have been executed.
func TestDecideTakesAppliedUnknownFromARule(t *testing.T) {
	for name, tt := range map[string]struct {
		rule    string
		failure policy.Failure
	}{
		"by status": {"{when: {status: 409}, action: retry, applied: unknown}", withCodes(409)},
		"by code":   {"{when: {code: DOWN}, action: retry, applied: unknown}", withCodes(400, "DOWN")},
		"by class":  {"{when: {class: conflict}, action: retry, applied: unknown}", withCodes(409)},
		"throttled": {"{when: {status: 429}, applied: unknown}", withCodes(429)},
	} {
		t.Run(name, func(t *testing.T) {
			p := applied(t, shop(t), "vendors:\n  shop:\n    rules:\n      - "+tt.rule+"\n")
			d := p.Decide(tt.failure, policy.State{Method: "POST"})
			if d.Stop != apierrors.StopUnsafe || d.Applied != apierrors.AppliedUnknown {
				t.Errorf("stop %v, applied %v; want unsafe, unknown", d.Stop, d.Applied)
			}
		})
	}
}

// The hint of a transient failure is to run the call again. If that is not safe, the advice
// before it says what to do first.
func TestDecideAdvisesBeforeARepeat(t *testing.T) {
	p, err := policy.New(policy.Settings{
		Name:      "shop",
		Endpoints: []policy.Endpoint{{Methods: []string{"POST"}, Paths: []string{"/orders"}, Lookup: &policy.Lookup{Path: "/orders/{body.id}"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lost := policy.Failure{Class: apierrors.Network}
	hint := p.Decide(lost, policy.State{Method: "GET"}).Hint
	const sayso = " If a repeat does no harm, say so: CallOptions.Repeatable, or an endpoint that is repeatable. "
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    string
	}{
		"a write": {lost, policy.State{Method: "POST"}, "The vendor may have executed the request: find out before you repeat it." + sayso + hint},
		"a write that can be looked up": {lost, policy.State{Method: "POST", Path: "/orders"},
			"The vendor may have executed the request: find out before you repeat it; look it up with GET /orders/{body.id}." + sayso + hint},
		"a write that was executed": {policy.Failure{Class: apierrors.Network, Applied: apierrors.AppliedYes}, policy.State{Method: "POST"},
			"The vendor executed the request: do not repeat it. " + hint},
		"a one-shot body": {lost, policy.State{Method: "PUT", OneShotBody: true},
			"The request body can be read only once: use one that can be read again, such as bytes, a file or GetBody. " + hint},
		"a read without attempts left":   {lost, policy.State{Method: "GET", Attempts: 9}, hint + " Run the call again later."},
		"a read that a person must mend": {policy.Failure{Class: apierrors.Network, Permanent: true}, policy.State{}, hint},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.Decide(tt.failure, tt.state).Hint; got != tt.want || hint == "" {
				t.Errorf("hint %q; want %q", got, tt.want)
			}
		})
	}
}

// A rule's repeat_unsafe goes before that of an endpoint, and neither changes what is known
// to be safe.
func TestDecideRepeatUnsafe(t *testing.T) {
	lost := policy.Failure{Class: apierrors.Network}
	for name, tt := range map[string]struct {
		rule   *bool
		method string
		path   string
		want   apierrors.Stop
	}{
		"an endpoint alone":              {nil, "POST", "/orders", apierrors.StopNone},
		"a rule against the endpoint":    {new(false), "POST", "/orders", apierrors.StopUnsafe},
		"a rule for another endpoint":    {new(true), "POST", "/other", apierrors.StopNone},
		"neither":                        {nil, "POST", "/other", apierrors.StopUnsafe},
		"a rule against a GET":           {new(false), "GET", "/orders", apierrors.StopNone},
		"a rule against an upsert":       {new(false), "PATCH", "/items/7", apierrors.StopNone},
		"a rule for what is not safe":    {new(true), "PUT", "/surveys", apierrors.StopNone},
		"an endpoint that shadows a PUT": {nil, "PUT", "/orders", apierrors.StopNone},
	} {
		t.Run(name, func(t *testing.T) {
			p := applied(t, shop(t), "vendors: {shop: {endpoints: [{path: /orders, repeat_unsafe: true}]}}")
			if tt.rule != nil {
				p = p.With(policy.Rule{When: policy.Match{Class: apierrors.Network}, RepeatUnsafe: tt.rule})
			}
			if d := p.Decide(lost, policy.State{Method: tt.method, Path: tt.path}); d.Stop != tt.want {
				t.Errorf("stop %v; want %v", d.Stop, tt.want)
			}
		})
	}
}

// The connection's proof counts, unless a rule says that the outcome is unknown.
func TestDecideKeepsTheProofOfTheConnection(t *testing.T) {
	unsent := policy.Failure{Class: apierrors.Network, Applied: apierrors.AppliedNo}
	lost := policy.Failure{Class: apierrors.Network}
	for name, tt := range map[string]struct {
		failure policy.Failure
		rule    apierrors.Applied
		want    apierrors.Applied
	}{
		"a rule cannot prove that nothing was sent": {lost, apierrors.AppliedNo, apierrors.AppliedUnknown},
		"nor that everything was":                   {unsent, apierrors.AppliedYes, apierrors.AppliedNo},
		"but it may distrust the proof":             {unsent, apierrors.AppliedUnknown, apierrors.AppliedUnknown},
	} {
		p := shop(t).With(policy.Rule{When: policy.Match{Class: apierrors.Network}, Applied: &tt.rule})
		if d := p.Decide(tt.failure, policy.State{Method: "POST"}); d.Applied != tt.want {
			t.Errorf("%s: applied %v; want %v", name, d.Applied, tt.want)
		}
	}
}

// The fault of a stale connection is retried at once. The first time in a call, that is free.
func TestDecideRetriesAfterAStaleConnection(t *testing.T) {
	stale := policy.Failure{Class: apierrors.Network, Applied: apierrors.AppliedNo, Stale: true}
	for name, tt := range map[string]struct {
		state policy.State
		want  policy.Decision
	}{
		"the first":         {policy.State{Method: "POST"}, policy.Decision{Retry: true, Free: true}},
		"without budget":    {policy.State{Method: "POST", OutOfBudget: true}, policy.Decision{Retry: true, Free: true}},
		"the second":        {policy.State{Method: "POST", StaleBefore: true, Random: 0.5}, policy.Decision{Retry: true, Delay: 250 * time.Millisecond}},
		"a single request":  {policy.State{Method: "POST", MaxAttempts: 1}, policy.Decision{Stop: apierrors.StopAttempts}},
		"a deadline passed": {policy.State{Method: "POST", Remaining: -1}, policy.Decision{Stop: apierrors.StopDeadline}},
		"a one-shot body":   {policy.State{Method: "POST", OneShotBody: true}, policy.Decision{Stop: apierrors.StopBodySpent}},
	} {
		d := policy.Default().Decide(stale, tt.state)
		got := policy.Decision{Retry: d.Retry, Free: d.Free, Delay: d.Delay, Stop: d.Stop}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	lost := policy.Failure{Class: apierrors.Network, Stale: true} // net/http would have repeated it
	if d := policy.Default().Decide(lost, policy.State{Method: "POST"}); d.Retry || d.Stop != apierrors.StopUnsafe {
		t.Errorf("a POST that may have been executed: retry %v, stop %v; want false, unsafe", d.Retry, d.Stop)
	}
}

// A read or an idempotent write may be repeated, by IANA's registry; of any other method
// nothing is known.
func TestDecideKnowsTheRegisteredMethods(t *testing.T) {
	lost := policy.Failure{Class: apierrors.Network}
	for want, methods := range map[apierrors.Stop][]string{
		apierrors.StopNone:   {"", "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY", "PROPFIND", "REPORT", "SEARCH", "COPY", "MOVE", "MKCOL", "UNLOCK"},
		apierrors.StopUnsafe: {"POST", "PATCH", "LOCK", "CONNECT", "PURGE", "get"},
	} {
		for _, method := range methods {
			if d := policy.Default().Decide(lost, policy.State{Method: method}); d.Stop != want {
				t.Errorf("%q: stop %v; want %v", method, d.Stop, want)
			}
		}
	}
}
