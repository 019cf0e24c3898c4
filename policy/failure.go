package policy

import (
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An Answer is a response as a vendor's decoder sees it.
type Answer struct {
	Status   int
	Header   http.Header
	Body     []byte    // decompressed; the caller bounds its length; nil: it was not read
	Received time.Time // used as the vendor's time if there is no Date header

	// Method and Path are those of the request; see State. Empty means that they are not known.
	Method string
	Path   string

	// Sent is the body of the request, without its content coding, if the request is a batch:
	// see Profile.Batches. Nil means that it is not known.
	Sent []byte
}

// Now returns the vendor's time of the answer: its Date header, or Received. Dates in the
// answer are compared with it, so that the local clock may be wrong.
func (a Answer) Now() time.Time {
	if at, ok := parseDate(a.Header.Get("Date")); ok {
		return at
	}
	return a.Received
}

// A Failure is what is known about a failed attempt: the content of the response or, if
// there is none, the error of the connection.
type Failure struct {
	// Class is set if the client knows it without the rules: there is no response, or one
	// with a status of 2xx or 3xx that it cannot use. Otherwise it is None, and the rules
	// find the class.
	Class apierrors.Class

	// Applied is what the client knows of the outcome. It counts only if Class is set.
	Applied apierrors.Applied

	// Permanent means that a retry meets the same failure: a certificate that is not valid, a
	// response of another type. It stops the job, except for class malformed_response.
	Permanent bool

	// Cause is a word for what went wrong where Class alone does not say it, such as "dns" or
	// "refused". It becomes part of Decision.Rule.
	Cause string

	// Stale means that the connection was no longer to be used, and that the vendor is not
	// at fault: the request is retried at once on another one, the first time at no cost.
	Stale bool

	// NoRetry means that the response says that a retry is of no use. Then the same request
	// is not repeated, neither here nor later.
	NoRetry bool

	// AsksRetry means that the response says that a retry helps, whatever the failure means, and
	// whatever State.KeyReplays says.
	AsksRetry bool

	// Truncated means that the body of the response ended too early.
	Truncated bool

	// Status is that of the response; 0 if there is none.
	Status int

	// Refused means that a response with a status of 2xx proves as much as one of 4xx: the
	// vendor executed no part of the request. Without it, an error inside a 2xx leaves the
	// outcome unknown, unless the rule for its code says otherwise.
	Refused bool

	// Items are the codes and messages in the response, in order.
	Items []apierrors.Field

	// General are codes that say what those of Items say, with less detail, the more exact
	// first. The first that a rule lists decides if none of Items is listed.
	General []string

	// Conditions are what a header, a message or a value of the body says that rules of the
	// vendor ask for; see Match.Conditions.
	Conditions []string

	// Batch is what the response says of the items of a batch. Nil means that it is no batch, or
	// that all of it failed or succeeded in the same way.
	Batch *Batch

	// Details are further members of the response.
	Details map[string]any

	// Wait is how long the response asks to wait; 0 if it asks for none.
	Wait time.Duration

	// Limits are the names of the limits that the response names. One that the policy does not
	// have is ignored.
	Limits []string

	// RequestID is the id of the request that the body holds; empty: see
	// Profile.RequestIDHeaders.
	RequestID string
}

// State is what else Decide needs to know about a call. The zero State is that of the
// first attempt of a GET without a deadline.
type State struct {
	// Method is the HTTP method. Empty means GET.
	Method string

	// Path is the escaped path below the base URL.
	Path string

	// Attempts counts the attempts, this one included, without those that were throttled
	// or renewed the token. Zero means 1.
	Attempts int

	// Throttled counts earlier attempts that were throttled.
	Throttled int

	// StaleBefore means that a stale connection has cost the call nothing before.
	StaleBefore bool

	// Elapsed is the time since the first attempt, without waits that the vendor or a
	// limit imposed.
	Elapsed time.Duration

	// Waited is the sum of all waits.
	Waited time.Duration

	// MaxWait replaces Retry.MaxWait. Nil means that the call does not set it.
	MaxWait *time.Duration

	// MaxAttempts replaces that of the policy and its rules. Zero means that the call does
	// not set it.
	MaxAttempts int

	// Remaining is the time until the caller's deadline. It is negative if the deadline
	// has passed. Zero means that there is none.
	Remaining time.Duration

	// CanRefresh means that the credential can be renewed.
	CanRefresh bool

	// CanShrink means that the call has a Shrink hook.
	CanShrink bool

	// CanSplit means that the call has a Split hook.
	CanSplit bool

	// ItemsBefore are the outcomes of earlier requests for the items of a batch, by their index
	// in this request. Before says more of them all. Nil means that there were none.
	ItemsBefore []Outcome

	// Repeatable means that, by the caller's word, the request may be executed twice.
	Repeatable bool

	// HasKey means that the request has an idempotency key, and that the vendor honors
	// it.
	HasKey bool

	// KeyLeft is how long the vendor still knows the key. It is negative if it no longer does.
	// Zero means that this is not known.
	KeyLeft time.Duration

	// KeyReplays are those of the vendor for the path; see Idempotency.ReplaysOf.
	KeyReplays []StatusRange

	// OneShotBody means that the request body was read and cannot be read again.
	OneShotBody bool

	// InOutage means that the vendor does nothing but fail, and that retries wait until one of
	// them finds out that it works again. Such a retry is free.
	InOutage bool

	// OutOfBudget means that the retry budget is used up.
	OutOfBudget bool

	// Before is the outcome of the earlier attempts.
	Before Outcome

	// Absent means that a look-up has proved that no attempt was executed, this one included.
	// Before is NotApplied then.
	Absent bool

	// CodesBefore are the error codes of earlier attempts.
	CodesBefore []string

	// Surfaced is how many calls in a row were surfaced with the code SurfacedCode.
	Surfaced     int
	SurfacedCode string

	// Random is a random number in [0, 1) for the backoff.
	Random float64
}

// method returns the HTTP method.
func (s State) method() string {
	if s.Method == "" {
		return http.MethodGet
	}
	return s.Method
}

// A Decision is what to do about a failed attempt, and why.
type Decision struct {
	// Retry means that the call is to be retried after Delay.
	Retry bool
	Delay time.Duration

	// Free means that the retry costs no attempt, and nothing of the budget but Prices.Throttled.
	Free bool

	// InOutage means that the retry waits until a request finds out that the vendor works again.
	InOutage bool

	// Price is what is taken from the budget, in tokens of Retry.Prices. If the budget does not
	// have that much, the call is not retried: see State.OutOfBudget.
	Price int

	// VendorWait means that Delay was requested by the vendor (Retry-After or a limit)
	// rather than computed as backoff.
	VendorWait bool

	// Stop says why the call is not retried. It is StopNone if the failure is accepted.
	Stop apierrors.Stop

	Class apierrors.Class

	// Code is the vendor's code that decided.
	Code string

	Action apierrors.Action

	// Applied is about the whole call, earlier attempts included.
	Applied apierrors.Applied

	// Scope is that of the rule. If Limits is set, their scopes are more exact.
	Scope apierrors.Scope

	// Items are the items of a batch that did not succeed, by their index in this request.
	Items []apierrors.Item

	// Again are the places in Items of those that the retry is for, if the action is Shrink.
	Again []int

	// Summary is that of the rule. Hint is, too, with advice on running the call again.
	Summary string
	Hint    string

	// Rule is the name of the rule that decided.
	Rule string

	// RetryIn is when to run a call again that is not retried here, from now, by the
	// response or the rule. Zero means that this is not known.
	RetryIn time.Duration

	// PauseFor is how long to pause all calls under the limit, at most a day. Zero means not
	// at all.
	PauseFor time.Duration

	// VendorPause means that the vendor asks for PauseFor. Otherwise it is a back-off, the
	// first of several in a row.
	VendorPause bool

	// Limits are those that the response names or, if it is throttled and names none, the one
	// that it is likely to be about. None means the limit of the account. The lists in a Limit
	// are read-only.
	Limits []Limit
}
