package traffic

import (
	"context"
	"fmt"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A Shared is the memory that calls share. Its methods are safe for concurrent use.
type Shared interface {
	// Admit gives a request a place in the queue of its account. It does not wait.
	Admit(ctx context.Context, now time.Time, d Demand) Place

	// Pay takes a price from the account's budget, and reports whether a retry may follow. If
	// the budget does not have so much, nothing is taken, except with p.EachFailure.
	Pay(ctx context.Context, now time.Time, a Account, p policy.Prices, price int) bool

	// Streak returns the code with which the account's latest calls were refused, and how
	// many of them in a row; see policy.Retry.EscalateAfter.
	Streak(ctx context.Context, now time.Time, a Account) (code string, calls int)

	// Outage returns the outage that a request to an endpoint of the account has to mind. Its
	// State is Healthy if there is none.
	Outage(ctx context.Context, now time.Time, a Account, endpoint string) Outage

	// Status returns what holds back the calls of each account. p are the prices of its budget.
	Status(ctx context.Context, now time.Time, p policy.Prices) []Status

	// Learned returns the limits of all accounts that are not declared, or not as the vendor
	// enforces them.
	Learned(ctx context.Context, now time.Time) []Learned

	// BeginRenewal claims the right to renew the credential r. Zero grants it; otherwise
	// somebody else has it or has failed with it, and the result is when to ask again.
	BeginRenewal(ctx context.Context, now time.Time, r Renewal) (wait time.Duration)

	// EndRenewal returns the right. Nobody gets it before holdOff has passed, unless it is returned
	// again: the latest holdOff counts.
	EndRenewal(ctx context.Context, now time.Time, r Renewal, holdOff time.Duration)
}

// A Place is that of a request among those that wait, and then among those under way. Its
// methods are for one goroutine.
type Place interface {
	// WaitsFor names what the request has to wait for, such as "gate account" or "limit
	// daily". It is empty if it may start now, or is refused.
	WaitsFor() string

	// Wait waits until the request may start. The error is a *Refusal if that is too late,
	// or the cause of the end of ctx. After an error, the place is given up.
	Wait(ctx context.Context) error

	// Ticket returns the request's turn, for the Demand of its next attempt.
	Ticket() uint64

	// Done reports how the request ended. It is called once, unless Wait returned an error.
	// hold is how long the same request is held back alone, beside what Admit says.
	Done(ctx context.Context, now time.Time, r Report) (hold time.Duration)
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
	Ticket  uint64         // of the call's earlier attempt, whose turn it keeps; 0: this is the first

	// Weight is how many requests the request counts as in declared limits. Zero means 1.
	Weight int

	// Priority orders requests that wait: a higher one goes first.
	Priority int

	Endpoint   string // of the vendor, such as a path without identifiers; its outages are its own
	Retry      bool   // the vendor failed at an earlier attempt
	Repeatable bool   // it does no harm if the request is executed twice, so it may find out whether the vendor works again
	NoHold     bool   // during an outage it is refused, and does not wait
}

// A Refusal is the error for a request that would have to wait for too long.
type Refusal struct {
	By    string          // what the request would wait for, as in Place.WaitsFor
	Scope apierrors.Scope // what that holds back
	Wait  time.Duration   // when to come back; refused requests get times one after the other

	Outage *Outage // that holds it back; nil: it is another thing
}

func (r *Refusal) Error() string { return fmt.Sprintf("held back by %s for %v", r.By, r.Wait) }

// A Report is how an admitted request ended. One that is neither Served nor Refused failed,
// was cancelled, or was redirected to a further request.
type Report struct {
	Answered    time.Time      // when its response came; zero: there was none
	Unsent      bool           // it was not sent after all
	Pause       time.Duration  // the response says that a limit is reached, and for how long; 0: it does not
	VendorPause bool           // the vendor asks for it; otherwise it is a back-off
	Limits      []policy.Limit // which limits; nil: the account's own
	Guessed     bool           // the response did not name Limits
	Quotas      []policy.Quota // what the response says about its limits
	Health      Health         // what that says about the vendor
	Cause       string         // of a failure of the vendor, for a person
	Served      bool           // the response is not a failure, or one that was accepted
	Paid        int            // what Pay took for the request, which is a retry; 0: nothing
	Refused     bool           // the vendor refused the record
	Code        string         // with which it did; empty: none
	Prices      policy.Prices  // of the budget
}

// A Health is what the end of a request says about whether the vendor works.
type Health int

// The kinds of health.
const (
	NoHealth    Health = iota // nothing
	Working                   // it does: the response is a success, or a refusal of this very request
	Failing                   // it does not: the response is a failure of the vendor
	Unreachable               // it does not: there was no response
)

// An Outage is a time in which a vendor, or one endpoint of it, does nothing but fail.
type Outage struct {
	Endpoint  string      // empty: the vendor as a whole
	State     OutageState // what it means for requests
	Since     time.Time   // the earliest of its failures in a row
	Failures  int         // how many there were, of requests
	Cause     string      // of the latest of them, for a person
	NextProbe time.Time   // when the next request finds out whether it is over; while it holds
}

// An OutageState says which requests are held back.
type OutageState int

// The states of an outage, in their order.
const (
	Healthy OutageState = iota // none is: there is no outage
	Suspect                    // only retries are
	Held                       // all are, except for a probe from time to time
	Ramping                    // the vendor works again: all are sent, step by step more of them
)

// Holds reports whether retries are held back, at least.
func (s OutageState) Holds() bool { return s == Suspect || s == Held }

// A Renewal is the renewal of one rejected credential.
type Renewal struct {
	Account  Account
	Rejected string        // identity of the credential, hashed
	Timeout  time.Duration // the right ends by itself after that
}
