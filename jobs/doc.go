// Package jobs says what a job engine does with a job after its call, and pauses the engine's queue
// while a vendor holds back every call.
//
// The integrations with job engines are made of it: integrations/river, temporal, asynq and dbos.
// For another engine, map each [Next] to what the engine has for it:
//
//	switch step := jobs.After(err, jobs.Options{}); step.Next {
//	case jobs.Done:
//		return nil
//	case jobs.RunAgain: // after step.Delay, or by the engine's own schedule if that is zero
//	case jobs.LookUp: // park it: the vendor may have executed it. Ask the vendor, then do step.IfAbsent
//	case jobs.SetAside: // cancel it with the reason: a person must look at its record
//	case jobs.Stop: // cancel it and tell a person: every call would fail
//	}
//
// An engine runs a job again by itself, so the client should not retry for long:
//
//	policy := vendor.Policy().WithRetry(policy.ForJobs())
//
// A [Valve] pauses the queue of an engine. Without one, an engine starts each job of a queue
// only to learn that the vendor takes no calls until two o'clock.
package jobs
