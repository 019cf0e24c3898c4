// Package retrywisedbos runs the calls of a vendor as steps of a workflow of DBOS: what happens
// after a failure is what the error says, and a queue is paused while the vendor takes no calls.
//
//	queue, err := retrywisedbos.RegisterQueue(ctx, "crm", jobs.ValveOptions{}, dbos.WithWorkerConcurrency(8))
//	…
//	o := retrywisedbos.Options{Queue: queue}
//	deliver := func(ctx dbos.Context, id string) (receipt, error) {
//		return retrywisedbos.Run(ctx, o, retrywisedbos.Call[receipt]{
//			Name:   "deliver",
//			Do:     func(ctx context.Context) (receipt, error) { return create(ctx, crm, id) },
//			LookUp: func(ctx context.Context) (receipt, bool, error) { return find(ctx, crm, id) },
//		})
//	}
//
// DBOS retries a step by itself, so the client should not retry for long:
//
//	policy := vendor.Policy().WithRetry(policy.ForJobs())
//
// # What happens to a workflow
//
//   - run_again, at a time: it sleeps until then (dbos.Sleep), which is not a retry of the step. The
//     output of the step says why.
//   - run_again, without a time: DBOS retries the step. A step that has used up its retries ends the
//     workflow with an [Error].
//   - look_up: it sleeps for Options.LookUpAfter and calls Call.LookUp. Without one, or if that is
//     refused, it ends with an Error. The call is not retried.
//   - set_aside, stop: it ends with an Error. DBOS shows that with the state ERROR.
//
// The attributes of a workflow that ended with an Error have the same: {"retrywise": {"next":
// "look_up", "reason": …}}. On PostgreSQL, dbos.WithFilterAttributes finds them. dbos.RewindWorkflow
// runs one again.
//
// # A process that ends in the middle of a call
//
// DBOS does not store the result of a step in whose middle the process is killed or shut down, and
// runs it again, so that a write is executed twice. [Run] stores a step before the call, and looks the
// call up when DBOS recovers the workflow. Call.Repeatable says that this is not needed. Let the
// running workflows end before dbos.Shutdown if there is no LookUp: dbos.ListenQueues(ctx, "none")
// starts no more.
//
// # The pause of a queue
//
// The worker concurrency of the queue is -1 in a pause. Each process reads it within a second, and as
// long the workflow that paused the queue keeps its slot. A workflow named "retrywise.pause", which
// never runs, keeps until when the queue is paused and the worker concurrency before. Any process with
// the queue ends the pause.
//
// A workflow that sleeps keeps its slot, too: DBOS has no way to put it back. So waits of single
// records, such as a limit of each one, block slots.
package retrywisedbos
