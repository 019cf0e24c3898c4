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

// A job has a track for each vendor. Tracks run at the same time, the steps of a track
// one after the other.
type job struct {
	tracks   [][]step
	patience time.Duration // how long the job waits to run a record again
	progress func(result)  // may be called by several goroutines
}

// A step is a list of records, and how many of them are done at a time.
type step struct {
	name    string
	workers int
	records func() []record // asked for when the step begins
}

// A record is one thing to do.
type record struct {
	Line int    // of the source; 0: there is none
	Key  string // for a person
	Sent any    // as the vendor is to have it
	do   func(context.Context) error
}

// A result is what became of a record; Err is nil if it was delivered.
type result struct {
	Step string
	record
	Runs    int
	InDoubt bool // a run of it may have been applied; the error of a later run does not know
	Err     error
}

// run does every step and returns what became of each record, in the order of the
// tracks.
func (j job) run(ctx context.Context) []result {
	byTrack := make([][]result, len(j.tracks))
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

// names are those of the steps.
func (j job) names() []string {
	var names []string
	for _, s := range slices.Concat(j.tracks...) {
		names = append(names, s.name)
	}
	return names
}

// A turn is a record that is due at a time, and what came of it before.
type turn struct {
	at time.Time
	result
}

// maxRuns bounds how often a record is run.
const maxRuns = 5

// runStep does the records of a step, and does again what can be run later. A failure
// that would meet every record stops the step, and no other.
func (j job) runStep(ctx context.Context, s step) []result {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var due []turn
	for _, r := range s.records() {
		due = append(due, turn{result: result{Step: s.name, record: r}})
	}
	var ended []result
	for len(due) > 0 {
		var later []turn
		for r := range s.round(ctx, due) {
			if stopsTheStep(r.Err) {
				stop(errors.Join(errStopped, r.Err))
			}
			at, ok := runAgainAt(r.Err)
			if ok && r.Runs < maxRuns && time.Until(at) <= j.patience && ctx.Err() == nil {
				later = append(later, turn{at, r})
				continue
			}
			ended = append(ended, r)
			j.progress(r)
		}
		slices.SortFunc(later, func(a, b turn) int { return a.at.Compare(b.at) })
		due = later
	}
	slices.SortStableFunc(ended, func(a, b result) int { return cmp.Compare(a.Line, b.Line) })
	return ended
}

// round runs each record once, when it is due. Its goroutines end when every result was
// taken.
func (s step) round(ctx context.Context, due []turn) <-chan result {
	todo, done := make(chan turn), make(chan result)
	var workers sync.WaitGroup
	for range s.workers {
		workers.Go(func() {
			for t := range todo {
				done <- t.take(ctx)
			}
		})
	}
	go func() {
		for _, t := range due {
			todo <- t
		}
		close(todo)
		workers.Wait()
		close(done)
	}()
	return done
}

// take runs the record. If the step is stopped before it is due, it stays as it was.
func (t turn) take(ctx context.Context) result {
	if wait := time.Until(t.at); wait > 0 && sleep(ctx, wait) != nil {
		return t.result
	}
	t.Err = t.do(ctx)
	t.Runs++
	t.InDoubt = t.InDoubt || isInDoubt(t.Err)
	return t.result
}

var errStopped = errors.New("the step was stopped, as every further call would fail")

// stopsTheStep tells a failure of every record from one of this record.
func stopsTheStep(err error) bool {
	e, ok := errors.AsType[*apierrors.Error](err)
	return ok && e.Action == apierrors.FailFast
}

// breather is how long a record waits that may be run again at any time.
const breather = 3 * time.Second

// runAgainAt tells when a failed record is worth another run; false if it is not.
func runAgainAt(err error) (time.Time, bool) {
	if at, ok := apierrors.RetryAt(err); ok {
		return at, true
	}
	return time.Now().Add(breather), apierrors.Temporary(err)
}

// A fate is what became of a record, in one word.
type fate string

const (
	delivered fate = "delivered" // the vendor has it, or the job what it asked for
	surfaced  fate = "surfaced"  // the vendor refused this record: a person corrects it
	deferred  fate = "deferred"  // the vendor said when to run it again
	failed    fate = "failed"    // anything else; run it again, or look into it
)

// applied tells whether the vendor executed a record that was not delivered, over all of
// its runs.
func (r result) applied() apierrors.Applied {
	e, ok := errors.AsType[*apierrors.Error](r.Err)
	if !ok || (r.InDoubt && e.Applied == apierrors.AppliedNo) {
		return apierrors.AppliedUnknown
	}
	return e.Applied
}

// fate turns an error into what a scheduler does next.
func (r result) fate() fate {
	e, ok := errors.AsType[*apierrors.Error](r.Err)
	switch {
	case r.Err == nil:
		return delivered
	case ok && e.Action == apierrors.Surface:
		return surfaced
	case ok && !e.RetryAt.IsZero():
		return deferred
	default:
		return failed
	}
}
