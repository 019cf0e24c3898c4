package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// verdict is the part of a decision that most rows are about.
type verdict struct {
	Again bool
	Delay time.Duration
	Stop  apierrors.Stop
	Class apierrors.Class
	Act   apierrors.Action
	Rule  string
}

func verdictOf(d policy.Decision) verdict {
	return verdict{d.Retry, d.Delay, d.Stop, d.Class, d.Action, d.Rule}
}

func withCodes(status int, codes ...string) policy.Failure {
	f := policy.Failure{Status: status}
	for _, c := range codes {
		f.Items = append(f.Items, apierrors.Field{Code: c})
	}
	return f
}

// shop is a small vendor.
func shop(t *testing.T) policy.Policy {
	t.Helper()
	p, err := policy.New(policy.Settings{
		Name: "shop",
		Rules: []policy.Rule{
			{When: policy.Match{Class: apierrors.Conflict}, MaxAttempts: 9},
			{When: policy.Match{Statuses: []policy.StatusRange{{From: 409, To: 409}}}, Class: apierrors.Conflict, Action: apierrors.Retry},
			{When: policy.Match{Codes: []string{"DOWN"}}, Class: apierrors.ServerError, Applied: new(apierrors.AppliedNo)},
			{When: policy.Match{Codes: []string{"BUSY"}}, Class: apierrors.QuotaExceeded, After: 5 * time.Minute},
			{When: policy.Match{Codes: []string{"TAKEN"}}, Class: apierrors.AlreadyExists, AcceptAfterUnknown: new(true), AcceptAfterCodes: []string{"RACE"}},
			{When: policy.Match{Codes: []string{"THERE"}}, Class: apierrors.AlreadyExists, Action: apierrors.Accept},
			{When: policy.Match{Codes: []string{"GONE"}}, Class: apierrors.NotFound},
			{When: policy.Match{Codes: []string{"BAD"}}, Class: apierrors.Validation},
			{When: policy.Match{Codes: []string{"BAD"}, Methods: []string{"PUT"}}, Class: apierrors.MalformedRequest},
			{When: policy.Match{Codes: []string{"KEY"}}, Class: apierrors.Authentication},
		},
		Endpoints: []policy.Endpoint{
			{Methods: []string{"PATCH"}, Paths: []string{"/items/*"}, Repeatable: true},
			{Methods: []string{"PUT"}, Paths: []string{"/surveys"}, Repeatable: false},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDecideByRule(t *testing.T) {
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    verdict
	}{
		"a code's class and the class's action": {
			withCodes(400, "BAD"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Validation, Act: apierrors.Surface, Rule: "shop code BAD"},
		},
		"the narrower rule for a code goes first": {
			withCodes(400, "BAD"), policy.State{Method: "PUT"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.MalformedRequest, Act: apierrors.FailFast, Rule: "shop code BAD, method PUT"},
		},
		"a code beats a status": {
			withCodes(409, "BAD"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Validation, Act: apierrors.Surface, Rule: "shop code BAD"},
		},
		"a status beats the built-in one": {
			withCodes(409), policy.State{Method: "POST", Random: 0.5},
			verdict{Again: true, Delay: 250 * time.Millisecond, Class: apierrors.Conflict, Act: apierrors.Retry, Rule: "shop status 409"},
		},
		"a class rule's attempts": {
			withCodes(409), policy.State{Method: "POST", Attempts: 8},
			verdict{Again: true, Class: apierrors.Conflict, Act: apierrors.Retry, Rule: "shop status 409"},
		},
		"an unlisted code in a 4xx is no reason to repeat": {
			withCodes(409, "NEW"), policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Unknown, Act: apierrors.Surface, Rule: "unlisted code"},
		},
		"an unlisted code in a 5xx is as its status": {
			withCodes(503, "NEW"), policy.State{},
			verdict{Again: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "unlisted code, status 503"},
		},
		"an unlisted code does not hide a 429": {
			withCodes(429, "NEW"), policy.State{Random: 0.5},
			verdict{Again: true, Delay: 500 * time.Millisecond, Class: apierrors.RateLimited, Act: apierrors.Throttle, Rule: "unlisted code, status 429"},
		},
		"the gravest of several codes": {
			withCodes(400, "DOWN", "BAD", "KEY", "BUSY"), policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Authentication, Act: apierrors.FailFast, Rule: "shop code KEY"},
		},
		"accept only if every code accepts": {
			withCodes(400, "THERE", "DOWN"), policy.State{},
			verdict{Again: true, Class: apierrors.ServerError, Act: apierrors.Retry, Rule: "shop code DOWN"},
		},
		"accept": {
			withCodes(400, "THERE", "THERE"), policy.State{Method: "POST"},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "shop code THERE"},
		},
		"already there, on a first attempt": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.AlreadyExists, Act: apierrors.Surface, Rule: "shop code TAKEN"},
		},
		"already there, after an attempt that may have made it": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST", UnknownBefore: true},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "shop code TAKEN"},
		},
		"already there, after an attempt that ended with a code that may have made it": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST", CodesBefore: []string{"OTHER", "RACE"}},
			verdict{Class: apierrors.AlreadyExists, Act: apierrors.Accept, Rule: "shop code TAKEN"},
		},
		"already there, after another code": {
			withCodes(400, "TAKEN"), policy.State{Method: "POST", CodesBefore: []string{"OTHER"}},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.AlreadyExists, Act: apierrors.Surface, Rule: "shop code TAKEN"},
		},
		"DELETE of what a code calls absent": {
			withCodes(400, "GONE"), policy.State{Method: "DELETE"},
			verdict{Class: apierrors.NotFound, Act: apierrors.Accept, Rule: "shop code GONE"},
		},
		"DELETE and a bare 404 may be a wrong URL": {
			withCodes(404), policy.State{Method: "DELETE"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.NotFound, Act: apierrors.Surface, Rule: "status 404"},
		},
		"DELETE, a bare 404, and an earlier attempt that may have done it": {
			withCodes(404), policy.State{Method: "DELETE", UnknownBefore: true},
			verdict{Class: apierrors.NotFound, Act: apierrors.Accept, Rule: "status 404"},
		},
		"401 with a renewable credential": {
			withCodes(401), policy.State{Method: "POST", CanRefresh: true},
			verdict{Again: true, Class: apierrors.TokenExpired, Act: apierrors.Refresh, Rule: "status 401"},
		},
		"401 again": {
			withCodes(401), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Authentication, Act: apierrors.FailFast, Rule: "status 401"},
		},
		"deferred by its own wait": {
			withCodes(400, "BUSY"), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopMaxWait, Class: apierrors.QuotaExceeded, Act: apierrors.Defer, Rule: "shop code BUSY"},
		},
		"deferring what may have been applied is no safer than a repeat": {
			policy.Failure{Class: apierrors.Network}, policy.State{Method: "DEFER"},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.Network, Act: apierrors.Defer, Rule: "operator's class network, method DEFER"},
		},
		"too large, without a hook": {
			withCodes(413), policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.TooLarge, Act: apierrors.Surface, Rule: "status 413"},
		},
		"too large, with a hook": {
			withCodes(413), policy.State{Method: "POST", CanShrink: true},
			verdict{Again: true, Class: apierrors.TooLarge, Act: apierrors.Shrink, Rule: "status 413"},
		},
		"a body that broke off is asked for again": {
			policy.Failure{Status: 400, Truncated: true}, policy.State{},
			verdict{Again: true, Class: apierrors.MalformedResponse, Act: apierrors.Retry, Rule: "truncated body, status 400"},
		},
		"a body that broke off, of a write": {
			policy.Failure{Status: 400, Truncated: true}, policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.MalformedResponse, Act: apierrors.Retry, Rule: "truncated body, status 400"},
		},
		"a body that broke off, where the status says enough": {
			policy.Failure{Status: 401, Truncated: true}, policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Authentication, Act: apierrors.FailFast, Rule: "status 401"},
		},
		"a body that broke off, of a status that says enough": {
			policy.Failure{Status: 429, Truncated: true}, policy.State{},
			verdict{Again: true, Class: apierrors.RateLimited, Act: apierrors.Throttle, Rule: "status 429"},
		},
		"a failure that no repeat can cure": {
			policy.Failure{Class: apierrors.Network, Permanent: true}, policy.State{},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Network, Act: apierrors.FailFast, Rule: "class network"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := shop(t).With(policy.Rule{When: policy.Match{Class: apierrors.Network, Methods: []string{"DEFER"}}, Action: apierrors.Defer})
			if diff := cmp.Diff(tt.want, verdictOf(p.Decide(tt.failure, tt.state))); diff != "" {
				t.Errorf("Decide mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatusesWithoutACode(t *testing.T) {
	for status, want := range map[int][2]string{
		400: {"malformed_request", "surface"}, 401: {"authentication", "fail_fast"}, 402: {"permission", "fail_fast"},
		403: {"permission", "fail_fast"}, 404: {"not_found", "surface"}, 405: {"unsupported", "fail_fast"},
		406: {"unsupported", "fail_fast"}, 408: {"timeout", "retry"}, 409: {"conflict", "surface"},
		410: {"not_found", "surface"}, 412: {"conflict", "surface"}, 413: {"too_large", "surface"},
		414: {"too_large", "surface"}, 415: {"unsupported", "fail_fast"}, 418: {"unknown", "surface"},
		422: {"validation", "surface"}, 425: {"rate_limited", "throttle"}, 429: {"rate_limited", "throttle"},
		431: {"too_large", "surface"}, 499: {"unknown", "surface"}, 500: {"server_error", "retry"},
		501: {"unsupported", "fail_fast"}, 502: {"server_error", "retry"}, 503: {"server_error", "retry"},
		504: {"timeout", "retry"}, 598: {"timeout", "retry"}, 599: {"timeout", "retry"}, 520: {"server_error", "retry"},
		999: {"unknown", "surface"},
	} {
		d := policy.Default().Decide(policy.Failure{Status: status}, policy.State{})
		if got := [2]string{d.Class.String(), d.Action.String()}; got != want {
			t.Errorf("status %d: %v; want %v", status, got, want)
		}
	}
}

func TestEveryClassHasAnActionAndAHint(t *testing.T) {
	for _, c := range apierrors.Classes() {
		d := policy.Default().Decide(policy.Failure{Class: c}, policy.State{CanRefresh: true, CanShrink: true})
		if d.Action == apierrors.ActionNone || d.Scope == apierrors.ScopeNone || d.Hint == "" || d.Rule == "" {
			t.Errorf("class %v: action %v, scope %v, hint %q, rule %q", c, d.Action, d.Scope, d.Hint, d.Rule)
		}
	}
}

func TestAWriteIsNotRepeatedUnlessThatIsSafe(t *testing.T) {
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
		"POST, the vendor said no":           {withCodes(400, "DOWN"), policy.State{Method: "POST"}, apierrors.StopNone},
		"POST, 429":                          {withCodes(429), policy.State{Method: "POST"}, apierrors.StopNone},
		"POST that the caller calls safe":    {lost, policy.State{Method: "POST", Repeatable: true}, apierrors.StopNone},
		"POST with an honoured key":          {lost, policy.State{Method: "POST", HasKey: true}, apierrors.StopNone},
		"POST whose answer was not readable": {policy.Failure{Class: apierrors.MalformedResponse, Status: 200, Applied: apierrors.AppliedYes}, policy.State{Method: "POST"}, apierrors.StopUnsafe},
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
				t.Errorf("again %v, stop %v; want stop %v", d.Retry, d.Stop, tt.want)
			}
		})
	}
	t.Run("an operator has opted in", func(t *testing.T) {
		p := shop(t).With(policy.Rule{When: policy.Match{Class: apierrors.Network}, RepeatUnsafe: new(true)})
		if d := p.Decide(lost, policy.State{Method: "POST"}); !d.Retry {
			t.Errorf("not repeated: %v", d.Stop)
		}
	})
}

// FuzzDecide holds every decision against what must never happen.
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
			CanRefresh: flag(0), CanShrink: flag(1), Repeatable: flag(2), HasKey: flag(3), OneShotBody: flag(4), UnknownBefore: flag(5),
		}
		d := shop(t).Decide(failure, s)
		switch {
		case d.Class == apierrors.None || d.Action == apierrors.ActionNone || d.Rule == "":
			t.Errorf("class %v, action %v, rule %q", d.Class, d.Action, d.Rule)
		case d.Retry && d.Stop != apierrors.StopNone:
			t.Errorf("sent again although %v", d.Stop)
		case d.Retry && s.OneShotBody && d.Action != apierrors.Shrink: // a smaller request brings its own
			t.Error("a body was to be sent twice that can be read once")
		case d.Retry && left != 0 && d.Delay >= time.Duration(left):
			t.Errorf("a wait of %v with %v left", d.Delay, time.Duration(left))
		case d.Retry && (d.Delay < 0 || d.Delay > time.Minute):
			t.Errorf("a wait of %v", d.Delay)
		case d.Retry && method == "POST" && d.Applied != apierrors.AppliedNo && !s.Repeatable && !s.HasKey && !s.UnknownBefore:
			t.Error("a write that may have been applied was to be repeated")
		case wait > 0 && d.Retry && d.Action == apierrors.Throttle && d.Delay < time.Duration(wait):
			t.Errorf("came back after %v; told %v", d.Delay, time.Duration(wait))
		}
	})
}

func TestARecordsFailureBecomesTheJobs(t *testing.T) {
	p := shop(t).WithRetry(policy.Retry{EscalateAfter: new(20)})
	for name, tt := range map[string]struct {
		state policy.State
		want  apierrors.Action
	}{
		"the first":                    {policy.State{}, apierrors.Surface},
		"the twentieth":                {policy.State{SurfacedCode: "BAD", Surfaced: 19}, apierrors.Surface},
		"the one after twenty":         {policy.State{SurfacedCode: "BAD", Surfaced: 20}, apierrors.FailFast},
		"after twenty of another kind": {policy.State{SurfacedCode: "TAKEN", Surfaced: 20}, apierrors.Surface},
	} {
		if d := p.Decide(withCodes(400, "BAD"), tt.state); d.Action != tt.want {
			t.Errorf("%s: %v by %s; want %v", name, d.Action, d.Rule, tt.want)
		}
	}
	if d := p.Decide(withCodes(400, "BAD"), policy.State{SurfacedCode: "BAD", Surfaced: 20}); d.Rule != "shop code BAD, 21 times in a row" {
		t.Errorf("the rule is called %q", d.Rule)
	}
	if d := shop(t).Decide(withCodes(400, "BAD"), policy.State{SurfacedCode: "BAD", Surfaced: 1000}); d.Action != apierrors.Surface {
		t.Errorf("off by default, yet %v", d.Action)
	}
}

func TestTheLastResort(t *testing.T) {
	down := withCodes(400, "DOWN")
	down.Wait = 30 * time.Second
	last := policy.State{Attempts: 2}
	for name, tt := range map[string]struct {
		rule  policy.Rule
		state policy.State
		want  policy.Decision
	}{
		"none":        {policy.Rule{}, last, policy.Decision{Action: apierrors.Retry, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
		"surface":     {policy.Rule{Fallback: apierrors.Surface}, last, policy.Decision{Action: apierrors.Surface, Stop: apierrors.StopAttempts}},
		"defer":       {policy.Rule{Fallback: apierrors.Defer}, last, policy.Decision{Action: apierrors.Defer, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
		"escalated":   {policy.Rule{Fallback: apierrors.Surface, EscalateAfter: new(3)}, policy.State{Attempts: 2, SurfacedCode: "DOWN", Surfaced: 3}, policy.Decision{Action: apierrors.FailFast, Stop: apierrors.StopAttempts}},
		"of a shrink": {policy.Rule{Action: apierrors.Shrink, Fallback: apierrors.Retry}, last, policy.Decision{Action: apierrors.Retry, Stop: apierrors.StopAttempts, RetryIn: 30 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.rule.When, tt.rule.MaxAttempts = policy.Match{Codes: []string{"DOWN"}}, 2
			d := shop(t).With(tt.rule).Decide(down, tt.state)
			got := policy.Decision{Action: d.Action, Stop: d.Stop, RetryIn: d.RetryIn}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailuresWithoutACodeDoNotEscalate(t *testing.T) {
	p := shop(t).WithRetry(policy.Retry{EscalateAfter: new(3)})
	if d := p.Decide(withCodes(404), policy.State{Surfaced: 10}); d.Action != apierrors.Surface {
		t.Errorf("%v by %s", d.Action, d.Rule)
	}
}

func TestAShrunkRequestBringsItsOwnBody(t *testing.T) {
	s := policy.State{Method: "POST", CanShrink: true, OneShotBody: true}
	if d := policy.Default().Decide(withCodes(413), s); !d.Retry || d.Action != apierrors.Shrink {
		t.Errorf("again %v, %v, stop %v", d.Retry, d.Action, d.Stop)
	}
}

func TestOtherwiseWhenTheAttemptsAreUsedUp(t *testing.T) {
	p := shop(t).With(policy.Rule{When: policy.Match{Codes: []string{"DOWN"}}, MaxAttempts: 2, Fallback: apierrors.FailFast})
	if d := p.Decide(withCodes(400, "DOWN"), policy.State{Attempts: 1}); !d.Retry {
		t.Errorf("the first: %v", d.Stop)
	}
	if d := p.Decide(withCodes(400, "DOWN"), policy.State{Attempts: 2}); d.Retry || d.Action != apierrors.FailFast || d.Stop != apierrors.StopAttempts {
		t.Errorf("the second: again %v, %v, %v", d.Retry, d.Action, d.Stop)
	}
}

// A failure that may pass tells to run it again. Where that is not safe, something else
// comes first.
func TestWhatComesBeforeRunningItAgain(t *testing.T) {
	p, err := policy.New(policy.Settings{
		Name:      "shop",
		Endpoints: []policy.Endpoint{{Methods: []string{"POST"}, Paths: []string{"/orders"}, Lookup: "GET /orders/{id}"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	lost := policy.Failure{Class: apierrors.Network}
	passing := p.Decide(lost, policy.State{Method: "GET"}).Hint
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    string
	}{
		"a write": {lost, policy.State{Method: "POST"}, "The vendor may have executed the request: find out before you repeat it. " + passing},
		"one that can be looked up": {lost, policy.State{Method: "POST", Path: "/orders"},
			"The vendor may have executed the request: find out before you repeat it; look it up with GET /orders/{id}. " + passing},
		"one that was executed": {policy.Failure{Class: apierrors.Network, Applied: apierrors.AppliedYes}, policy.State{Method: "POST"},
			"The vendor executed the request: do not repeat it. " + passing},
		"a body that can be read once": {lost, policy.State{Method: "PUT", OneShotBody: true},
			"The request body can be read only once: use one that can be read again, such as bytes, a file or GetBody. " + passing},
		"a read": {lost, policy.State{Method: "GET", Attempts: 9}, passing},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.Decide(tt.failure, tt.state).Hint; got != tt.want || passing == "" {
				t.Errorf("hint %q; want %q", got, tt.want)
			}
		})
	}
}
