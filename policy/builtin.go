package policy

import (
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// classRules has the built-in rule for each class. Rules without Applied are for failures
// that leave the outcome unknown.
var classRules = []Rule{
	apierrors.Authentication: {
		Action: apierrors.FailFast, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "The operator must provide a working credential; every call fails until then.",
	},
	apierrors.TokenExpired: {
		Action: apierrors.Refresh, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "The access token expired and is renewed.",
	},
	apierrors.Permission: {
		Action: apierrors.FailFast, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "The operator must grant the credential the right, scope or plan for this call.",
	},
	apierrors.MalformedRequest: {
		Action: apierrors.FailFast, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeJob,
		Hint: "The developer must correct the call.",
	},
	apierrors.Validation: {
		Action: apierrors.Surface, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "The owner of the data must correct the named fields.",
	},
	apierrors.Configuration: {
		Action: apierrors.FailFast, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "The operator must complete the setup of the vendor account.",
	},
	apierrors.NotFound: {
		Action: apierrors.Surface, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "The owner of the data must check the identifier: the object does not exist.",
	},
	apierrors.Dependency: {
		Action: apierrors.Surface, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "Create the object that the record refers to, then repeat the call.",
	},
	apierrors.Conflict: {
		Action: apierrors.Retry, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "A concurrent write won; if this persists, read the current state first.",
	},
	apierrors.InvalidState: {
		Action: apierrors.Surface, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "The state of the object forbids the call; a person must change the state first.",
	},
	apierrors.AlreadyExists: {
		Action: apierrors.Surface, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "The object already exists: compare it, and update it instead.",
	},
	apierrors.RateLimited: {
		Action: apierrors.Throttle, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Backoff: Backoff{Base: time.Second, Cap: 30 * time.Second},
		Hint:    "The vendor's rate limit is reached: wait, and send fewer calls at a time.",
	},
	apierrors.QuotaExceeded: {
		Action: apierrors.Defer, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "A queue or allowance is full and frees up by itself: run the call again later.",
	},
	apierrors.LimitReached: {
		Action: apierrors.FailFast, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "The operator must raise the account's limit or delete something; waiting does not help.",
	},
	apierrors.Unsupported: {
		Action: apierrors.FailFast, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeJob,
		Hint: "The developer must correct the method, the path or the content type.",
	},
	apierrors.TooLarge: {
		Action: apierrors.Shrink, Fallback: apierrors.Surface, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeRecord,
		Hint: "Request less, or send less, in one call.",
	},
	apierrors.Timeout: {
		Action: apierrors.Retry, Scope: apierrors.ScopeRequest,
		Hint: "The vendor did not answer in time: if this persists, request less in one call.",
	},
	apierrors.ServerError: {
		Action: apierrors.Retry, Scope: apierrors.ScopeGlobal,
		Hint: "The vendor has an internal fault.",
	},
	apierrors.Network: {
		Action: apierrors.Retry, Scope: apierrors.ScopeGlobal,
		Hint: "The connection to the vendor failed or broke: if this persists, check the network.",
	},
	apierrors.MalformedResponse: {
		Action: apierrors.Retry, Scope: apierrors.ScopeRequest,
		Hint: "The vendor's response was truncated or could not be understood: check the expected type against its documents.",
	},
	apierrors.Maintenance: {
		Action: apierrors.Defer, Applied: new(apierrors.AppliedNo), Scope: apierrors.ScopeAccount,
		Hint: "The vendor is away on purpose: run the call again later.",
	},
	apierrors.Partial: {
		Action: apierrors.Surface, Scope: apierrors.ScopeRecord,
		Hint: "Some items of the batch did not succeed: act on each, and do not repeat the batch as a whole.",
	},
	apierrors.Canceled: {
		Action: apierrors.Surface, Scope: apierrors.ScopeRequest,
		Hint: "The caller canceled the call.",
	},
	apierrors.Unknown: {
		Action: apierrors.Surface, Scope: apierrors.ScopeRequest,
		Hint: "The vendor's documents do not list this failure: read the vendor's message.",
	},
}

// statusRules are the built-in rules for responses without a listed code; the first that
// matches decides. They have an action where it differs from that of the class: a status
// alone does not prove that every record fails (400), or that a retry can help (409, 412).
// Some of them prove more than their class (RFC 9110, sections 15.5.8, 15.5.9 and 15.5.20):
// the proxy did not forward the request (407), the server did not get all of it (408), or it
// is not the one for it (421).
var statusRules = []Rule{
	forStatus(400, Rule{Class: apierrors.MalformedRequest, Action: apierrors.Surface}),
	forStatus(401, Rule{Class: apierrors.TokenExpired}),
	{When: Match{Statuses: []StatusRange{{402, 403}}, HasWait: new(true)}, Class: apierrors.RateLimited},
	forStatus(402, Rule{Class: apierrors.Permission}),
	forStatus(403, Rule{Class: apierrors.Permission}),
	forStatus(404, Rule{Class: apierrors.NotFound}),
	forStatus(405, Rule{Class: apierrors.Unsupported}),
	forStatus(406, Rule{Class: apierrors.Unsupported}),
	forStatus(407, Rule{Class: apierrors.Authentication, Hint: "The operator must provide a working credential for the proxy; every call fails until then."}),
	forStatus(408, Rule{Class: apierrors.Timeout, Applied: new(apierrors.AppliedNo)}),
	forStatus(409, Rule{Class: apierrors.Conflict, Action: apierrors.Surface}),
	forStatus(410, Rule{Class: apierrors.NotFound}),
	forStatus(412, Rule{Class: apierrors.Conflict, Action: apierrors.Surface}),
	forStatus(413, Rule{Class: apierrors.TooLarge}),
	forStatus(414, Rule{Class: apierrors.TooLarge}),
	forStatus(415, Rule{Class: apierrors.Unsupported}),
	forStatus(421, Rule{Class: apierrors.ServerError, Applied: new(apierrors.AppliedNo)}),
	forStatus(422, Rule{Class: apierrors.Validation}),
	forStatus(423, Rule{Class: apierrors.Conflict}),
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

// plainStatuses are about the credential or the moment and not about the record. So they
// mean the same if the body was truncated.
var plainStatuses = []int{401, 408, 425, 429}

func forStatus(status int, r Rule) Rule {
	r.When.Statuses = []StatusRange{{status, status}}
	return r
}
