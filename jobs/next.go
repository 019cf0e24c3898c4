package jobs

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/enum"
)

// A Next is what to do with a job after its call. The set is closed.
type Next uint8

// What to do. The zero value is Done.
const (
	Done     Next = iota // nothing: the vendor has done what the call asks for
	RunAgain             // run the job again later
	LookUp               // find out whether the vendor executed the call, before the job is run again
	SetAside             // do not run it again: a person must look at its record, and other jobs go on
	Stop                 // do not run it again: every call would fail, and a person must act
)

var nexts = enum.Set[Next]{Kind: "next", Names: []string{
	Done: "done", RunAgain: "run_again", LookUp: "look_up", SetAside: "set_aside", Stop: "stop",
}}

// String returns the name of n, such as "run_again".
func (n Next) String() string { return nexts.Text(n) }

// Level returns the level for a line of a log about a job that has n next: Error for Stop, Warn for
// what waits for a look-up or a person, and else Info.
func (n Next) Level() slog.Level {
	switch n {
	case LookUp, SetAside:
		return slog.LevelWarn
	case Stop:
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}

// MarshalText returns the name of n. It returns an error if n is not in the set.
func (n Next) MarshalText() ([]byte, error) { return nexts.Marshal(n) }

// UnmarshalText sets n to the one called text.
func (n *Next) UnmarshalText(text []byte) error { return nexts.Unmarshal(n, text) }

// A Step is what to do with a job after its call.
type Step struct {
	Next Next

	// IfAbsent is what to do once a LookUp has shown that the vendor did not execute the call. If
	// the vendor said before that it did, that is SetAside: a read that does not show it is late,
	// and another run might execute it twice.
	IfAbsent Next

	// Delay is how long to wait before the job is run again. It is never shorter than the vendor
	// asks for, unless that is more than Options.MaxDelay. Zero: nobody says when, and the
	// engine's own schedule applies.
	Delay time.Duration

	// Err is the failure of the call. Its text holds neither a credential nor personal data, so an
	// engine may store it. nil: there was none, or the error is not one of a client. LookUp,
	// SetAside and Stop have one; ask for nil before you return it as an error.
	Err *apierrors.Error
}

// Options say how jobs are run. The zero value works.
type Options struct {
	// MaxDelay is the longest Delay. Default 24 hours.
	MaxDelay time.Duration

	// SameKey says that every run of a job sends the same idempotency key, such as one of
	// client.KeyFor. Then a call that may have been executed need not be looked up if it is run
	// again while the vendor knows the key. Each run counts that time from its own first request,
	// and knows nothing of the runs before: set it only if the engine gives a job up within that
	// time, such as 24 hours, after its first run.
	SameKey bool
}

const (
	defaultMaxDelay = 24 * time.Hour
	maxSpread       = time.Minute
	keyMargin       = time.Minute // a request may be under way that long
)

// After returns what to do with a job whose call ended with err.
//
// A call that the vendor may have executed is looked up first, whatever else is known, unless it
// may be repeated. Then a failure for which somebody said when is run again at that time, and
// then the action of the policy decides. An error that is not one of a client says nothing about
// the vendor: the job is run again.
//
// Give it the error of client.Do or of Client.Send. Through Client.HTTP a refusal is a response
// without an error, so there give it what Client.Check says.
//
// Up to a tenth of a delay, and at most a minute, is added at random, so that jobs do not start
// all at once.
func After(err error, o Options) Step { return o.after(err, time.Now(), rand.Float64()) }

func (o Options) after(err error, now time.Time, random float64) Step {
	e, isOurs := errors.AsType[*apierrors.Error](err)
	if !isOurs {
		return Step{Next: ofForeign(err)}
	}
	step := Step{Next: next(e), Delay: o.delay(e, now, random), Err: e}
	isKeyKnown := o.SameKey && now.Add(step.Delay).Add(keyMargin).Before(e.KeyExpires)
	if mayBeExecuted(e) && !isKeyKnown {
		step.Next, step.IfAbsent = LookUp, ifAbsent(e)
	}
	return step
}

// ifAbsent returns what to do with a call that a look-up does not find.
func ifAbsent(e *apierrors.Error) Next {
	if e.Applied == apierrors.AppliedYes {
		return SetAside
	}
	return next(e)
}

func ofForeign(err error) Next {
	if err == nil {
		return Done
	}
	return RunAgain
}

// mayBeExecuted reports whether running a call again might execute it twice. Of a partial failure
// it is known what was executed.
func mayBeExecuted(e *apierrors.Error) bool {
	return e.Applied != apierrors.AppliedNo && !e.Repeatable && e.Class != apierrors.Partial
}

// next returns what to do with a call that was not executed, or may be repeated. A batch of which a
// part was executed is not run again as a whole, whoever says when.
func next(e *apierrors.Error) Next {
	if !e.RetryAt.IsZero() && e.Class != apierrors.Partial {
		return RunAgain
	}
	switch e.Action {
	case apierrors.Surface, apierrors.Shrink:
		return SetAside
	case apierrors.FailFast, apierrors.Refresh:
		return Stop
	default:
		return RunAgain
	}
}

// delay returns the time until RetryAt, with a random addition.
func (o Options) delay(e *apierrors.Error, now time.Time, random float64) time.Duration {
	if e.RetryAt.IsZero() {
		return 0
	}
	longest := o.MaxDelay
	if longest <= 0 {
		longest = defaultMaxDelay
	}
	d := min(max(e.RetryAt.Sub(now), time.Millisecond), longest) // a time that has passed is one, too
	return d + time.Duration(random*float64(min(d/10, maxSpread)))
}
