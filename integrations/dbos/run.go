package retrywisedbos

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/retrywise/retrywise/jobs"
)

// Options say how calls are run. The zero value works: it pauses no queue.
type Options struct {
	// Queue is paused while the vendor takes no calls. It is the queue of the workflow. nil: none.
	Queue *Queue

	// Jobs says how jobs are run.
	Jobs jobs.Options

	// MaxDeferrals is how often a call is made or looked up again in a workflow, beside the retries
	// of a step. Default 1000.
	MaxDeferrals int

	// LookUpAfter is how long after a call it is looked up, as the vendor may still be executing
	// it. Default 1 minute.
	LookUpAfter time.Duration

	// Logger gets a line for each call that failed. nil: no log.
	Logger *slog.Logger
}

// A Call is one call of a vendor.
type Call[R any] struct {
	// Name is that of the step. Recovery needs it to be the same in each version of the program.
	Name string

	// Do makes the call.
	Do func(context.Context) (R, error)

	// LookUp finds out whether the vendor executed the call, and returns what Do would have. If it
	// reports false, the call is made again: a vendor that does not have the record proves nothing
	// where its reads lag behind its writes. Its error leaves it open: the record is looked up
	// again later, or the workflow ends with an [Error]. nil: a call that may have been executed
	// ends the workflow.
	LookUp func(context.Context) (R, bool, error)

	// Repeatable says that the call may be executed twice, such as a read. Then it is made again
	// after a process was killed in the middle of it, and one step less is stored.
	Repeatable bool
}

// Run makes a call as a step of a workflow, and returns its result. The retries of the step, 10 by
// default, are for failures without a time; opts change them. If the vendor or the client say when
// to call again, the workflow sleeps until then, which uses up none of these retries.
//
// A call that may have been executed is looked up, or it ends the workflow; it is not retried. The
// same holds if a process was killed or shut down in the middle of a call.
//
// The error is an [Error], or one of DBOS.
func Run[R any](ctx dbos.Context, o Options, c Call[R], opts ...dbos.StepOption) (R, error) {
	o.MaxDeferrals = cmp.Or(o.MaxDeferrals, 1000)
	o.LookUpAfter = cmp.Or(o.LookUpAfter, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := work[R]{Options: o, Call: c, ctx: ctx, opts: append([]dbos.StepOption{
		dbos.WithStepMaxRetries(10), dbos.WithStepBaseInterval(time.Second), dbos.WithStepMaxInterval(time.Minute),
	}, opts...)}
	return w.run()
}

// work is what a workflow does for a call.
type work[R any] struct {
	Options
	Call[R]
	ctx       dbos.Context
	opts      []dbos.StepOption
	successes int // of the calls of this process, before the last one of this workflow
}

// run does one step after the other. Each of them returns an outcome, and no error, if something
// depends on it: DBOS stores outcomes, so that another process that recovers the workflow does the
// same steps. Of an error it stores the text only.
func (w *work[R]) run() (R, error) {
	step := w.call
	for range w.MaxDeferrals {
		out, err := step()
		if err != nil {
			return *new(R), w.failed(err)
		}
		switch {
		case out.Next == jobs.Done:
			return out.Value, nil
		case out.Next == jobs.RunAgain:
			step = w.call
		case out.Next == jobs.LookUp && w.LookUp != nil && !out.IsFinal:
			step = func() (outcome[R], error) { return w.lookUp(out) }
		default:
			return *new(R), w.end(out.Next, out.Reason)
		}
		if out.RunAt.IsZero() {
			continue
		}
		if err := w.sleep(out); err != nil {
			return *new(R), err
		}
	}
	return *new(R), w.end(jobs.RunAgain, "it was deferred too often")
}

// sleep sleeps until out.RunAt. In an outage, whose end nobody knows, a call that succeeds ends it.
func (w *work[R]) sleep(out outcome[R]) error {
	d := max(time.Until(out.RunAt), 0)
	if out.IsHeld && w.Queue != nil {
		return w.Queue.sleepers.sleep(w.ctx, d, w.successes)
	}
	_, err := dbos.Sleep(w.ctx, d)
	return err
}

// call makes the call. A step before it is stored, so that one who recovers the workflow knows that
// the call may have been made.
func (w *work[R]) call() (outcome[R], error) {
	isRecovered := false
	if !w.Repeatable {
		isRecovered = true
		_, err := dbos.RunAsStep(w.ctx, func(context.Context) (bool, error) {
			isRecovered = false
			return true, nil
		}, dbos.WithStepName(w.Name+": begin"))
		if err != nil {
			return outcome[R]{}, err
		}
	}
	return w.step(w.Name, func(ctx context.Context) (outcome[R], error) {
		if isRecovered {
			return w.interrupted(), nil
		}
		w.count()
		v, err := w.Do(ctx)
		return w.outcome(ctx, v, err)
	})
}

// lookUp finds out whether the call was executed that ended with out.
func (w *work[R]) lookUp(out outcome[R]) (outcome[R], error) {
	return w.step(w.Name+": look-up", func(ctx context.Context) (outcome[R], error) {
		w.count()
		v, found, err := w.LookUp(ctx)
		if err == nil {
			w.succeeded(ctx)
		}
		switch {
		case err != nil:
			return w.afterLookUp(ctx, out, err)
		case found:
			return outcome[R]{Value: v}, nil
		default:
			return outcome[R]{Next: out.IfAbsent, Reason: out.Reason}, nil
		}
	})
}

func (w *work[R]) step(name string, f func(context.Context) (outcome[R], error)) (outcome[R], error) {
	return dbos.RunAsStep(w.ctx, f, append([]dbos.StepOption{dbos.WithStepName(name)}, w.opts...)...)
}

// failed returns the error of a workflow with a step that failed with err, after its retries.
func (w *work[R]) failed(err error) error {
	next, ok := NextOf(err)
	if !ok || w.ctx.Err() != nil {
		return err
	}
	return w.end(next, strings.ReplaceAll(err.Error(), (&Error{Next: next}).Error(), ""))
}

// end says in the attributes of the workflow, which can be searched for, how it ends.
func (w *work[R]) end(next jobs.Next, reason string) error {
	id, err := dbos.GetWorkflowID(w.ctx)
	if err != nil {
		return err
	}
	about := map[string]any{"next": next.String(), "reason": reason}
	if err := dbos.SetWorkflowAttributes(w.ctx, id, map[string]any{"retrywise": about}, dbos.WithMergeAttributes()); err != nil {
		return err
	}
	return &Error{next, reason}
}
