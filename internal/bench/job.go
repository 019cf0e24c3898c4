package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A job makes calls in a closed loop: a worker makes the next call when its last one has
// ended. If a call fails with a time at which it is to run again (RetryAt of retrywise's
// error), it joins the end of the queue at that time, as in a job engine. Any other failure
// is for good; no peer's error has such a time.
type job struct {
	get   func(ctx context.Context, record string) error
	queue chan string // the records; it has room for all calls
	open  atomic.Int64

	ok, lost, deferred atomic.Int64
}

// run makes a call about each record, and returns when all have ended or ctx ends.
func (j *job) run(ctx context.Context, records []string, workers int) {
	j.queue = make(chan string, len(records))
	j.open.Store(int64(len(records)))
	for _, record := range records {
		j.queue <- record
	}
	var all sync.WaitGroup
	for range workers {
		all.Go(func() { j.work(ctx) })
	}
	all.Wait()
}

func (j *job) work(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case record, more := <-j.queue:
			if !more {
				return
			}
			j.call(ctx, record)
		case <-ctx.Done():
		}
	}
}

func (j *job) call(ctx context.Context, record string) {
	switch ended, again := endOf(ctx, j.get(ctx, record)); ended {
	case cutOff:
		return // it is neither ok nor lost
	case deferred:
		j.deferred.Add(1)
		time.AfterFunc(time.Until(again), func() { j.queue <- record })
		return
	case succeeded:
		j.ok.Add(1)
	case failed:
		j.lost.Add(1)
	}
	if j.open.Add(-1) == 0 {
		close(j.queue)
	}
}
