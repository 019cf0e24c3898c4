package client

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// EachOptions say how Each goes through records. The zero value goes through them one after the
// other. The functions are called one at a time, in any goroutine; they may be nil.
type EachOptions[R any] struct {
	// Workers is how many records are worked on at a time. Zero means one.
	Workers int

	// Failed is called with each record that was not delivered, as soon as that is known: it writes
	// a dead letter, such as deadletter.Of(err, …). Its error stops the job, as the record would be
	// lost.
	Failed func(record R, err error) error

	// Left is called with each record that is not begun, as the job has stopped: its error is
	// joined to that of Each. With Left, Each goes through all records, and counts the rest of
	// them. nil: it takes no more of them.
	Left func(record R) error

	// Progress is called with the report so far, after each record that was begun.
	Progress func(Report)
}

// A Report counts records by how they ended. Each is counted once, but for those of Accepted.
type Report struct {
	Delivered  int // there was no error
	Accepted   int // of Delivered: the vendor's failure was accepted, as what was wanted is so
	Surfaced   int // the vendor refused the record: somebody has to correct it
	Deferred   int // to be run again later: apierrors.RetryAt or Temporary says so
	InDoubt    int // the vendor may have the record, or has; running it again may execute it twice
	FailedFast int // any record would fail like that
	Failed     int // any other error: the end of ctx, one of the caller's own, a panic
	Left       int // not begun, as the job had stopped
}

// Each calls do with each record, and reports how they ended:
//
//	report, err := client.Each(ctx, records, send, client.EachOptions[order]{Workers: 8, Failed: writeLetter})
//
// do makes the calls for one record, in order, and returns their error. An error that every record
// would meet (action fail_fast) stops the job, as do an error of Failed and the end of ctx: no
// further record is begun. Those that are under way are not interrupted, unless ctx ends, which do
// gets. Then Each returns why it stopped; without that, its error is nil, however many records
// failed.
//
// What a record's error says is about the call that it is of: if do makes several, it must not
// return one that says applied: no after an earlier call was executed. A panic of do is the error
// of its record, and one of another function stops the job. Each returns when everything that it
// has started has ended. records is read by the caller's goroutine.
func Each[R any](ctx context.Context, records iter.Seq[R], do func(context.Context, R) error, o EachOptions[R]) (Report, error) {
	j := &eachJob[R]{do: do, options: o}
	slots := make(chan struct{}, max(o.Workers, 1))
	var running sync.WaitGroup
	defer running.Wait() // also if records panics
	for record := range records {
		slots <- struct{}{}
		if j.hasStopped(ctx) {
			<-slots
			j.leave(record)
			if o.Left == nil {
				break
			}
			continue
		}
		running.Go(func() {
			defer func() { <-slots }()
			e := eachEnd{err: &callbackError{problem: "the function for a record ended its goroutine"}}
			defer func() { j.end(record, e) }()
			e = j.run(ctx, record)
		})
	}
	running.Wait()
	j.hasStopped(ctx)
	return j.report, j.err
}

// An eachJob is a run of Each.
type eachJob[R any] struct {
	do      func(context.Context, R) error
	options EachOptions[R]

	mu     sync.Mutex // guards the fields below, and has one function called at a time
	report Report
	err    error // why it stopped; nil: it did not
}

// hasStopped reports whether no further record is to be begun.
func (j *eachJob[R]) hasStopped(ctx context.Context) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(j.err, cause) {
		j.err = errors.Join(j.err, cause)
	}
	return j.err != nil
}

// An eachEnd is how do ended.
type eachEnd struct {
	err        error
	isAccepted bool
}

// run calls do with a record.
func (j *eachJob[R]) run(ctx context.Context, record R) (e eachEnd) {
	defer recovered("the function for a record", &e.err)
	var accepted atomic.Bool
	e.err = j.do(context.WithValue(ctx, acceptedKey{}, &accepted), record)
	e.isAccepted = accepted.Load()
	return e
}

// end counts a record that was begun, and tells the caller's functions.
func (j *eachJob[R]) end(record R, e eachEnd) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var problem error = &callbackError{problem: "Failed or Progress ended its goroutine"}
	defer func() { j.err = errors.Join(j.err, problem) }()
	defer recovered("Failed or Progress", &problem)
	j.report.add(e)
	if isFailFast(e.err) {
		j.err = errors.Join(j.err, e.err)
	}
	var err error
	if e.err != nil && j.options.Failed != nil {
		err = j.options.Failed(record, e.err)
	}
	if j.options.Progress != nil {
		j.options.Progress(j.report)
	}
	problem = err
}

// leave counts a record that is not begun. It runs in the caller's goroutine.
func (j *eachJob[R]) leave(record R) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.report.Left++
	if j.options.Left != nil {
		j.err = errors.Join(j.err, j.options.Left(record))
	}
}

// add counts a record that was begun.
func (r *Report) add(e eachEnd) {
	failure, _ := errors.AsType[*apierrors.Error](e.err)
	_, hasTime := apierrors.RetryAt(e.err)
	switch {
	case e.err == nil:
		r.Delivered++
		if e.isAccepted {
			r.Accepted++
		}
	case failure == nil:
		r.Failed++
	case isInDoubt(failure):
		r.InDoubt++
	case isFailFast(e.err):
		r.FailedFast++
	case failure.Action == apierrors.Surface:
		r.Surfaced++
	case hasTime, apierrors.Temporary(e.err):
		r.Deferred++
	default:
		r.Failed++
	}
}

// isInDoubt reports whether running a record again may execute it twice.
func isInDoubt(e *apierrors.Error) bool {
	return e.Applied != apierrors.AppliedNo && !e.Repeatable && !e.KeyExpires.After(time.Now())
}

func isFailFast(err error) bool {
	failure, ok := errors.AsType[*apierrors.Error](err)
	return ok && failure.Action == apierrors.FailFast
}

// acceptedKey is that of an *atomic.Bool in the context of a record's calls.
type acceptedKey struct{}

// noteAccepted tells Each that a call was accepted.
func (x *call) noteAccepted() {
	if !x.accepted || x.request.isLookup {
		return
	}
	if accepted, ok := x.ctx.Value(acceptedKey{}).(*atomic.Bool); ok {
		accepted.Store(true)
	}
}
