package retrywiseriver

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// A LookUp finds out whether the vendor executed the call of a job. LookUpOf makes one.
type LookUp struct {
	kind string
	find func(context.Context, *rivertype.JobRow) (bool, error)
}

// LookUpOf returns the LookUp for jobs of kind T. It is called before a job is run again whose call
// may have been executed, or whose process was killed.
//
// If find returns true, the job is completed without another run: find does what the job does after
// its call. If it returns false, the job is run again; a vendor that does not have the record proves
// nothing where its reads lag behind its writes. The error of find, which may be that of a call,
// leaves it open: the record is looked up again later, or the job is canceled. The timeout of a job
// is not one of find.
func LookUpOf[T river.JobArgs](find func(context.Context, *river.Job[T]) (bool, error)) LookUp {
	var args T
	return LookUp{args.Kind(), func(ctx context.Context, row *rivertype.JobRow) (bool, error) {
		job := &river.Job[T]{JobRow: row}
		if err := json.Unmarshal(row.EncodedArgs, &job.Args); err != nil {
			return false, fmt.Errorf("arguments of a look-up: %w", err)
		}
		return find(ctx, job)
	}}
}

// afterLookUp returns what is next for a job after its look-up, and what River does with it. A
// look-up that fails is repeated, and the job is not run.
func afterLookUp(err error, o jobs.Options) (record, jobs.Step) {
	step := jobs.After(err, o)
	switch step.Next {
	case jobs.Done:
		return record{Next: jobs.Done}, step
	case jobs.RunAgain:
	default:
		step.Next = jobs.LookUp
	}
	return record{Next: jobs.LookUp}, step
}
