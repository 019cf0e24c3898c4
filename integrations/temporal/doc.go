// Package retrywisetemporal has Temporal do with an activity what the error of its call says, and
// pauses the task queue while the vendor takes no calls.
//
// One line adds it to a worker:
//
//	queue := retrywisetemporal.NewQueue(c.WorkflowService(), "default", "connectif")
//	valve := jobs.NewValve(queue, jobs.ValveOptions{})
//	defer valve.Close()
//	w := worker.New(c, "connectif", worker.Options{
//		DisableEagerActivities: true,
//		Interceptors: []interceptor.WorkerInterceptor{
//			retrywisetemporal.NewInterceptor(retrywisetemporal.Options{Valve: valve}),
//		},
//	})
//
// Activities return the errors of a client as they are, and the client leaves most retries to
// Temporal:
//
//	p := vendor.Policy().WithRetry(policy.ForJobs())
//	c, err := client.New(client.Config{Vendor: vendor, Policy: &p})
//
// # What happens to an activity
//
// A failure that passes is retried: when the vendor says, or else by the RetryPolicy. Any other
// fails the activity, and is not retried. Its text, which the UI shows, begins with the name of a
// [jobs.Next], its type is the class, and [FailureOf] has the rest for the workflow:
//
//	err := workflow.ExecuteActivity(ctx, CreateOrder, order).Get(ctx, nil)
//	if f, ok := retrywisetemporal.FailureOf(err); ok && f.Next == jobs.LookUp {
//		// The vendor may have created the order: find out, by another activity or a person.
//	}
//
// # Never twice
//
// Temporal retries an activity whose worker died in a call, whatever the vendor did. So give each
// activity that writes either a key that stays the same ([client.KeyFor], and
// jobs.Options.SameKey), if the vendor knows such keys, or an entry in Options.LookUp, which is
// asked before each attempt but the first. Without both, use a RetryPolicy with one attempt, and
// retry in the workflow.
//
// # Pauses
//
// A pause is a rate limit of zero for the activities of a task queue. The server keeps it, so it
// outlives the process that made it, and the Valve of any other process ends it. A server takes
// about a tenth of a second to put it in force, and a second to start activities after its end. The
// activities that learn of it meanwhile are held until it is in force, so at most as many start as a
// worker runs at a time.
//
// A task queue has one rate, so give each account of a vendor its own: a fairness key cannot be
// paused. An activity that is started eagerly, by the worker that has just scheduled it, does not
// pass the task queue: set DisableEagerActivities. The timeouts ScheduleToStart and
// ScheduleToClose go on during a pause.
//
// Where the server does not have UpdateTaskQueueConfig, or does not permit it, activities are run
// again later all the same, and a line in the log says so. The tests
// use a server of version 1.32.1.
package retrywisetemporal
