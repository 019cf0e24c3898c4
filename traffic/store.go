package traffic

import (
	"context"
	"time"
)

// A Store keeps what the processes of a fleet share about the accounts of vendors. Its methods
// are safe for concurrent use.
//
// A Store decides an Exchange in one step and by its own clock, and so processes whose clocks
// differ agree. All times that it is given and gives are relative to that moment. It keeps only
// hashes, counters and names: no credential, and no record in the clear.
type Store interface {
	// Exchange takes up what a process has seen of an account, and says what it may do now. After
	// an error nothing of it may have been taken up, or all; the process goes on without the
	// store, and tries again.
	Exchange(ctx context.Context, x Exchange) (Result, error)
}

// An Exchange is what a process has seen of an account, and what it asks for.
type Exchange struct {
	Account  string   // hashed
	Process  string   // that asks; a random name
	Limits   []Take   // that the process has requests for
	Outages  []Sight  // of the vendor and of endpoints
	Budget   Purse    // of retries
	Renewals []Permit // rights to renew a credential
}

// A Result is what a process may do, in the order of the Exchange.
type Result struct {
	Limits    []Grant
	Outages   []View
	Retries   int             // tokens that the budget has left
	Renewals  []time.Duration // how long to wait for each right; 0: it is granted, or returned
	Processes int             // that used the account lately, this one included
}

// A Take asks for units of a limit: a request counts as one, or as more. A field that is zero
// asks for nothing, or bounds nothing.
type Take struct {
	Limit string // its name and, of one for each record or endpoint, which; hashed
	Want  int    // units for requests that are about to leave
	Back  int    // units that were granted and are not used after all

	BackFrom time.Duration // how long ago the first of those could be used

	Close time.Duration // the vendor wants nobody to send a request for that long

	PerSecond float64       // rate
	Burst     int           // that may arrive at once
	Size      int           // units of each window
	Window    time.Duration // its length
	Edge      time.Duration // until the present window ends; 0: unknown, so no time of that length has more
	Slots     int           // requests that may be under way
	Hold      int           // slots that the process wants to hold, with those in use
	Busy      int           // slots in use

	Evidence Evidence // since the last Exchange of the process
	Leads    bool     // the process learns the rate for all, by its last Grant, or from now on
	Learned  Pace     // by it; zero: none any more
}

// An Evidence is what requests of a limit met, from which its rate is learned.
type Evidence struct {
	Accepted int           // requests that the vendor accepted
	Refused  int           // and those that it refused
	Left     time.Duration // how long ago the latest of the refused was sent
	Wait     time.Duration // for how long that request is held back
	ByVendor bool          // the vendor said how long
}

// A Pace is a rate that was learned from refusals, of a limit that nobody declared, or that the
// vendor enforces in another way.
type Pace struct {
	PerSecond float64 `json:"per_second,omitempty"`
	Burst     int     `json:"burst,omitempty"` // that may arrive at once
}

// A Grant is what a process may use of a limit. Units that are not used within Valid of their
// time are lost, or are given back.
type Grant struct {
	Now    int           // units that may be used now
	Later  int           // units that may be used one after the other
	First  time.Duration // when the first of Later may be used
	Apart  time.Duration // when the next one may, after it
	Hold   int           // slots that the process may use until SlotTime has passed; with more in use, it begins no request
	Wait   time.Duration // when more may be there, if not all that was asked for is granted
	Closed time.Duration // how long nobody may send a request

	Learned  Pace     // by the process that leads; zero: none
	Leads    bool     // the process that asked leads
	Evidence Evidence // of all processes, for the one that leads
}

// Times that all stores keep to.
const (
	Ahead    = 100 * time.Millisecond // units are granted for so long in advance
	Valid    = 100 * time.Millisecond // and are lost so long after their time
	SlotTime = 10 * time.Second       // slots return by themselves if the process does not ask again
	LiveTime = 10 * time.Second       // a process counts as one for so long after it asked
)

// A Sight is what a process has seen of a vendor, or of one endpoint of it, since its last Exchange.
type Sight struct {
	Endpoint    string        // hashed; empty: the vendor as a whole
	Served      int           // requests that were served
	Left        time.Duration // how long ago the latest of them was sent
	Failures    int           // requests that failed since the latest success, or since that Exchange
	First       time.Duration // how long ago the first of them failed
	Calls       []string      // some of the calls that failed, three at most
	Unreachable bool          // none of them had a response
	Cause       string        // of the latest, without data of the vendor
	Elsewhere   bool          // of the vendor as a whole: another endpoint works
	Probe       bool          // the process has a request that can find out whether the outage is over
}

// A View is what a store knows of an outage.
type View struct {
	State     OutageState
	Since     time.Duration // how long ago the first of the failures in a row was
	Failures  int           // in a row
	Cause     string        // of the latest
	NextProbe time.Duration // when the next request finds out whether it is over
	Granted   bool          // the process may send that request now
}

// A Purse is what a process did with the budget of retries since its last Exchange.
type Purse struct {
	Spent int // tokens taken, less those earned
	Full  int // tokens that there are at first; see policy.Prices
	Most  int // that can be saved
}

// A Permit asks for the right to renew a credential, or returns it.
type Permit struct {
	Rejected string        // identity of the credential, hashed
	Returns  bool          // the right is returned, and nobody gets it for For; the process may say so again
	For      time.Duration // otherwise it ends by itself after that
}
