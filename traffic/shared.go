package traffic

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A Shared is the memory that calls share. Its methods are safe for concurrent use. They
// do not wait: a result says how long the caller has to.
type Shared interface {
	// Admit asks for a place in every limit of a request, all or none.
	Admit(ctx context.Context, now time.Time, d Demand) Verdict

	// Pay takes one retry from the account's budget, which is full with that many. It
	// reports whether there was one.
	Pay(ctx context.Context, now time.Time, a Account, full int) bool

	// Done reports how an admitted request ended. It is called once for each.
	Done(ctx context.Context, now time.Time, r Report)

	// Streak returns the code with which the account's latest calls were refused, and how
	// many of them in a row; see policy.Retry.EscalateAfter.
	Streak(ctx context.Context, now time.Time, a Account) (code string, calls int)

	// BeginRenewal claims the right to renew the credential r. Zero grants it; otherwise
	// somebody else has it or has failed with it, and the result is when to ask again.
	BeginRenewal(ctx context.Context, now time.Time, r Renewal) (wait time.Duration)

	// EndRenewal returns the right. Nobody else gets it before holdOff has passed.
	EndRenewal(ctx context.Context, now time.Time, r Renewal, holdOff time.Duration)
}

// An Account is the vendor's account that a request belongs to. Limits, pauses, budget
// and streak are kept for each. The zero Account is one as well.
type Account struct {
	Vendor   string // its name, or an origin for an API without one
	Identity string // of the account, without a secret; empty: the vendor has one account
}

// A Demand is a request that wants to be sent.
type Demand struct {
	Account Account
	Record  string         // the record it is about, hashed; empty: none is known
	Limits  []policy.Limit // that it falls under, also those that are off
	MaxWait time.Duration  // the longest wait that still fits into the call
	Booked  bool           // the verdict before this one booked its tokens, and the wait for them is over
}

// A Verdict is the answer to a Demand. The zero Verdict lets the request go now.
type Verdict struct {
	Wait    time.Duration   // wait so long, and ask again
	Refused bool            // Wait is longer than MaxWait; nothing was booked
	Booked  bool            // the tokens are taken, for the moment when Wait is over
	By      string          // what the request waits for, such as "gate account" or "limit daily"
	Scope   apierrors.Scope // what that holds back
}

// A Report is how an admitted request ended. One that is neither Served nor Refused failed,
// was cancelled, or was redirected to a further request.
type Report struct {
	Account Account
	Record  string        // as in the Demand
	Pause   time.Duration // close the gate of Limit for so long; 0: do not
	Limit   *policy.Limit // the limit that the response is about; nil: the account's own
	Guessed bool          // the response did not name Limit
	Served  bool          // the response is not a failure, or one that was accepted
	Paid    bool          // the request was a retry for which Pay took one
	Refused bool          // the vendor refused the record
	Code    string        // with which it did; empty: none
	Full    int           // retries in a full budget
}

// A Renewal is the renewal of one rejected credential.
type Renewal struct {
	Account  Account
	Rejected string        // identity of the credential, hashed
	Timeout  time.Duration // the right ends by itself after that
}
