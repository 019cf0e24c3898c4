package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// What an answer proves: the whole decision.
func TestLookupProves(t *testing.T) {
	const settle = 5 * time.Second
	consistent := policy.Lookup{Path: "/a", Consistent: true, Settle: settle}
	for name, tt := range map[string]struct {
		lookup policy.Lookup
		answer policy.LookupAnswer
		since  time.Duration
		want   apierrors.Applied
	}{
		"found":                               {policy.Lookup{}, policy.LookupFound, 0, apierrors.AppliedYes},
		"found before it is settled":          {consistent, policy.LookupFound, 0, apierrors.AppliedYes},
		"unclear":                             {consistent, policy.LookupUnclear, settle, apierrors.AppliedUnknown},
		"an answer outside the set":           {consistent, 7, settle, apierrors.AppliedUnknown},
		"absent":                              {consistent, policy.LookupAbsent, settle, apierrors.AppliedNo},
		"absent, a moment too early":          {consistent, policy.LookupAbsent, settle - 1, apierrors.AppliedUnknown},
		"absent, and reads may lag":           {policy.Lookup{Settle: settle}, policy.LookupAbsent, time.Hour, apierrors.AppliedUnknown},
		"absent, and it may execute for ever": {policy.Lookup{Consistent: true}, policy.LookupAbsent, time.Hour, apierrors.AppliedUnknown},
	} {
		if got := tt.lookup.Proves(tt.answer, tt.since); got != tt.want {
			t.Errorf("%s: %v; want %v", name, got, tt.want)
		}
	}
}

// When a look-up is sent, and why it is not.
func TestPolicyLookupIn(t *testing.T) {
	settle := policy.Lookup{Path: "/a", Consistent: true, Settle: 5 * time.Second}
	type verdict struct {
		Wait time.Duration
		Stop apierrors.Stop
	}
	for name, tt := range map[string]struct {
		lookup policy.Lookup
		since  time.Duration
		state  policy.State
		want   verdict
	}{
		"at once":                        {policy.Lookup{}, 0, policy.State{}, verdict{}},
		"after it is settled":            {settle, 0, policy.State{}, verdict{Wait: 5 * time.Second}},
		"what is left of that":           {settle, 3 * time.Second, policy.State{}, verdict{Wait: 2 * time.Second}},
		"settled already":                {settle, time.Minute, policy.State{}, verdict{}},
		"just before the deadline":       {settle, 0, policy.State{Remaining: 5*time.Second + 1}, verdict{Wait: 5 * time.Second}},
		"at the deadline":                {settle, 0, policy.State{Remaining: 5 * time.Second}, verdict{5 * time.Second, apierrors.StopDeadline}},
		"the deadline has passed":        {policy.Lookup{}, 0, policy.State{Remaining: -1}, verdict{0, apierrors.StopDeadline}},
		"no time to wait left":           {settle, 0, policy.State{Waited: 56 * time.Second}, verdict{5 * time.Second, apierrors.StopMaxWait}},
		"a call that does not wait":      {settle, 0, policy.State{MaxWait: new(time.Duration(0))}, verdict{5 * time.Second, apierrors.StopMaxWait}},
		"a call that may make one":       {policy.Lookup{}, 0, policy.State{MaxAttempts: 1}, verdict{0, apierrors.StopAttempts}},
		"a call whose attempts are used": {policy.Lookup{}, 0, policy.State{Attempts: 4}, verdict{}},
	} {
		wait, stop := policy.Default().LookupIn(tt.lookup, tt.since, tt.state)
		if diff := cmp.Diff(tt.want, verdict{wait, stop}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A failure after which a look-up proved that nothing was executed is decided as any other that
// proves it.
func TestDecideAfterAProvenAbsence(t *testing.T) {
	lost := policy.Failure{Class: apierrors.Network}
	type outcome struct {
		Retry   bool
		Stop    apierrors.Stop
		Applied apierrors.Applied
	}
	no := apierrors.AppliedNo
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    outcome
	}{
		"a lost POST":                {lost, policy.State{}, outcome{true, apierrors.StopNone, no}},
		"a 503":                      {withCodes(503), policy.State{}, outcome{true, apierrors.StopNone, no}},
		"a refusal that proves none": {withCodes(418), policy.State{}, outcome{false, apierrors.StopPermanent, no}},
		"no attempts left":           {lost, policy.State{Attempts: 4}, outcome{false, apierrors.StopAttempts, no}},
		"no budget left":             {lost, policy.State{OutOfBudget: true}, outcome{false, apierrors.StopBudget, no}},
		"a body that was read":       {lost, policy.State{OneShotBody: true}, outcome{false, apierrors.StopBodySpent, no}},
		"no time left":               {lost, policy.State{Remaining: time.Millisecond}, outcome{false, apierrors.StopDeadline, no}},
		"a failure stored under the key": {withCodes(500), policy.State{HasKey: true, KeyReplays: []policy.StatusRange{{From: 500, To: 599}}},
			outcome{false, apierrors.StopPermanent, no}},
	} {
		tt.state.Method, tt.state.Absent, tt.state.Random = "POST", true, 0.5
		d := policy.Default().Decide(tt.failure, tt.state)
		if diff := cmp.Diff(tt.want, outcome{d.Retry, d.Stop, d.Applied}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The first endpoint with a look-up that covers a request says how, and names its segments.
func TestPolicyLookupFor(t *testing.T) {
	p, err := policy.New(policy.Settings{Endpoints: []policy.Endpoint{
		{Methods: []string{"POST"}, Paths: []string{"/orders/{order}/notes"}},
		{Methods: []string{"POST"}, Paths: []string{"/orders/{order}/notes", "/carts/{order}/{part}"}, Lookup: &policy.Lookup{Path: "/notes/{order}"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]map[string]string{
		"/orders/A%2F1/notes": {"order": "A/1"},
		"/carts/7/first":      {"order": "7", "part": "first"},
		"/orders/7/lines":     nil,
		"/orders/7":           nil,
	} {
		l, segments, ok := p.LookupFor("POST", path)
		if diff := cmp.Diff(want, segments); diff != "" || ok != (want != nil) || ok && l.String() != "GET /notes/{order}" {
			t.Errorf("%s: %v, %v; segments (-want +got):\n%s", path, l, ok, diff)
		}
	}
	everywhere, err := policy.New(policy.Settings{Endpoints: []policy.Endpoint{{Lookup: &policy.Lookup{Path: "/by/{record_key}"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if l, segments, ok := everywhere.LookupFor("PUT", "/any"); !ok || segments != nil || l.String() != "GET /by/{record_key}" {
		t.Errorf("of all requests: %v, %v, %v", l, segments, ok)
	}
	if _, _, ok := p.LookupFor("PUT", "/carts/7/first"); ok {
		t.Error("a look-up for another method")
	}
	l, _, _ := p.LookupFor("POST", "/carts/7/first")
	l.Absent = append(l.Absent, policy.StatusRange{From: 410, To: 410})
	if again, _, _ := p.LookupFor("POST", "/carts/7/first"); again.Absent != nil {
		t.Error("the look-up of the policy was changed")
	}
}

func TestLookupFill(t *testing.T) {
	values := map[string]string{"id": "A/1?x=ü", "record_key": "..", "body.email": "ana+1@example.com", "empty": ""}
	value := func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
	for name, tt := range map[string]struct {
		lookup  policy.Lookup
		path    string
		is      string
		missing string
	}{
		"a segment":                 {policy.Lookup{Path: "/orders/{id}"}, "/orders/A%2F1%3Fx=%C3%BC", "", ""},
		"a part of a segment":       {policy.Lookup{Path: "/contacts/email:{body.email}"}, "/contacts/email:ana+1@example.com", "", ""},
		"a query":                   {policy.Lookup{Path: "/contacts?email={body.email}&n=1"}, "/contacts?email=ana%2B1%40example.com&n=1", "", ""},
		"a text":                    {policy.Lookup{Path: "/contacts", Is: "{body.email}"}, "/contacts", "ana+1@example.com", ""},
		"no names":                  {policy.Lookup{Path: "/contacts"}, "/contacts", "", ""},
		"no value":                  {policy.Lookup{Path: "/orders/{other}"}, "", "", "other"},
		"an empty value":            {policy.Lookup{Path: "/orders/{empty}/x"}, "", "", "empty"},
		"a value that leads up":     {policy.Lookup{Path: "/orders/{record_key}/x"}, "", "", "record_key"},
		"such a value in a query":   {policy.Lookup{Path: "/orders?id={record_key}"}, "/orders?id=..", "", ""},
		"no value for the text":     {policy.Lookup{Path: "/orders", Is: "{other}"}, "/orders", "", "other"},
		"the first that is missing": {policy.Lookup{Path: "/{empty}?x={other}"}, "?x=", "", "empty"},
	} {
		filled, missing := tt.lookup.Fill(value)
		if missing != tt.missing || missing == "" && (filled.Path != tt.path || filled.Is != tt.is) {
			t.Errorf("%s: path %q, is %q, missing %q; want %q, %q, %q", name, filled.Path, filled.Is, missing, tt.path, tt.is, tt.missing)
		}
	}
}

// The answers have names; the set is closed.
func TestLookupAnswerString(t *testing.T) {
	got := []string{policy.LookupUnclear.String(), policy.LookupFound.String(), policy.LookupAbsent.String(), policy.LookupAnswer(9).String()}
	if diff := cmp.Diff([]string{"unclear", "found", "absent", "answer of a look-up(9)"}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}
