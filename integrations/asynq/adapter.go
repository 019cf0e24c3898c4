package retrywiseasynq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/retrywise/retrywise/jobs"
)

// An Adapter does with each task of a server what the error of its call says, and pauses queues. It
// is safe for concurrent use.
type Adapter struct {
	o       Options
	rdb     redis.UniversalClient
	records *records
	late    *late
	valves  map[string]*jobs.Valve
}

// New returns an Adapter for servers of the Redis at r. It connects with the first task, or to
// look at Options.Queues. Call Close after the last server has been shut down.
func New(r asynq.RedisConnOpt, o Options) (*Adapter, error) {
	rdb, ok := r.MakeRedisClient().(redis.UniversalClient)
	if !ok {
		return nil, fmt.Errorf("asynq: %T does not make a client of go-redis v9", r)
	}
	a := &Adapter{o: o.withDefaults(), rdb: rdb, records: &records{rdb}, valves: map[string]*jobs.Valve{}}
	a.late = newLate(rdb, a.o.Logger, a.o.Valve.Interval)
	for _, name := range a.o.Queues {
		if a.valves[name] == nil {
			a.valves[name] = jobs.NewValve(&queue{rdb, name}, a.o.Valve.Logged(a.o.Logger, name))
		}
	}
	return a, nil
}

// Close ends the goroutines of a, and its connections. A queue that is paused stays so until the
// pause is over.
func (a *Adapter) Close() error {
	for _, v := range a.valves {
		_ = v.Close() // it is always nil
	}
	a.late.close()
	return a.rdb.Close()
}

// Configure makes c, with which the server is made, run a task again when the vendor says, without
// using up an attempt. It sets RetryDelayFunc and IsFailure, which call those of c, or asynq's,
// where the vendor has said nothing.
func (a *Adapter) Configure(c *asynq.Config) {
	delay, failed := c.RetryDelayFunc, c.IsFailure
	if delay == nil {
		delay = asynq.DefaultRetryDelayFunc
	}
	if failed == nil {
		failed = func(err error) bool { return err != nil }
	}
	c.RetryDelayFunc = func(n int, err error, t *asynq.Task) time.Duration {
		return cmp.Or(retryDelay(err, time.Now()), delay(n, err, t))
	}
	c.IsFailure = func(err error) bool { return isFailure(err, failed) }
}

// Middleware returns a handler that calls next, and tells asynq what to do with the task. Pass it to
// ServeMux.Use before other middleware, which then gets the errors of the handlers as they are.
func (a *Adapter) Middleware(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		r := a.newRun(ctx, t)
		if r.isLast {
			a.report(ctx, r, a.late.remove(ctx, r))
		}
		e, err := a.run(ctx, r, next)
		if err != nil {
			return err
		}
		return a.end(ctx, r, e)
	})
}

// A run is that of one task.
type run struct {
	*asynq.Task
	queue, id string
	isLast    bool   // asynq has no attempts left, and archives the task whatever comes
	find      LookUp // nil: none
}

func (a *Adapter) newRun(ctx context.Context, t *asynq.Task) run {
	queue, _ := asynq.GetQueueName(ctx)
	id, _ := asynq.GetTaskID(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	limit, _ := asynq.GetMaxRetry(ctx)
	return run{Task: t, queue: queue, id: id, isLast: retried >= limit, find: a.o.LookUps[t.Type()]}
}

// run calls the handler, unless the call of an earlier run turns out to have been executed. The error
// is that of Redis: nothing was called.
func (a *Adapter) run(ctx context.Context, r run, next asynq.Handler) (*ending, error) {
	ctx, cancel := jobs.EndEarly(ctx) // when it ends, asynq runs the task again without waiting for how its call ended
	defer cancel()
	if r.find != nil {
		before, err := a.records.begin(ctx, r)
		if err != nil {
			return nil, err
		}
		if e, isEnd := a.lookUp(ctx, r, before); isEnd {
			return e, nil
		}
	}
	err := next.ProcessTask(ctx, r.Task)
	e := newEnding(jobs.After(err, a.o.Jobs), err)
	if e.Next == jobs.LookUp && r.find != nil {
		e.again, e.Delay = true, max(e.Delay, a.o.LookUpAfter)
	}
	return e, nil
}

// lookUp finds out whether the call of an earlier run was executed. It reports false if the handler
// is to be called.
func (a *Adapter) lookUp(ctx context.Context, r run, before record) (e *ending, isEnd bool) {
	if !before.isInDoubt {
		return nil, false
	}
	executed, err := r.find(ctx, r.Task)
	switch step := jobs.After(err, a.o.Jobs); {
	case err != nil:
		e = newEnding(step, err) // it is looked up again, if that may help
		e.Next, e.IfAbsent = jobs.LookUp, before.ifAbsent
		return e, true
	case executed:
		return newEnding(jobs.Step{}, nil), true
	case before.ifAbsent == jobs.RunAgain:
		return nil, false
	default:
		return newEnding(jobs.Step{Next: before.ifAbsent}, errors.New(before.reason)), true
	}
}

// end pauses the queue, writes down what is next for the task, and returns what asynq does with it.
// The task goes on until then, so that no other one starts in between.
func (a *Adapter) end(ctx context.Context, r run, e *ending) error {
	if v := a.valves[r.queue]; v != nil {
		a.report(ctx, r, v.Note(ctx, e.err))
	}
	if isDecided(e.err) {
		a.forget(ctx, r)
		return e.err
	}
	if e.again && e.Delay > 0 {
		a.delay(ctx, r, e)
	}
	a.record(ctx, r, e)
	if e.Next == jobs.Done {
		return nil
	}
	return e
}

// delay bounds how often a task is delayed, and has one run again that asynq archives.
func (a *Adapter) delay(ctx context.Context, r run, e *ending) {
	n, err := a.records.countDelay(ctx, r)
	a.report(ctx, r, err)
	switch {
	case n > a.o.MaxDelays:
		e.Delay = 0
	case r.isLast:
		a.report(ctx, r, a.late.add(ctx, r, time.Now().Add(retryDelay(e, time.Now()))))
	}
}
