package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestIdempotencyCovers(t *testing.T) {
	tickets := policy.Idempotency{Header: "Idempotency-Key", Methods: []string{"POST"}, Paths: []string{"/tickets"}}
	for name, tt := range map[string]struct {
		keys         policy.Idempotency
		method, path string
		want         bool
	}{
		"no header":                   {policy.Idempotency{}, "POST", "/tickets", false},
		"a header alone":              {policy.Idempotency{Header: "Key"}, "PUT", "/tickets/7", true},
		"the method and the path":     {tickets, "POST", "/tickets", true},
		"another method":              {tickets, "PUT", "/tickets", false},
		"another path":                {tickets, "POST", "/tickets/7", false},
		"no header, but the endpoint": {policy.Idempotency{Methods: []string{"POST"}}, "POST", "/tickets", false},
	} {
		if got := tt.keys.Covers(tt.method, tt.path); got != tt.want {
			t.Errorf("%s: got %v; want %v", name, got, tt.want)
		}
	}
}

func TestIdempotencyKeyProblem(t *testing.T) {
	uuid := policy.Idempotency{Form: policy.KeyUUID}
	for name, tt := range map[string]struct {
		keys policy.Idempotency
		key  string
		want string
	}{
		"any text":           {policy.Idempotency{}, strings.Repeat("k", 10_000), ""},
		"as long as allowed": {policy.Idempotency{MaxLength: 255}, strings.Repeat("k", 255), ""},
		"longer":             {policy.Idempotency{MaxLength: 255}, strings.Repeat("k", 256), "it is longer than 255 bytes"},
		"a UUID":             {uuid, "8e03978e-40d5-43dd-bc93-6894a57f9324", ""},
		"a UUID in capitals": {uuid, "8E03978E-40D5-43DD-BC93-6894A57F9324", ""},
		"a UUID in braces":   {uuid, "{8e03978e-40d5-43dd-bc93-6894a57f9324}", "it is not a UUID, such as client.KeyFor returns"},
		"no UUID":            {uuid, "anna@example.eu", "it is not a UUID, such as client.KeyFor returns"},
		"a UUID and more":    {uuid, "8e03978e-40d5-43dd-bc93-6894a57f9324\n", "it is not a UUID, such as client.KeyFor returns"},
	} {
		if got := tt.keys.KeyProblem(tt.key); got != tt.want {
			t.Errorf("%s: got %q; want %q", name, got, tt.want)
		}
	}
}

// A failure that the vendor stores under the key, or a wait that outlasts it, ends the call.
func TestDecideWithAKey(t *testing.T) {
	keyed := policy.State{Method: "POST", HasKey: true, KeyReplays: []policy.StatusRange{{From: 500, To: 599}}, KeyLeft: time.Minute}
	with := func(change func(*policy.State)) policy.State {
		s := keyed
		change(&s)
		return s
	}
	lost := policy.Failure{Class: apierrors.Network}
	type outcome struct {
		Retry   bool
		Stop    apierrors.Stop
		Action  apierrors.Action
		Applied apierrors.Applied
		RetryIn time.Duration
	}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    outcome
	}{
		"a connection that was lost": {lost, keyed, outcome{true, apierrors.StopNone, apierrors.Retry, apierrors.AppliedUnknown, 0}},
		"a stored failure":           {withCodes(500), keyed, outcome{false, apierrors.StopPermanent, apierrors.Surface, apierrors.AppliedUnknown, 0}},
		"a stored failure with a wait": {
			policy.Failure{Status: 503, Wait: time.Second}, keyed, outcome{false, apierrors.StopPermanent, apierrors.Surface, apierrors.AppliedUnknown, 0},
		},
		"a failure that is not stored":          {withCodes(409, "RACE"), keyed, outcome{true, apierrors.StopNone, apierrors.Retry, apierrors.AppliedNo, 0}},
		"one before anything was executed":      {withCodes(500, "DOWN"), keyed, outcome{true, apierrors.StopNone, apierrors.Retry, apierrors.AppliedNo, 0}},
		"a stored failure without an own key":   {withCodes(500), with(func(s *policy.State) { s.HasKey, s.Repeatable = false, true }), outcome{true, apierrors.StopNone, apierrors.Retry, apierrors.AppliedUnknown, 0}},
		"a wait within the key's life":          {policy.Failure{Status: 429, Wait: time.Minute - 1}, keyed, outcome{true, apierrors.StopNone, apierrors.Throttle, apierrors.AppliedNo, 0}},
		"a longer wait, nothing executed":       {policy.Failure{Status: 429, Wait: time.Minute}, keyed, outcome{false, apierrors.StopMaxWait, apierrors.Defer, apierrors.AppliedNo, time.Minute}},
		"a longer wait, an earlier attempt":     {policy.Failure{Status: 429, Wait: time.Minute}, with(func(s *policy.State) { s.Before = policy.InDoubt }), outcome{false, apierrors.StopUnsafe, apierrors.Throttle, apierrors.AppliedUnknown, 0}},
		"a longer wait for a repeatable call":   {policy.Failure{Status: 429, Wait: time.Minute}, with(func(s *policy.State) { s.Before, s.Repeatable = policy.InDoubt, true }), outcome{false, apierrors.StopMaxWait, apierrors.Defer, apierrors.AppliedUnknown, time.Minute}},
		"a wait for a later run":                {policy.Failure{Status: 429, Wait: time.Hour}, with(func(s *policy.State) { s.Before = policy.InDoubt }), outcome{false, apierrors.StopUnsafe, apierrors.Defer, apierrors.AppliedUnknown, 0}},
		"a wait for a later run, none executed": {policy.Failure{Status: 429, Wait: time.Hour}, keyed, outcome{false, apierrors.StopMaxWait, apierrors.Defer, apierrors.AppliedNo, time.Hour}},
		"a key that is forgotten":               {lost, with(func(s *policy.State) { s.KeyLeft = -1 }), outcome{false, apierrors.StopUnsafe, apierrors.Retry, apierrors.AppliedUnknown, 0}},
		"a forgotten key, the last attempt":     {lost, with(func(s *policy.State) { s.KeyLeft, s.Attempts = -1, 4 }), outcome{false, apierrors.StopUnsafe, apierrors.Retry, apierrors.AppliedUnknown, 0}},
		"a forgotten key, a refused record":     {withCodes(400, "BAD"), with(func(s *policy.State) { s.KeyLeft, s.Before = -1, policy.InDoubt }), outcome{false, apierrors.StopPermanent, apierrors.Surface, apierrors.AppliedUnknown, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			d := shop(t).Decide(tt.failure, tt.state)
			if diff := cmp.Diff(tt.want, outcome{d.Retry, d.Stop, d.Action, d.Applied, d.RetryIn}); diff != "" {
				t.Errorf("rule %q (-want +got):\n%s", d.Rule, diff)
			}
			if d.Stop == apierrors.StopPermanent && tt.failure.Status >= 500 && !strings.HasPrefix(d.Hint, "The vendor returns this failure to each request with the same idempotency key") {
				t.Errorf("hint %q", d.Hint)
			}
		})
	}
}

// A response that asks for a retry knows whether its failure is stored under the key.
func TestDecideBelievesAResponseThatAsksForARetry(t *testing.T) {
	keyed := policy.State{Method: "POST", HasKey: true, KeyReplays: []policy.StatusRange{{From: 500, To: 500}}}
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		retry   bool
	}{
		"a stored failure":           {policy.Failure{Status: 500}, keyed, false},
		"one that asks for a retry":  {policy.Failure{Status: 500, AsksRetry: true}, keyed, true},
		"the same without a key":     {policy.Failure{Status: 500, AsksRetry: true}, policy.State{Method: "POST"}, false},
		"one that says both":         {policy.Failure{Status: 500, AsksRetry: true, NoRetry: true}, keyed, false},
		"a refusal that is not kept": {policy.Failure{Status: 402, AsksRetry: true}, keyed, true},
	} {
		t.Run(name, func(t *testing.T) {
			if d := policy.Default().Decide(tt.failure, tt.state); d.Retry != tt.retry {
				t.Errorf("retry %v, rule %q, stop %v; want %v", d.Retry, d.Rule, d.Stop, tt.retry)
			}
		})
	}
}

func TestKeyFormText(t *testing.T) {
	var form policy.KeyForm
	if err := form.UnmarshalText([]byte("uuid")); err != nil || form != policy.KeyUUID || form.String() != "uuid" {
		t.Errorf("form %v, error %v; want uuid", form, err)
	}
	if text, err := form.MarshalText(); err != nil || string(text) != "uuid" {
		t.Errorf("text %q, error %v; want uuid", text, err)
	}
}

// A vendor may store failures for some of its paths.
func TestIdempotencyReplaysOf(t *testing.T) {
	all := []policy.StatusRange{{From: 500, To: 500}}
	for name, tt := range map[string]struct {
		paths []string
		want  []policy.StatusRange
	}{"any path": {nil, all}, "that path": {[]string{"/v1/**"}, all}, "another path": {[]string{"/v2/**"}, nil}} {
		i := policy.Idempotency{Header: "Idempotency-Key", Replays: all, ReplayPaths: tt.paths}
		if diff := cmp.Diff(tt.want, i.ReplaysOf("/v1/charges")); diff != "" || i.Problems() != nil {
			t.Errorf("%s: problems %v (-want +got):\n%s", name, i.Problems(), diff)
		}
	}
	i := policy.Idempotency{Header: "Idempotency-Key", ReplayPaths: []string{"v1"}}
	want := []string{`path "v1": expected a pattern that begins with /, where * is one segment and ** any number`, "replays_path has no effect without replays"}
	if diff := cmp.Diff(want, i.Problems()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}
