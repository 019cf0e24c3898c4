// Package retrywiseriver has River do with a job what the vendor's answer asks for, and pauses the
// job's queue while the vendor takes no calls.
//
// A Middleware is one line of the river.Config, and workers return the errors of their calls as they
// are:
//
//	vendor, err := retrywiseriver.New(driver, retrywiseriver.Options{Queues: []string{"hubspot"}})
//	if err != nil {
//		return err
//	}
//	defer vendor.Close() // after the client has stopped
//	c, err := river.NewClient(driver, &river.Config{
//		Queues:     map[string]river.QueueConfig{"hubspot": {MaxWorkers: 20}},
//		Workers:    workers,
//		Middleware: []rivertype.Middleware{vendor},
//	})
//
// River runs jobs again by itself, so the clients that workers use should not retry for long:
//
//	policy := profile.Policy().WithRetry(policy.ForJobs())
//
// # Jobs
//
// jobs.After says what is next for a job. Each but the first is in the job's metadata, under
// "retrywise", with the class, code and hint of the error, and in the log:
//
//   - done: the job is completed.
//   - run_again at a time: it is snoozed until then, which uses up no attempt. River stores no error
//     of a snooze. After Options.MaxSnoozes, each failure uses up an attempt.
//   - run_again: it fails, and River retries it by its own schedule.
//   - look_up: the vendor may have executed the call. If Options.LookUps has one for its kind, the job
//     is snoozed, and looked up before it runs again. Otherwise it is canceled.
//   - set_aside, stop: it is canceled. A stop is an error in the log.
//
// Find lists the jobs that wait for a person, and Client.JobRetry runs one of them again. River
// deletes canceled jobs after 24 hours, unless river.Config.CancelledJobRetentionPeriod is longer.
//
// A worker that returns river.JobCancel or river.JobSnooze has decided by itself. A job that the end
// of its process interrupts is run again, as River does, unless a write was under way: then it is in
// doubt as well. So is a job whose process was killed, which River calls rescued: it is looked up
// if there is a LookUp, and else run again. A worker that may run into that without a LookUp should
// send an idempotency key of client.KeyFor.
//
// # Queues
//
// The queues of Options.Queues are paused by River's own pause, so no process starts their jobs to
// snooze them. The metadata of the queue says until when, under "retrywise". Each process that has a
// Middleware resumes a queue whose time is over, whichever paused it. A queue that a person has
// paused is left alone, and one that a person resumes works. Jobs that were running when the pause
// began are snoozed.
//
// The job that learns of a pause ends when its process has paused the queue. River tells other
// processes within milliseconds in PostgreSQL, in SQLite within 50 milliseconds, and within 2 seconds
// where clients only poll. Times are those of the processes' clocks.
package retrywiseriver
