package policy

import (
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// The built-in rules: what a class means where neither the vendor's documents nor an
// operator say anything else, and which class a status has where no code was decoded.

// classRules has one row for each class. AppliedUnknown, the zero value, is what
// timeouts, server errors and unknown failures leave behind; what is known of a failure
// without a readable answer comes with the failure.
var classRules = []Rule{
	apierrors.Authentication: {
		Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Hint: "The operator has to give a working credential; every call fails until then.",
	},
	apierrors.TokenExpired: {
		Action: apierrors.Refresh, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Hint: "The access token has run out and is renewed.",
	},
	apierrors.Permission: {
		Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Hint: "The operator has to give the credential the right, scope or plan for this call.",
	},
	apierrors.MalformedRequest: {
		Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeJob,
		Hint: "The developer has to correct how the call is made.",
	},
	apierrors.Validation: {
		Action: apierrors.Surface, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "The owner of the data has to correct the fields that are named.",
	},
	apierrors.Configuration: {
		Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Hint: "The operator has to complete the set-up of the vendor account.",
	},
	apierrors.NotFound: {
		Action: apierrors.Surface, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "The owner of the data has to check the identifier: the object does not exist.",
	},
	apierrors.Dependency: {
		Action: apierrors.Surface, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "Create the object that it refers to, then send it again.",
	},
	apierrors.Conflict: {
		Action: apierrors.Retry, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "Another write came between; read the current state if this goes on.",
	},
	apierrors.InvalidState: {
		Action: apierrors.Surface, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "The object's present state forbids it; a person has to change that first.",
	},
	apierrors.AlreadyExists: {
		Action: apierrors.Surface, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "It is there already: compare, and update that one instead.",
	},
	apierrors.RateLimited: {
		Action: apierrors.Throttle, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Backoff: Backoff{Base: time.Second, Cap: 30 * time.Second},
		Hint:    "Too many calls for the vendor's limit: wait, and send fewer at a time.",
	},
	apierrors.QuotaExceeded: {
		Action: apierrors.Defer, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Hint: "A queue or allowance is full and frees up by itself: run it again later.",
	},
	apierrors.LimitReached: {
		Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeAccount,
		Hint: "The operator has to raise the account's limit or remove something; waiting does not help.",
	},
	apierrors.Unsupported: {
		Action: apierrors.FailFast, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeJob,
		Hint: "The developer has to correct the method, the path or the content type.",
	},
	apierrors.TooLarge: {
		Action: apierrors.Shrink, Fallback: apierrors.Surface, Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Hint: "Ask for less, or send less, in one call.",
	},
	apierrors.Timeout: {
		Action: apierrors.Retry, Scope: apierrors.ScopeRequest,
		Hint: "The vendor did not answer in time: run it again later, or ask for less.",
	},
	apierrors.ServerError: {
		Action: apierrors.Retry, Scope: apierrors.ScopeGlobal,
		Hint: "The vendor has a fault of its own: run it again later.",
	},
	apierrors.Network: {
		Action: apierrors.Retry, Scope: apierrors.ScopeGlobal,
		Hint: "The connection to the vendor could not be had, or it broke: check the network between here and there, run it again later.",
	},
	apierrors.MalformedResponse: {
		Action: apierrors.Retry, Scope: apierrors.ScopeRequest,
		Hint: "The vendor's answer broke off or could not be understood: check the expected type against its documents.",
	},
	apierrors.Canceled: {
		Action: apierrors.Surface, Scope: apierrors.ScopeRequest,
		Hint: "The caller gave up.",
	},
	apierrors.Unknown: {
		Action: apierrors.Surface, Scope: apierrors.ScopeRequest,
		Hint: "The answer is in no document we have: read what the vendor said.",
	},
}

// statusRules give an answer without a code its class, top to bottom. The actions
// stated here are those that differ from the class's own: a status alone does not
// prove that every record fails (400), or that a repeat can help (409, 412).
var statusRules = []Rule{
	forStatus(400, Rule{Class: apierrors.MalformedRequest, Action: apierrors.Surface}),
	forStatus(401, Rule{Class: apierrors.TokenExpired}),
	forStatus(402, Rule{Class: apierrors.Permission}),
	forStatus(403, Rule{Class: apierrors.Permission}),
	forStatus(404, Rule{Class: apierrors.NotFound}),
	forStatus(405, Rule{Class: apierrors.Unsupported}),
	forStatus(406, Rule{Class: apierrors.Unsupported}),
	forStatus(408, Rule{Class: apierrors.Timeout}),
	forStatus(409, Rule{Class: apierrors.Conflict, Action: apierrors.Surface}),
	forStatus(410, Rule{Class: apierrors.NotFound}),
	forStatus(412, Rule{Class: apierrors.Conflict, Action: apierrors.Surface}),
	forStatus(413, Rule{Class: apierrors.TooLarge}),
	forStatus(414, Rule{Class: apierrors.TooLarge}),
	forStatus(415, Rule{Class: apierrors.Unsupported}),
	forStatus(422, Rule{Class: apierrors.Validation}),
	forStatus(425, Rule{Class: apierrors.RateLimited}),
	forStatus(429, Rule{Class: apierrors.RateLimited}),
	forStatus(431, Rule{Class: apierrors.TooLarge}),
	forStatus(501, Rule{Class: apierrors.Unsupported}),
	forStatus(504, Rule{Class: apierrors.Timeout}),
	forStatus(598, Rule{Class: apierrors.Timeout}),
	forStatus(599, Rule{Class: apierrors.Timeout}),
	{When: Match{Statuses: []StatusRange{{500, 599}}}, Class: apierrors.ServerError},
	{When: Match{}, Class: apierrors.Unknown},
}

// plainStatuses say the same whatever code comes with them, as they are about the
// credential or the moment and not about the record: an unlisted code does not hide them.
var plainStatuses = []int{401, 408, 425, 429}

func forStatus(status int, r Rule) Rule {
	r.When.Statuses = []StatusRange{{status, status}}
	return r
}
