package retrywisedbos

import (
	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/retrywise/retrywise/jobs"
)

// QueueOf returns what pauses a queue.
func QueueOf(ctx dbos.Context, name string) jobs.Queue { return &queue{ctx: ctx, name: name} }
