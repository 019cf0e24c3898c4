// Package retrywiseasynq makes asynq do with each task what the error of its call says, and pauses
// a queue while the vendor takes no calls.
//
//	redis := asynq.RedisClientOpt{Addr: "redis:6379"}
//	adapter, err := retrywiseasynq.New(redis, retrywiseasynq.Options{Queues: []string{"billing"}})
//	if err != nil {
//		return err
//	}
//	defer adapter.Close()
//	config := asynq.Config{Concurrency: 10, Queues: map[string]int{"billing": 1}}
//	adapter.Configure(&config)
//	mux := asynq.NewServeMux()
//	mux.Use(adapter.Middleware)
//	mux.HandleFunc("invoice", sendInvoice) // it returns the error of its client
//	return asynq.NewServer(redis, config).Run(mux)
//
// asynq runs a task again by itself, so the client should not retry for long:
//
//	policy := vendor.Policy().WithRetry(policy.ForJobs())
//
// # What becomes of a task
//
// The text that asynq keeps of a failure begins with the name of a [jobs.Next], and is that of the
// *apierrors.Error, which has no personal data:
//
//   - run_again: the task is in the state retry until the vendor takes the call, and uses up no
//     attempt. If nobody says when, asynq's own schedule applies, and it uses up one.
//   - look_up: the vendor may have executed the call. The task is archived or, with a [LookUp],
//     looked up first when it is run again.
//   - set_aside: the task is archived, as its record is at fault.
//   - stop: the task is archived, and logged as an error, as every call would fail.
//
// An archived task has the error, as JSON, as its result. [NextOf] says why it is there, and [StepOf]
// tells an asynq.ErrorHandler. A task that is archived only because it has no attempts left, although
// the vendor has said when it takes the call, is run again from the archive at that time.
//
// # The queue
//
// The pause of a queue is the key of asynq's own pause, so that no server starts a task as soon as it
// is set. Redis removes it when it is over, even if the process that paused the queue is gone. A pause
// that a person has made is left alone. A person who wants to keep a queue paused that is paused
// already unpauses it and pauses it again: the inspector refuses a second pause.
//
// # Runs that are cut off
//
// asynq runs a task again if its process is killed, its context is canceled, or its handler is at work
// when Config.ShutdownTimeout is over, 8 seconds by default; then the vendor may have executed its
// call. Tasks with a LookUp are looked up first. For others, send the same idempotency key in each run
// (client.KeyFor, with Options.Jobs.SameKey), and set ShutdownTimeout to more than a call takes: 30
// seconds with policy.ForJobs. The context of a handler ends a little before that of its task, so that
// a timeout of a task cuts off no call.
package retrywiseasynq
