package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
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
	task
	steps int // so far
}

// maxSteps is the maximum number of steps of a job, look-ups included.
const maxSteps = 10

// work does all jobs. It returns those that are left: set aside, or to be done later.
func (q queue) work(ctx context.Context, jobs []job) (left []job) {
	for len(jobs) > 0 {
		j := jobs[0]
		jobs = jobs[1:]
		if time.Until(j.at) > q.maxWait || j.steps == maxSteps || !sleepUntil(ctx, j.at) {
			left = append(left, j)
			continue
		}
		j.steps++
		j.task = q.step(ctx, j)
		q.print(j)
		switch j.do {
		case nothing:
		case setAside:
			left = append(left, j)
		case stopTheJob:
			return append(append(left, j), jobs...)
		default:
			jobs = append(jobs, j)
		}
	}
	return left
}

// step does what a job asks for, and returns what to do after it.
func (q queue) step(ctx context.Context, j job) task {
	if j.do != lookUp {
		return deliver(ctx, q.client, j.purchase)
	}
	switch there, err := isThere(ctx, q.client, j.ID); {
	case err != nil: // it is still in doubt
		at, ok := apierrors.RetryAt(err)
		if j.at = at; !ok {
			j.at = time.Now().Add(pause)
		}
		return j.task
	case there:
		return task{do: nothing}
	default:
		return *j.ifAbsent
	}
}

func (q queue) print(j job) {
	if j.do == nothing {
		fmt.Fprintf(q.out, "%s: the vendor has it\n", j.ID)
		return
	}
	fmt.Fprintf(q.out, "%s: %s, because of %v\n", j.ID, j.do, j.why)
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
