package retrywiseasynq

import (
	"context"
	"encoding/json"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// record writes what is next for a task into its record, its result if it is archived, and the log.
func (a *Adapter) record(ctx context.Context, r run, e *ending) {
	switch {
	case e.Next == jobs.LookUp && r.find != nil:
		a.report(ctx, r, a.records.doubt(ctx, r, e))
	case e.again && r.find != nil:
		a.report(ctx, r, a.records.settle(ctx, r))
	case !e.again:
		a.forget(ctx, r)
	}
	if e.Next == jobs.Done || e.Err == nil && e.Next == jobs.RunAgain {
		return
	}
	a.o.Logger.Log(ctx, e.Next.Level(), "the call of a task failed", "task", r.id, "type", r.Type(), "queue", r.queue,
		"next", e.Next, "delay", e.Delay, "error", e.reason())
	if !e.again {
		a.report(ctx, r, writeResult(r, e))
	}
}

// forget drops the record of a task, if it can have one.
func (a *Adapter) forget(ctx context.Context, r run) {
	if r.find != nil {
		a.report(ctx, r, a.records.drop(ctx, r))
	}
}

// writeResult writes what is known of a failed call into the result of an archived task.
func writeResult(r run, e *ending) error {
	text, err := json.Marshal(struct {
		Next     jobs.Next        `json:"next"`
		IfAbsent jobs.Next        `json:"if_absent,omitzero"`
		Error    *apierrors.Error `json:"error,omitempty"`
	}{e.Next, e.IfAbsent, e.Err})
	if err == nil {
		_, err = r.ResultWriter().Write(text)
	}
	return err
}

// report logs a failure of Redis that changes nothing for the task.
func (a *Adapter) report(ctx context.Context, r run, err error) {
	if err != nil && ctx.Err() == nil {
		a.o.Logger.WarnContext(ctx, "Redis failed after a task had run", "task", r.id, "queue", r.queue, "error", err)
	}
}
