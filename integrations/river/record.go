package retrywiseriver

import (
	"context"
	"encoding/json"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// metadataKey has our part of the metadata of a job, and of a queue.
const metadataKey = "retrywise"

// A record is what the metadata of a job says about its last call.
type record struct {
	Next     jobs.Next        `json:"next"`
	IfAbsent jobs.Next        `json:"if_absent,omitzero"` // of a look-up
	At       time.Time        `json:"at"`
	RunAt    time.Time        `json:"run_at,omitzero"`
	Rescues  int              `json:"rescues,omitempty"` // of the job until then
	Reason   string           `json:"reason,omitempty"`
	Error    *apierrors.Error `json:"error,omitempty"`
}

// A history is what the metadata of a job says about its earlier runs.
type history struct {
	record
	known   bool // there is a record
	rescues int  // how often River took the job from a process that was gone
	snoozes int
}

// isInDoubt reports whether the vendor may have executed the call in an earlier run.
func (h history) isInDoubt() bool { return h.Next == jobs.LookUp || h.rescues > h.Rescues }

// historyOf returns the history of a job. One that cannot be read is empty.
func historyOf(job *rivertype.JobRow) history {
	var metadata struct {
		Record *struct {
			record
			Error any `json:"error"`
		} `json:"retrywise"`
		Rescues int `json:"river:rescue_count"`
		Snoozes int `json:"snoozes"`
	}
	if err := json.Unmarshal(job.Metadata, &metadata); err != nil {
		return history{}
	}
	h := history{rescues: metadata.Rescues, snoozes: metadata.Snoozes}
	if metadata.Record != nil {
		h.record, h.known = metadata.Record.record, true
	}
	return h
}

// write writes what is next for a job into its metadata and the log. A job that has called no
// vendor, as far as is known, is left alone.
func (m *Middleware[TTx]) write(ctx context.Context, job *rivertype.JobRow, err error, next record, step jobs.Step) {
	before := historyOf(job)
	isLookedUp := m.lookUps[job.Kind] != nil && before.rescues > 0
	if step.Err == nil && !before.known && !isLookedUp {
		return
	}
	next.At, next.Rescues, next.Error = time.Now().UTC(), before.rescues, step.Err
	if step.Delay > 0 {
		next.RunAt = next.At.Add(step.Delay)
	}
	if err != nil {
		next.Reason = err.Error()
		m.o.Logger.Log(ctx, next.Next.Level(), "the call of a job failed", "job", job.ID, "kind", job.Kind, "queue", job.Queue,
			"next", next.Next, "delay", step.Delay, "error", err)
	}
	if err := river.MetadataSet(ctx, metadataKey, next); err != nil {
		m.o.Logger.ErrorContext(ctx, "the metadata of a job was not written", "job", job.ID, "error", err)
	}
}

// Find returns the parameters that list the jobs of a client that wait for a person: those that
// may have been executed (jobs.LookUp), whose record is at fault (jobs.SetAside), or that were
// stopped (jobs.Stop).
func Find(next jobs.Next) *river.JobListParams {
	return river.NewJobListParams().
		States(rivertype.JobStateCancelled, rivertype.JobStateDiscarded).
		Where("metadata -> 'retrywise' ->> 'next' = @next", river.NamedArgs{"next": next.String()})
}
