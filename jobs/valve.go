package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Queue is an engine's queue of jobs whose calls belong to one account of a vendor. All processes
// that work on it see it paused. Its methods are called one after the other.
type Queue interface {
	// PausedUntil returns until when Pause paused the queue, in this process or another one. It
	// is zero if the queue is not paused, or somebody else paused it.
	PausedUntil(ctx context.Context) (time.Time, error)

	// Pause makes the engine start no job of the queue before Resume. The engine keeps until.
	Pause(ctx context.Context, until time.Time) error

	// Resume ends a pause of Pause. It leaves one of somebody else alone.
	Resume(ctx context.Context) error
}

// ValveOptions say when a queue is paused. The zero value works; a field that is negative has its
// default, too, but for ForCredential.
type ValveOptions struct {
	// MinPause is the shortest pause: for less, the few jobs that are started wait in their calls.
	// Default 2 seconds.
	MinPause time.Duration

	// MaxPause is the longest one: after that, a few jobs find out whether it is over.
	// Default 1 hour.
	MaxPause time.Duration

	// MaxOutage is the longest one in an outage of the vendor. Nobody says when it ends, so a few
	// jobs find out. Default 1 minute.
	MaxOutage time.Duration

	// ForCredential is how long the queue is paused because the vendor refuses the credential,
	// which fails every job until a person has acted. Default 5 minutes. Negative: not at all.
	ForCredential time.Duration

	// Interval is how often the queue is asked for a pause of another process. Default 5 seconds.
	Interval time.Duration

	// OnError gets the errors of the Queue that no job gets, such as those of Resume, which is
	// tried again. It is called in a goroutine of the Valve. nil: they are dropped.
	OnError func(error)
}

func (o ValveOptions) withDefaults() ValveOptions {
	setDefault(&o.MinPause, 2*time.Second)
	setDefault(&o.MaxPause, time.Hour)
	setDefault(&o.MaxOutage, time.Minute)
	setDefault(&o.Interval, 5*time.Second)
	if o.ForCredential == 0 {
		o.ForCredential = 5 * time.Minute
	}
	if o.OnError == nil {
		o.OnError = func(error) {}
	}
	return o
}

// Logged returns o with an OnError that writes the error of a queue as a warning, and then calls that
// of o.
func (o ValveOptions) Logged(log *slog.Logger, queue string) ValveOptions {
	next := o.OnError
	o.OnError = func(err error) {
		log.Warn("the pause of a queue was not read or ended", "queue", queue, "error", err)
		if next != nil {
			next(err)
		}
	}
	return o
}

func setDefault(field *time.Duration, value time.Duration) {
	if *field <= 0 {
		*field = value
	}
}

// A Valve pauses a queue while a vendor holds back every call of its account: after a 429, during
// an outage, or when an allowance is used up. It resumes the queue when the time is over that the
// vendor asked for, and also where the process that paused it is gone. It is safe for concurrent
// use.
type Valve struct {
	queue  Queue
	o      ValveOptions
	turn   chan time.Time // until when the queue is paused; whoever has it may call the Queue
	wake   chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}

	outage    atomic.Bool   // the pause of this process is one in an outage
	successes atomic.Uint64 // that were noted
}

// NewValve returns a Valve for q. Call Close when the process stops to work on the queue.
func NewValve(q Queue, o ValveOptions) *Valve {
	ctx, cancel := context.WithCancel(context.Background())
	v := &Valve{
		queue: q, o: o.withDefaults(), turn: make(chan time.Time, 1), wake: make(chan struct{}, 1),
		cancel: cancel, ended: make(chan struct{}),
	}
	v.turn <- time.Time{}
	go v.run(ctx)
	return v
}

// Close ends the goroutine of the Valve. A queue that is paused stays so: another process resumes
// it, or this one when it is back. The error is always nil.
func (v *Valve) Close() error {
	v.cancel()
	<-v.ended
	return nil
}

// Note pauses the queue if err, with which a job's call ended, says that every call of the
// account is held back. Call it before the job ends, so that the engine starts no other one in
// between. If err is nil, the vendor works: a pause of this process in an outage is over. The
// error of Note is that of the Queue, or the cause of the end of ctx; err is not lost by it.
func (v *Valve) Note(ctx context.Context, err error) error {
	if err == nil {
		v.successes.Add(1)
	}
	until, ok := v.o.pauseFor(err, time.Now())
	if !ok && (err != nil || !v.outage.Load()) {
		return nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case known := <-v.turn:
		defer v.poke()
		defer func() { v.turn <- known }() // also if a Queue ends its goroutine, as t.Fatal does
		var failure error
		known, failure = v.change(ctx, err, known, until)
		return failure
	}
}

// change pauses the queue, or resumes it if err is nil, and returns until when it is paused.
func (v *Valve) change(ctx context.Context, err error, known, until time.Time) (time.Time, error) {
	switch {
	case err == nil && v.outage.Load():
		return v.resume(ctx, known)
	case err == nil || time.Now().Before(known): // the first of a pause knows best: times of later jobs are spread
		return known, nil
	}
	before := v.successes.Load()
	if failure := guard(func() error { return v.queue.Pause(ctx, until) }); failure != nil {
		return known, failure
	}
	v.outage.Store(isOutage(err))
	if v.outage.Load() && v.successes.Load() != before { // the probe had its response meanwhile
		return v.resume(ctx, until)
	}
	return until, nil
}

// resume resumes the queue, which is paused until known, and returns until when it is paused.
func (v *Valve) resume(ctx context.Context, known time.Time) (time.Time, error) {
	if err := guard(func() error { return v.queue.Resume(ctx) }); err != nil {
		return known, err
	}
	v.outage.Store(false)
	return time.Time{}, nil
}

// isOutage reports whether a call is held back because the vendor does nothing but fail.
func isOutage(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Stop == apierrors.StopHeld
}

// pauseFor returns until when err pauses a queue. It reports whether it does.
func (o ValveOptions) pauseFor(err error, now time.Time) (until time.Time, ok bool) {
	e, ok := errors.AsType[*apierrors.Error](err)
	switch {
	case !ok || e.Scope < apierrors.ScopeJob:
		return time.Time{}, false
	case !e.RetryAt.IsZero() && e.RetryAt.Sub(now) >= o.MinPause:
		longest := o.MaxPause
		if isOutage(err) {
			longest = min(longest, o.MaxOutage)
		}
		return now.Add(min(e.RetryAt.Sub(now), longest)), true
	case e.Class == apierrors.Authentication && e.RetryAt.IsZero() && o.ForCredential > 0:
		return now.Add(o.ForCredential), true
	default:
		return time.Time{}, false
	}
}

// poke makes run look at the queue.
func (v *Valve) poke() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// run resumes the queue whenever a pause is over, until ctx ends.
func (v *Valve) run(ctx context.Context) {
	defer close(v.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-v.wake:
		case <-timer.C:
		}
		until, err := v.look(ctx)
		if err != nil && ctx.Err() == nil {
			_ = guard(func() error { v.o.OnError(err); return nil })
		}
		wait := v.o.Interval
		if left := time.Until(until); err == nil && !until.IsZero() {
			wait = min(left, wait)
		}
		timer.Reset(wait)
	}
}

// look resumes the queue if its pause is over, and returns until when it is paused.
func (v *Valve) look(ctx context.Context) (until time.Time, err error) {
	until = <-v.turn
	defer func() { v.turn <- until }()
	err = guard(func() error {
		at, err := v.queue.PausedUntil(ctx)
		if err == nil {
			until = at
		}
		return err
	})
	switch {
	case err != nil:
	case until.IsZero(): // another process has resumed it
		v.outage.Store(false)
	case !time.Now().Before(until):
		until, err = v.resume(ctx, until)
	}
	return until, err
}

// guard calls f, and makes an error of its panic.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("jobs: a callback panicked: %v", p)
		}
	}()
	return f()
}
