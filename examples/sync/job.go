package main

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A job has a track for each vendor. Tracks run concurrently. The steps of a track run one
// after the other.
type job struct {
	tracks   [][]step
	maxDelay time.Duration // longest wait until a record is run again
	progress func(outcome) // is called concurrently
}

// A step is a list of records.
type step struct {
	name    string
	workers int             // number of records that are run concurrently
	records func() []record // is called when the step begins
}

// A record is one unit of work.
type record struct {
	Line int    // in the source; 0: it has none
	Key  string // identifies the record for a person
	Sent any    // what the vendor should have
	do   func(context.Context) error
}

// run runs every step. It returns the outcome of each record, in the order of the tracks.
// When ctx ends, the records that are left fail.
func (j job) run(ctx context.Context) []outcome {
	byTrack := make([][]outcome, len(j.tracks))
	var tracks sync.WaitGroup
	for i, steps := range j.tracks {
		tracks.Go(func() {
			for _, s := range steps {
				byTrack[i] = append(byTrack[i], j.runStep(ctx, s)...)
			}
		})
	}
	tracks.Wait()
	return slices.Concat(byTrack...)
}

// names returns the names of the steps.
func (j job) names() []string {
	var names []string
	for _, s := range slices.Concat(j.tracks...) {
		names = append(names, s.name)
	}
	return names
}

// A dueRecord is a record, when to run it, and the outcome of its earlier runs.
type dueRecord struct {
	due      time.Time // zero: now
	runAgain bool
	outcome
}

// maxRuns is the maximum number of runs of a record.
const maxRuns = 5

// runStep runs the records of a step, and runs those again that failed and may succeed
// later. A failure that every record would meet stops the step, but not the job.
func (j job) runStep(ctx context.Context, s step) []outcome {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all []*dueRecord
	for _, r := range s.records() {
		all = append(all, &dueRecord{outcome: outcome{Step: s.name, record: r}})
	}
	run := func(ctx context.Context, r *dueRecord) error {
		err := r.do(ctx)
		if err == nil {
			j.end(ctx, r, nil)
		}
		return err
	}
	o := client.EachOptions[*dueRecord]{
		Workers: s.workers,
		Failed: func(r *dueRecord, err error) error {
			if stopsTheStep(err) {
				stop(errors.Join(errStopped, err)) // also the waits of other records
			}
			j.end(ctx, r, err)
			return nil
		},
		Left: func(r *dueRecord) error {
			j.leave(ctx, r)
			return nil
		},
	}
	for todo := all; len(todo) > 0; {
		_, _ = client.Each(ctx, whenDue(ctx, todo), run, o) // the outcomes say how it ended
		todo = slices.DeleteFunc(slices.Clone(todo), func(r *dueRecord) bool { return !r.runAgain })
		slices.SortFunc(todo, func(a, b *dueRecord) int { return a.due.Compare(b.due) })
	}
	var done []outcome
	for _, r := range all {
		done = append(done, r.outcome)
	}
	return done
}

// whenDue yields each record when it is due, or at once if ctx has ended.
func whenDue(ctx context.Context, records []*dueRecord) iter.Seq[*dueRecord] {
	return func(yield func(*dueRecord) bool) {
		for _, r := range records {
			_ = sleep(ctx, time.Until(r.due))
			if !yield(r) {
				return
			}
		}
	}
}

// end notes how a run of a record ended, and whether and when to run it again.
func (j job) end(ctx context.Context, r *dueRecord, err error) {
	r.Err = err
	r.Runs++
	r.InDoubt = r.InDoubt || isInDoubt(r.Err)
	due, ok := runAgainAt(r.Err)
	r.due, r.runAgain = due, ok && r.Runs < maxRuns && time.Until(due) <= j.maxDelay && ctx.Err() == nil
	if !r.runAgain {
		j.progress(r.outcome)
	}
}

// leave gives a record that is not run any more the outcome of its earlier runs, or of none.
func (j job) leave(ctx context.Context, r *dueRecord) {
	r.runAgain = false
	if r.Runs == 0 {
		r.Err = &apierrors.Error{Class: apierrors.Canceled, Stop: apierrors.StopCanceled, Applied: apierrors.AppliedNo, Err: context.Cause(ctx)}
	}
	j.progress(r.outcome)
}

var errStopped = errors.New("the step was stopped, as every further call would fail")

// stopsTheStep reports whether every other record would fail in the same way.
func stopsTheStep(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Action == apierrors.FailFast
}

// retryPause is the wait before a record is run again if the error has no time for it.
const retryPause = 3 * time.Second

// runAgainAt returns when to run a failed record again. ok is false if that cannot help.
func runAgainAt(err error) (at time.Time, ok bool) {
	if at, ok := apierrors.RetryAt(err); ok {
		return at, true
	}
	return time.Now().Add(retryPause), apierrors.Temporary(err)
}

// sleep waits. If ctx ends first, it returns the cause.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
