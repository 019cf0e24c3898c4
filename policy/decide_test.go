package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestDecide(t *testing.T) {
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    verdict
	}{
		"the class of the code, and the action of the class": {
			withCodes(400, "BAD"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Validation, Act: apierrors.Surface, Rule: "shop code BAD"},
		},
		"the narrower rule for a code goes first": {
			withCodes(400, "BAD"), policy.State{Method: "PUT"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.MalformedRequest, Act: apierrors.FailFast, Rule: "shop code BAD, method PUT"},
		},
		"a code goes before a status": {
			withCodes(409, "BAD"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Validation, Act: apierrors.Surface, Rule: "shop code BAD"},
		},
		"a status goes before the built-in one": {
			withCodes(409), policy.State{Method: "POST", Random: 0.5},
			verdict{Retry: true, Delay: 250 * time.Millisecond, Class: apierrors.Conflict, Act: apierrors.Retry, Rule: "shop status 409"},
		},
		"a class rule's attempts": {
			withCodes(409), policy.State{Method: "POST", Attempts: 8},
			verdict{Retry: true, Class: apierrors.Conflict, Act: apierrors.Retry, Rule: "shop status 409"},
		},
		"the call's own attempts go before a rule's": {
			withCodes(409), policy.State{Method: "POST", Attempts: 2, MaxAttempts: 2},
			verdict{Stop: apierrors.StopAttempts, Class: apierrors.Conflict, Act: apierrors.Retry, Rule: "shop status 409"},
		},
		"a call with more attempts than the policy": {
			withCodes(500), policy.State{Attempts: 4, MaxAttempts: 5},
			verdict{Retry: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "status 500"},
		},
		"one attempt is one request, also after a 429": {
			policy.Failure{Status: 429, Wait: 3 * time.Second}, policy.State{MaxAttempts: 1},
			verdict{Stop: apierrors.StopAttempts, Class: apierrors.RateLimited, Act: apierrors.Defer, Rule: "status 429"},
		},
		"one attempt is one request, also with an expired token": {
			withCodes(401), policy.State{MaxAttempts: 1, CanRefresh: true},
			verdict{Stop: apierrors.StopAttempts, Class: apierrors.TokenExpired, Act: apierrors.Refresh, Rule: "status 401"},
		},
		"the gravest of several codes": {
			withCodes(400, "DOWN", "BAD", "KEY", "BUSY"), policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Authentication, Act: apierrors.FailFast, Rule: "shop code KEY"},
		},
		"accept only if every code accepts": {
			withCodes(400, "THERE", "DOWN"), policy.State{},
			verdict{Retry: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "shop code DOWN"},
		},
		"accept": {
			withCodes(400, "THERE", "THERE"), policy.State{Method: "POST"},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "shop code THERE"},
		},
		"already exists, on the first attempt": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.AlreadyExists, Act: apierrors.Surface, Rule: "shop code TAKEN"},
		},
		"already exists, after an attempt that may have created it": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST", Before: policy.InDoubt},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "shop code TAKEN"},
		},
		"already exists, after an attempt with a code that may have created it": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST", CodesBefore: []string{"OTHER", "RACE"}},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "shop code TAKEN"},
		},
		"already exists, after another code": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST", CodesBefore: []string{"OTHER"}},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.AlreadyExists, Act: apierrors.Surface, Rule: "shop code TAKEN"},
		},
		"DELETE, and a code says that the object is absent": {
			withCodes(400, "GONE"), policy.State{Method: "DELETE"},
			verdict{Class: apierrors.NotFound, Act: apierrors.Accept, Rule: "shop code GONE"},
		},
		"DELETE, and a bare 404 that may be a wrong URL": {
			withCodes(404), policy.State{Method: "DELETE"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.NotFound, Act: apierrors.Surface, Rule: "status 404"},
		},
		"DELETE, and a bare 404 after an attempt that may have deleted it": {
			withCodes(404), policy.State{Method: "DELETE", Before: policy.InDoubt},
			verdict{Class: apierrors.NotFound, Act: apierrors.Accept, Rule: "status 404"},
		},
		"401 with a credential that can be renewed": {
			withCodes(401), policy.State{Method: "POST", CanRefresh: true},
			verdict{Retry: true, Class: apierrors.TokenExpired, Act: apierrors.Refresh, Rule: "status 401"},
		},
		"401 with one that cannot": {
			withCodes(401), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Authentication, Act: apierrors.FailFast, Rule: "status 401"},
		},
		"deferred by the wait of the rule": {
			withCodes(400, "BUSY"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopMaxWait, Class: apierrors.QuotaExceeded, Act: apierrors.Defer, Rule: "shop code BUSY"},
		},
		"a call that may have been applied is not deferred": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "DEFER"},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.Network, Act: apierrors.Defer, Rule: "operator's class network, method DEFER"},
		},
		"too large, without a hook": {
			withCodes(413), policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.TooLarge, Act: apierrors.Surface, Rule: "status 413"},
		},
		"too large, with a hook": {
			withCodes(413), policy.State{Method: "POST", CanShrink: true},
			verdict{Retry: true, Class: apierrors.TooLarge, Act: apierrors.Shrink, Rule: "status 413"},
		},
		"a truncated body of a read": {
			policy.Failure{Status: 400, Truncated: true}, policy.State{},
			verdict{Retry: true, Class: apierrors.MalformedResponse, Act: apierrors.Retry, Rule: "truncated body, status 400"},
		},
		"a truncated body of a write": {
			policy.Failure{Status: 400, Truncated: true}, policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.MalformedResponse, Act: apierrors.Retry, Rule: "truncated body, status 400"},
		},
		"a truncated body of a write with a plain status": {
			policy.Failure{Status: 401, Truncated: true}, policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Authentication, Act: apierrors.FailFast, Rule: "status 401"},
		},
		"a truncated body with a status that is retried anyway": {
			policy.Failure{Status: 429, Truncated: true}, policy.State{},
			verdict{Retry: true, Class: apierrors.RateLimited, Act: apierrors.Throttle, Rule: "status 429"},
		},
		"accepted without a response": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "ACCEPT"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Network, Act: apierrors.Surface, Rule: "operator's class network, method ACCEPT"},
		},
		"401 of a one-shot body": {
			withCodes(401), policy.State{Method: "POST", CanRefresh: true, OneShotBody: true},
			verdict{Stop: apierrors.StopBodySpent, Class: apierrors.TokenExpired, Act: apierrors.Refresh, Rule: "status 401"},
		},
		"a permanent failure": {
			policy.Failure{Class: apierrors.Network, Permanent: true}, policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Network, Act: apierrors.FailFast, Rule: "class network"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop(t).With(
				policy.Rule{When: policy.Match{Class: apierrors.Network, Methods: []string{"DEFER"}}, Action: apierrors.Defer},
				policy.Rule{When: policy.Match{Class: apierrors.Network, Methods: []string{"ACCEPT"}}, Action: apierrors.Accept},
			)
			if diff := cmp.Diff(tt.want, verdictOf(p.Decide(tt.failure, tt.state))); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecideByStatus(t *testing.T) {
	for status, want := range map[int][3]string{ // class, action and what is known of a POST
		400: {"malformed_request", "surface", "no"}, 401: {"authentication", "fail_fast", "no"}, 402: {"permission", "fail_fast", "no"},
		403: {"permission", "fail_fast", "no"}, 404: {"not_found", "surface", "no"}, 405: {"unsupported", "fail_fast", "no"},
		406: {"unsupported", "fail_fast", "no"}, 407: {"authentication", "fail_fast", "no"}, 408: {"timeout", "retry", "no"},
		409: {"conflict", "surface", "no"}, 410: {"not_found", "surface", "no"}, 412: {"conflict", "surface", "no"},
		413: {"too_large", "surface", "no"}, 414: {"too_large", "surface", "no"}, 415: {"unsupported", "fail_fast", "no"},
		418: {"unknown", "surface", "unknown"}, 420: {"unknown", "surface", "unknown"}, 421: {"server_error", "retry", "no"},
		422: {"validation", "surface", "no"}, 423: {"conflict", "retry", "no"}, 425: {"rate_limited", "throttle", "no"},
		429: {"rate_limited", "throttle", "no"}, 431: {"too_large", "surface", "no"}, 477: {"unknown", "surface", "unknown"},
		499: {"unknown", "surface", "unknown"}, 500: {"server_error", "retry", "unknown"}, 501: {"unsupported", "fail_fast", "no"},
		502: {"server_error", "retry", "unknown"}, 503: {"server_error", "retry", "unknown"}, 504: {"timeout", "retry", "unknown"},
		520: {"server_error", "retry", "unknown"}, 598: {"timeout", "retry", "unknown"}, 599: {"timeout", "retry", "unknown"},
		999: {"unknown", "surface", "unknown"},
	} {
		d := policy.Default().Decide(policy.Failure{Status: status}, policy.State{Method: "POST"})
		if got := [3]string{d.Class.String(), d.Action.String(), d.Applied.String()}; got != want {
			t.Errorf("status %d: %v; want %v", status, got, want)
		}
		if want := want[1] == "throttle" || want[1] == "retry" && want[2] == "no"; d.Retry != want {
			t.Errorf("status %d: a POST is retried: %v; want %v", status, d.Retry, want)
		}
	}
}

// Without a vendor's data, a wait beside a status that refuses for now says that it is a
// limit (GitHub's secondary one is a 403). Beside any other, it is kept.
func TestDecideByStatusWithAWait(t *testing.T) {
	for status, want := range map[int][2]string{
		402: {"rate_limited", "throttle"}, 403: {"rate_limited", "throttle"}, 401: {"authentication", "fail_fast"},
		409: {"conflict", "surface"}, 420: {"unknown", "surface"}, 423: {"conflict", "retry"}, 477: {"unknown", "surface"},
	} {
		d := policy.Default().Decide(policy.Failure{Status: status, Wait: 30 * time.Second}, policy.State{})
		if got := [2]string{d.Class.String(), d.Action.String()}; got != want {
			t.Errorf("status %d: %v; want %v", status, got, want)
		}
		if max(d.Delay, d.RetryIn) != 30*time.Second {
			t.Errorf("status %d: delay %v, retry in %v; want 30s", status, d.Delay, d.RetryIn)
		}
	}
}

// A response that says that a retry is of no use prevents retries, and causes none.
func TestDecideHeedsAResponseThatForbidsARetry(t *testing.T) {
	onStatus := func(status int, action, fallback apierrors.Action) policy.Rule {
		return policy.Rule{When: policy.Match{Statuses: []policy.StatusRange{{From: status, To: status}}}, Action: action, Fallback: fallback}
	}
	p := policy.Default().With(onStatus(507, apierrors.Defer, apierrors.ActionNone), onStatus(504, apierrors.Shrink, apierrors.Retry))
	for name, tt := range map[string]struct {
		failure policy.Failure
		want    verdict
	}{
		"retry":                    {policy.Failure{Status: 503}, verdict{Class: apierrors.ServerError, Act: apierrors.Surface, Rule: "status 503, not to be retried"}},
		"throttle":                 {policy.Failure{Status: 429, Wait: time.Second}, verdict{Class: apierrors.RateLimited, Act: apierrors.Surface, Rule: "status 429, not to be retried"}},
		"defer":                    {policy.Failure{Status: 507, Wait: time.Second}, verdict{Class: apierrors.ServerError, Act: apierrors.Surface, Rule: "operator's status 507, not to be retried"}},
		"a fallback that retries":  {policy.Failure{Status: 504}, verdict{Class: apierrors.Timeout, Act: apierrors.Surface, Rule: "operator's status 504, not to be retried"}},
		"a truncated body":         {policy.Failure{Status: 400, Truncated: true}, verdict{Class: apierrors.MalformedResponse, Act: apierrors.Surface, Rule: "truncated body, status 400, not to be retried"}},
		"surface, as it is anyway": {policy.Failure{Status: 409, Wait: time.Second}, verdict{Class: apierrors.Conflict, Act: apierrors.Surface, Rule: "status 409"}},
		"what stops the job":       {policy.Failure{Status: 403}, verdict{Class: apierrors.Permission, Act: apierrors.FailFast, Rule: "status 403"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.failure.NoRetry, tt.want.Stop = true, apierrors.StopPermanent
			d := p.Decide(tt.failure, policy.State{})
			if diff := cmp.Diff(tt.want, verdictOf(d)); diff != "" || d.RetryIn != 0 || d.PauseFor != 0 {
				t.Errorf("retry in %v, pause %v; Decide mismatch (-want +got):\n%s", d.RetryIn, d.PauseFor, diff)
			}
		})
	}
	if d := p.Decide(policy.Failure{Status: 401, NoRetry: true}, policy.State{CanRefresh: true}); !d.Retry {
		t.Errorf("a token that expired: %v, stop %v; want a retry with another token", d.Action, d.Stop)
	}
}

// After an attempt that may have been executed, a conflict may be with that attempt.
func TestDecideSaysThatAConflictMayBeOurOwn(t *testing.T) {
	const own = "The other write may be an earlier attempt of this call"
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    bool
	}{
		"412 after an unknown attempt":            {withCodes(412), policy.State{Method: "PUT", Before: policy.InDoubt}, true},
		"409 after an unknown attempt":            {withCodes(409), policy.State{Method: "PUT", Before: policy.InDoubt}, true},
		"already_exists after an unknown attempt": {withCodes(400, "EXISTS"), policy.State{Method: "PUT", Before: policy.InDoubt}, true},
		"412 of a first attempt":                  {withCodes(412), policy.State{Method: "PUT"}, false},
		"404 after an unknown attempt":            {withCodes(404), policy.State{Method: "PUT", Before: policy.InDoubt}, false},
	} {
		p := policy.Default().With(policy.Rule{When: policy.Match{Codes: []string{"EXISTS"}}, Class: apierrors.AlreadyExists})
		d := p.Decide(tt.failure, tt.state)
		if got := strings.HasPrefix(d.Hint, own); got != tt.want || d.Applied != apierrors.AppliedUnknown && tt.want {
			t.Errorf("%s: applied %v, hint %q", name, d.Applied, d.Hint)
		}
	}
}

// An error inside a 2xx may be about a part of the request only. What its class says about
// the outcome is not known of the rest, so a write is not repeated.
func TestDecideOfAnErrorIn2xx(t *testing.T) {
	refused := func(f policy.Failure) policy.Failure { f.Refused = true; return f }
	for name, tt := range map[string]struct {
		rule    policy.Rule // for code LOCKED
		failure policy.Failure
		method  string
		applied apierrors.Applied
		stop    apierrors.Stop
	}{
		"conflict, POST":                {policy.Rule{Class: apierrors.Conflict}, withCodes(200, "LOCKED"), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
		"conflict, 207":                 {policy.Rule{Class: apierrors.Conflict}, withCodes(207, "LOCKED"), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
		"conflict, PUT":                 {policy.Rule{Class: apierrors.Conflict}, withCodes(200, "LOCKED"), "PUT", apierrors.AppliedUnknown, apierrors.StopNone},
		"rate_limited, POST":            {policy.Rule{Class: apierrors.RateLimited}, withCodes(200, "LOCKED"), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
		"quota_exceeded, POST":          {policy.Rule{Class: apierrors.QuotaExceeded}, withCodes(200, "LOCKED"), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
		"token_expired, POST":           {policy.Rule{Class: apierrors.TokenExpired}, withCodes(200, "LOCKED"), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
		"validation, POST":              {policy.Rule{Class: apierrors.Validation}, withCodes(200, "LOCKED"), "POST", apierrors.AppliedUnknown, apierrors.StopPermanent},
		"the rule says otherwise":       {policy.Rule{Class: apierrors.Conflict, Applied: new(apierrors.AppliedNo)}, withCodes(200, "LOCKED"), "POST", apierrors.AppliedNo, apierrors.StopNone},
		"the vendor refused it":         {policy.Rule{Class: apierrors.Conflict}, refused(withCodes(200, "LOCKED")), "POST", apierrors.AppliedNo, apierrors.StopNone},
		"refused, but the code doubts":  {policy.Rule{Class: apierrors.ServerError}, refused(withCodes(200, "LOCKED")), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
		"the same code in a 4xx":        {policy.Rule{Class: apierrors.Conflict}, withCodes(409, "LOCKED"), "POST", apierrors.AppliedNo, apierrors.StopNone},
		"a rule of the vendor by class": {policy.Rule{When: policy.Match{Class: apierrors.Conflict}, Applied: new(apierrors.AppliedNo)}, withCodes(200, "RACE"), "POST", apierrors.AppliedUnknown, apierrors.StopUnsafe},
	} {
		t.Run(name, func(t *testing.T) {
			rules := []policy.Rule{tt.rule, {When: policy.Match{Codes: []string{"RACE"}}, Class: apierrors.Conflict}}
			if tt.rule.When.Class == apierrors.None {
				rules[0].When.Codes = []string{"LOCKED"}
			}
			p, err := policy.New(policy.Settings{Name: "shop", Rules: rules})
			if err != nil {
				t.Fatal(err)
			}
			d := p.Decide(tt.failure, policy.State{Method: tt.method, CanRefresh: true})
			if d.Applied != tt.applied || d.Stop != tt.stop {
				t.Errorf("applied %v, stop %v; want %v, %v", d.Applied, d.Stop, tt.applied, tt.stop)
			}
		})
	}
}

func TestDecideKnowsEveryClass(t *testing.T) {
	for _, c := range apierrors.Classes() {
		d := policy.Default().Decide(policy.Failure{Class: c}, policy.State{CanRefresh: true, CanShrink: true})
		if d.Action == apierrors.ActionNone || d.Scope == apierrors.ScopeNone || d.Hint == "" || d.Rule == "" {
			t.Errorf("class %v: action %v, scope %v, hint %q, rule %q", c, d.Action, d.Scope, d.Hint, d.Rule)
		}
	}
}

// FuzzDecide checks what every decision must have, and what it must never say.
func FuzzDecide(f *testing.F) {
	f.Add(503, "DOWN", "POST", 1, int64(0), int64(time.Hour), 0.5, uint8(0))
	f.Add(429, "", "GET", 3, int64(time.Second), int64(0), 0.0, uint8(0xff))
	f.Fuzz(func(t *testing.T, status int, code, method string, attempts int, wait, left int64, random float64, flags uint8) {
		if random < 0 || random >= 1 || wait < 0 || attempts < 0 {
			t.Skip("not a state that the client can be in")
		}
		flag := func(i int) bool { return flags&(1<<i) != 0 }
		failure := withCodes(status, code)
		failure.Wait = time.Duration(wait)
		s := policy.State{
			Method: method, Attempts: attempts, Remaining: time.Duration(left), Random: random,
			CanRefresh: flag(0), CanShrink: flag(1), Repeatable: flag(2), HasKey: flag(3), OneShotBody: flag(4), Before: policy.Outcome(flags >> 5),
		}
		d := shop(t).Decide(failure, s)
		switch {
		case d.Class == apierrors.None || d.Action == apierrors.ActionNone || d.Rule == "":
			t.Errorf("class %v, action %v, rule %q", d.Class, d.Action, d.Rule)
		case d.Retry && d.Stop != apierrors.StopNone:
			t.Errorf("retried although %v", d.Stop)
		case d.Retry && s.OneShotBody && d.Action != apierrors.Shrink: // a smaller request has another body
			t.Error("a one-shot body is sent twice")
		case d.Retry && left != 0 && d.Delay >= time.Duration(left):
			t.Errorf("a wait of %v with %v until the deadline", d.Delay, time.Duration(left))
		case d.Retry && (d.Delay < 0 || d.Delay > time.Minute):
			t.Errorf("a wait of %v", d.Delay)
		case d.Retry && method == "POST" && d.Applied != apierrors.AppliedNo && !s.Repeatable && !s.HasKey && s.Before == policy.NotApplied:
			t.Error("a write that may have been applied is retried")
		case wait > 0 && d.Retry && d.Action == apierrors.Throttle && d.Delay < time.Duration(wait):
			t.Errorf("retried after %v; the vendor asked for %v", d.Delay, time.Duration(wait))
		}
	})
}
