package policy

import (
	"net/http"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An Answer is what a vendor's decoder reads.
type Answer struct {
	Status   int
	Header   http.Header
	Body     []byte    // bounded and decompressed by the caller
	Received time.Time // stands in for a missing Date header
}

// Now returns the moment from which the answer's dates count: its own Date, so that a
// clock that differs from the vendor's does no harm.
func (a Answer) Now() time.Time {
	if at, ok := parseDate(a.Header.Get("Date")); ok {
		return at
	}
	return a.Received
}

// A Failure is what is known of one failed attempt before anybody decides: what an
// answer says, or what the wire proves where there is none.
type Failure struct {
	Class     apierrors.Class   // what is no matter of codes: network, timeout, canceled, malformed_response; None: the rules find it
	Permanent bool              // a repeat fails the same way: a bad certificate, an impossible URL
	Applied   apierrors.Applied // beside a Class: what the wire proves
	Truncated bool              // the body of the answer broke off

	Status  int
	Items   []apierrors.Field // every code and message of the answer, in its order
	Details map[string]any    // the vendor's extra fields
	Wait    time.Duration     // the longest wait that the answer tells; 0: none
	Limit   string            // the Limit that the answer names; empty: none
}

// State is what the rest of the call looks like when an attempt has failed. Its zero
// value is a first attempt of a GET without a deadline.
type State struct {
	Method string // empty: GET
	Path   string // of the URL below the base URL, escaped

	Attempts  int           // sends so far that count: those throttled or refreshed do not; 0 means 1
	Throttled int           // how often this call was throttled before
	Elapsed   time.Duration // since the first send, without imposed waits
	Waited    time.Duration // sum of all waits so far
	MaxWait   time.Duration // the call's own; 0: the policy's
	Remaining time.Duration // until the caller's deadline; 0: there is none

	CanRefresh    bool     // the credential can be renewed and was not yet in this call
	CanShrink     bool     // the call has a Shrink hook
	Repeatable    bool     // the caller says that sending twice does no harm
	HasKey        bool     // an idempotency key goes with it, and the vendor honours keys
	OneShotBody   bool     // the request body cannot be read a second time
	OutOfBudget   bool     // all calls together have made the retries that their successes pay for
	UnknownBefore bool     // an earlier attempt of this call may have been applied
	CodesBefore   []string // the codes with which earlier attempts of this call ended

	SurfacedCode string // the code with which the client's latest calls were surfaced
	Surfaced     int    // how many in a row, without a success between

	Random float64 // in [0, 1): spreads the wait
}

// A Decision is what to do about one failed attempt, and why.
type Decision struct {
	Retry      bool           // send again after Delay
	Delay      time.Duration  // before the next send
	VendorWait bool           // the vendor told that wait, or its limit makes it: it is no back-off of ours
	Stop       apierrors.Stop // why it is not sent again; StopNone for accept

	Class   apierrors.Class
	Code    string // of several, the one that decided
	Action  apierrors.Action
	Applied apierrors.Applied // of the whole call so far
	Scope   apierrors.Scope   // as the rule has it; the limit that the answer names may know better
	Summary string
	Hint    string
	Rule    string // which rule decided

	RetryIn  time.Duration // not sent again: when to run it again, from now; 0: not known
	PauseFor time.Duration // close the gate of Limit for so long; 0: do not
	Limit    string        // the limit that the answer names; empty: the account's
}
