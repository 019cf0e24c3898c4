package retrywisedbos

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/retrywise/retrywise/jobs"
)

// A Queue is a queue of DBOS that is paused while the vendor takes no calls. The workflows on it each
// call one account of one vendor. It is safe for concurrent use.
type Queue struct {
	dbos.Queue // as it was registered
	queue      *queue
	valve      *jobs.Valve
	sleepers   sleepers
}

// RegisterQueue registers a queue with DBOS, and pauses it where [Options] have it. A pause of
// another process, or of an earlier run of this one, goes on. Call Close before dbos.Shutdown.
//
// Use dbos.WithWorkerConcurrency: without it, DBOS starts all workflows of a queue at once. While
// the queue is paused, DBOS shows a worker concurrency of -1. An operator ends the pause by
// setting another one, and 0 is a pause of the operator's own, which is left alone. A queue with
// dbos.WithPartitionWorkerConcurrency or dbos.WithPartitionQueue cannot be paused, and so is an
// error.
func RegisterQueue(ctx dbos.Context, name string, o jobs.ValveOptions, opts ...dbos.QueueOption) (*Queue, error) {
	handle, err := dbos.RegisterQueue(ctx, name, opts...)
	if err != nil {
		return nil, err
	}
	if handle.GetPartitionWorkerConcurrency() != nil || handle.Config().IsLegacyPartitioned() {
		return nil, fmt.Errorf("retrywisedbos: queue %q cannot be paused: its partitions have a worker concurrency", name)
	}
	q := &queue{ctx: ctx, name: name}
	if err := q.goOn(handle); err != nil {
		return nil, err
	}
	return &Queue{Queue: handle, queue: q, valve: jobs.NewValve(q, o)}, nil
}

// Close ends the goroutine of q. A queue that is paused stays so: another process resumes it, or
// this one when it is back. The error is always nil.
func (q *Queue) Close() error { return q.valve.Close() }

// A queue is a jobs.Queue. It is paused by a worker concurrency of our own, which every process
// reads each second. A [pause] keeps until when, and the worker concurrency that there was.
type queue struct {
	ctx    dbos.Context
	name   string
	paused atomic.Int64 // when Pause was called last, in Unix nanoseconds
}

// concurrencyPaused is below 0, so that it differs from a pause of an operator.
const concurrencyPaused = -1

// holdFor is how long after a pause a job goes on, and so keeps its slot. DBOS reads the queues each
// second, and until then starts other jobs.
const holdFor = 1500 * time.Millisecond

var errNoRecord = errors.New("retrywisedbos: the queue is paused, and its worker concurrency before that is not known: set it by hand")

// PausedUntil implements jobs.Queue.
func (q *queue) PausedUntil(ctx context.Context) (time.Time, error) {
	c, done := q.with(ctx)
	defer done()
	handle, err := dbos.RetrieveQueue(c, q.name)
	if errors.Is(err, dbos.ErrQueueNotFound) {
		return time.Time{}, nil
	}
	if err != nil || !isPaused(handle) {
		return time.Time{}, err
	}
	p, err := findPause(c, q.name)
	if err == nil && p == nil {
		err = errNoRecord
	}
	if err != nil {
		return time.Time{}, err
	}
	return p.Until, nil
}

// Pause implements jobs.Queue.
func (q *queue) Pause(ctx context.Context, until time.Time) error {
	c, done := q.with(ctx)
	defer done()
	handle, err := dbos.RetrieveQueue(c, q.name)
	if err != nil {
		return err
	}
	if n := handle.GetWorkerConcurrency(); n != nil && *n <= 0 && !isPaused(handle) {
		return nil // by an operator
	}
	q.paused.Store(time.Now().UnixNano())
	if isPaused(handle) {
		return nil // by another process
	}
	return q.pause(c, handle, until)
}

// pause pauses a queue that is not paused.
func (q *queue) pause(c dbos.Context, handle dbos.Queue, until time.Time) error {
	known, err := findPause(c, q.name)
	if err != nil {
		return err
	}
	if known != nil && !time.Now().Before(known.Until) { // one that was ended, but not deleted
		if err := known.delete(c); err != nil {
			return err
		}
		known = nil
	}
	if known == nil {
		err := insertPause(c, q.name, pause{Until: until, Concurrency: handle.GetWorkerConcurrency()})
		if err != nil && !errors.Is(err, dbos.ErrQueueDeduplicated) { // by another process, just now
			return err
		}
	}
	return handle.SetWorkerConcurrency(c, new(concurrencyPaused))
}

// Resume implements jobs.Queue.
func (q *queue) Resume(ctx context.Context) error {
	c, done := q.with(ctx)
	defer done()
	p, err := findPause(c, q.name)
	if err != nil || p == nil {
		return err
	}
	handle, err := dbos.RetrieveQueue(c, q.name)
	if err != nil {
		return err
	}
	if isPaused(handle) {
		if err := handle.SetWorkerConcurrency(c, p.Concurrency); err != nil {
			return err
		}
	}
	return p.delete(c)
}

// goOn pauses a queue again whose pause was ended by registering it.
func (q *queue) goOn(handle dbos.Queue) error {
	p, err := findPause(q.ctx, q.name)
	if err != nil || p == nil || isPaused(handle) {
		return err
	}
	if err := p.delete(q.ctx); err != nil || !time.Now().Before(p.Until) {
		return err
	}
	return q.pause(q.ctx, handle, p.Until)
}

func isPaused(handle dbos.Queue) bool {
	n := handle.GetWorkerConcurrency()
	return n != nil && *n == concurrencyPaused
}

// with returns a context of DBOS that ends with ctx. It is in no step of ctx: what a pause stores is
// no part of the workflow.
func (q *queue) with(ctx context.Context) (c dbos.Context, done func()) {
	c, cancel := dbos.WithCancel(q.ctx)
	stop := context.AfterFunc(ctx, cancel)
	return c, func() {
		stop()
		cancel()
	}
}

// hold waits until this process has read that the queue is paused.
func (q *queue) hold(ctx context.Context) {
	timer := time.NewTimer(holdFor - time.Since(time.Unix(0, q.paused.Load())))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
