package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// A queue is a small job engine that does what deliver asks for. A real one keeps its jobs
// in a database, so that a purchase in doubt is still in doubt after a restart.
type queue struct {
	client  *client.Client
	out     io.Writer     // gets a line for each step
	maxWait time.Duration // a job that is due later is left
}

// A job is a purchase and what to do with it. It is delivered first.
type job struct {
	purchase
	jobs.Step
	due   time.Time // zero: now
	steps int       // so far
}

// maxSteps is the maximum number of steps of a job, look-ups included.
const maxSteps = 10

// pause is the wait before a purchase is run again if the vendor does not say when, and
// before it is looked up, as it may still be executing.
const pause = time.Second

// work does all jobs. It returns those that are left: set aside, or to be done later.
func (q queue) work(ctx context.Context, all []job) (left []job) {
	for len(all) > 0 {
		j := all[0]
		all = all[1:]
		if time.Until(j.due) > q.maxWait || j.steps == maxSteps || !sleepUntil(ctx, j.due) {
			left = append(left, j)
			continue
		}
		j.steps++
		j.Step = q.step(ctx, j)
		q.print(j)
		switch j.Next {
		case jobs.Done:
		case jobs.SetAside: // this record is at fault, and the others go on
			left = append(left, j)
		case jobs.Stop: // every call would fail
			return append(append(left, j), all...)
		case jobs.LookUp, jobs.RunAgain:
			j.due = time.Now().Add(max(j.Delay, pause))
			all = append(all, j)
		}
	}
	return left
}

// step does what a job asks for, and returns what to do after it.
func (q queue) step(ctx context.Context, j job) jobs.Step {
	if j.Next != jobs.LookUp {
		return deliver(ctx, q.client, j.purchase)
	}
	switch there, err := isThere(ctx, q.client, j.ID); {
	case err != nil: // it is still in doubt
		at, _ := apierrors.RetryAt(err)
		j.Delay = time.Until(at)
		return j.Step
	case there:
		return jobs.Step{}
	default:
		return jobs.Step{Next: j.IfAbsent, Err: j.Err}
	}
}

func (q queue) print(j job) {
	if j.Next == jobs.Done {
		fmt.Fprintf(q.out, "%s: the vendor has it\n", j.ID)
		return
	}
	fmt.Fprintf(q.out, "%s: %s, because of %v\n", j.ID, j.Next, j.Err)
}

// sleepUntil waits until at. It returns false if ctx ends first.
func sleepUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
