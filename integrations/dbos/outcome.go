package retrywisedbos

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// An outcome is the output of a step, as DBOS stores and shows it.
type outcome[R any] struct {
	Next     jobs.Next `json:"next"`
	IfAbsent jobs.Next `json:"if_absent,omitempty"` // if Next is LookUp
	IsFinal  bool      `json:"final,omitempty"`     // a LookUp is left to a person
	IsHeld   bool      `json:"held,omitempty"`      // because of an outage
	RunAt    time.Time `json:"run_at,omitzero"`     // zero: now
	Reason   string    `json:"reason,omitempty"`
	Value    R         `json:"value"`
}

// outcome returns the outcome of a call, or an error that DBOS retries.
func (w *work[R]) outcome(ctx context.Context, v R, err error) (outcome[R], error) {
	step := jobs.After(err, w.Jobs)
	if step.Next == jobs.Done {
		w.succeeded(ctx)
		return outcome[R]{Value: v}, nil
	}
	if ctx.Err() != nil {
		return outcome[R]{}, err // DBOS shuts down, and stores nothing
	}
	out := outcome[R]{Next: step.Next, IfAbsent: step.IfAbsent, IsHeld: isHeld(step), Reason: err.Error()}
	delay := w.delay(step)
	if step.Next == jobs.LookUp {
		delay = max(delay, w.LookUpAfter)
	}
	out.at(delay)
	w.log(ctx, out, delay)
	w.pause(ctx, err, out.IsHeld)
	if step.Next == jobs.RunAgain && delay == 0 {
		return outcome[R]{}, plain(step, err)
	}
	return out, nil
}

// plain returns the error of a step that DBOS retries.
func plain(step jobs.Step, err error) error {
	if step.Err == nil {
		return err
	}
	return &Error{step.Next, err.Error()}
}

func (o *outcome[R]) at(delay time.Duration) {
	if delay > 0 {
		o.RunAt = time.Now().Add(delay).UTC()
	}
}

// maxSpread is the longest random addition to a sleep for which the queue is paused. A workflow that
// sleeps keeps its slot of the queue, so few of them wake at the same time.
const maxSpread = time.Second

// delay returns how long the workflow sleeps.
func (w *work[R]) delay(step jobs.Step) time.Duration {
	if step.Delay == 0 || w.Queue == nil || step.Err.Scope < apierrors.ScopeJob {
		return step.Delay
	}
	return min(step.Delay, max(time.Until(step.Err.RetryAt), 0)+maxSpread)
}

// interrupted returns the outcome of a call in whose middle a process ended.
func (w *work[R]) interrupted() outcome[R] {
	out := outcome[R]{Next: jobs.LookUp, IfAbsent: jobs.RunAgain, Reason: "the process ended during the call"}
	w.log(w.ctx, out, w.LookUpAfter)
	out.at(w.LookUpAfter)
	return out
}

// afterLookUp returns the outcome of a look-up that failed with err, of a call that ended with out.
// The look-up is repeated if that helps.
func (w *work[R]) afterLookUp(ctx context.Context, out outcome[R], err error) (outcome[R], error) {
	if ctx.Err() != nil {
		return outcome[R]{}, err
	}
	step := jobs.After(err, w.Jobs)
	delay := w.delay(step)
	failed := outcome[R]{Next: jobs.LookUp, Reason: out.Reason + "; the look-up failed: " + err.Error()}
	out.IsHeld = isHeld(step)
	out.at(delay)
	w.log(ctx, failed, delay)
	w.pause(ctx, err, out.IsHeld)
	switch {
	case step.Next != jobs.RunAgain:
		failed.IsFinal = true
		return failed, nil
	case delay == 0:
		return outcome[R]{}, &Error{failed.Next, failed.Reason}
	}
	return out, nil
}

// isHeld reports whether a call is held back because the vendor does nothing but fail.
func isHeld(step jobs.Step) bool {
	return step.Next == jobs.RunAgain && step.Err != nil && step.Err.Stop == apierrors.StopHeld
}

// count counts the calls of this process that have succeeded.
func (w *work[R]) count() {
	if w.Queue != nil {
		w.successes = w.Queue.sleepers.count()
	}
}

// succeeded says that the vendor works.
func (w *work[R]) succeeded(ctx context.Context) {
	if w.Queue != nil {
		w.Queue.sleepers.succeeded()
		w.note(ctx, nil)
	}
}

// pause pauses the queue if err says that every call of the account is held back, and waits until no
// more jobs are started. What is known of an outage is old if a call has succeeded since.
func (w *work[R]) pause(ctx context.Context, err error, isHeld bool) {
	if w.Queue == nil || isHeld && w.successes != w.Queue.sleepers.count() {
		return
	}
	w.note(ctx, err)
	w.Queue.queue.hold(ctx)
}

// note pauses the queue, or resumes it if err is nil.
func (w *work[R]) note(ctx context.Context, err error) {
	if failure := w.Queue.valve.Note(ctx, err); failure != nil && ctx.Err() == nil {
		w.Logger.WarnContext(ctx, "a queue was not paused or resumed", "queue", w.Queue.GetName(), "error", failure)
	}
}

// log writes a line about a call that failed.
func (w *work[R]) log(ctx context.Context, out outcome[R], delay time.Duration) {
	w.Logger.Log(ctx, out.Next.Level(), "the call of a job failed", "call", w.Name, "next", out.Next, "delay", delay, "error", out.Reason)
}
