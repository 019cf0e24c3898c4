package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

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
	due time.Time // zero: now
	outcome
}

// maxRuns is the maximum number of runs of a record.
const maxRuns = 5

// runStep runs the records of a step, and runs those again that failed and may succeed
// later. A failure that every record would meet stops the step, but not the job.
func (j job) runStep(ctx context.Context, s step) []outcome {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var todo []dueRecord
	for _, r := range s.records() {
		todo = append(todo, dueRecord{outcome: outcome{Step: s.name, record: r}})
	}
	var done []outcome
	for len(todo) > 0 {
		var later []dueRecord
		for o := range s.runAll(ctx, todo) {
			if stopsTheStep(o.Err) {
				stop(errors.Join(errStopped, o.Err))
			}
			due, ok := runAgainAt(o.Err)
			if ok && o.Runs < maxRuns && time.Until(due) <= j.maxDelay && ctx.Err() == nil {
				later = append(later, dueRecord{due, o})
				continue
			}
			done = append(done, o)
			j.progress(o)
		}
		slices.SortFunc(later, func(a, b dueRecord) int { return a.due.Compare(b.due) })
		todo = later
	}
	slices.SortStableFunc(done, func(a, b outcome) int { return cmp.Compare(a.Line, b.Line) })
	return done
}

// runAll runs each record once, when it is due. The caller must receive every outcome.
func (s step) runAll(ctx context.Context, records []dueRecord) <-chan outcome {
	todo, done := make(chan dueRecord), make(chan outcome)
	var workers sync.WaitGroup
	for range s.workers {
		workers.Go(func() {
			for r := range todo {
				done <- r.run(ctx)
			}
		})
	}
	go func() {
		for _, r := range records {
			todo <- r
		}
		close(todo)
		workers.Wait()
		close(done)
	}()
	return done
}

// run waits until the record is due and runs it. If ctx ends during the wait, it returns
// the outcome of the earlier runs.
func (r dueRecord) run(ctx context.Context) outcome {
	if wait := time.Until(r.due); wait > 0 && sleep(ctx, wait) != nil {
		return r.outcome
	}
	r.Err = r.do(ctx)
	r.Runs++
	r.InDoubt = r.InDoubt || isInDoubt(r.Err)
	return r.outcome
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
