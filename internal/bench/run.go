package main

import (
	"context"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// longest is how long the job of one peer may take. Then it is cut off.
const longest = time.Minute

// warmUp is the time of a job after which goodput_after_10s begins.
const warmUp = 10 * time.Second

// A session is a client of one peer and the vendor that it calls.
type session struct {
	limitJob
	vendor *vendor
	caller caller
	close  func()
}

// open starts a vendor and makes a client for it. The caller must call close.
func (l limitJob) open(p peer, v *vendor) (*session, error) {
	server, err := retrywisetest.Start(v)
	if err != nil {
		return nil, err
	}
	c, err := p.connect(l.workers, setup{url: server.URL(), declared: l.declared, refusal: v.status})
	if err != nil {
		server.Close()
		return nil, err
	}
	return &session{limitJob: l, vendor: v, caller: c, close: func() {
		c.close()
		server.Close()
	}}, nil
}

// run makes all calls of the scenario, and returns how they ended and the time they took.
func (s *session) run(ctx context.Context) (*job, time.Duration) {
	records := make([]string, s.calls)
	for n := range records {
		records[n] = s.record(n)
	}
	j := &job{get: func(ctx context.Context, record string) error {
		return s.caller.send(ctx, request{record: record})
	}}
	start := time.Now()
	j.run(ctx, records, s.workers)
	return j, time.Since(start)
}

// measure runs the scenario with one peer.
func (l limitJob) measure(ctx context.Context, p peer) (row, error) {
	if l.compares {
		return l.compare(ctx, p)
	}
	v := l.newVendor()
	o, err := l.open(p, v)
	if err != nil {
		return nil, err
	}
	defer o.close()
	if err := v.awaitStart(ctx); err != nil {
		return nil, err
	}
	short, stop := withinLongest(ctx)
	defer stop()
	start := time.Now()
	j, took := o.run(short)
	r := newLimitRow(l, p)
	r.add(j)
	r.count(v, took)
	if l.lasts && took > warmUp {
		r.countLate(v, start, took)
	}
	r.CutOff = short.Err() != nil
	return r, context.Cause(ctx)
}

// withinLongest returns a context that is canceled after longest. It has no deadline: clients
// would decide by that.
func withinLongest(ctx context.Context) (context.Context, func()) {
	short, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(longest, cancel)
	return short, func() {
		timer.Stop()
		cancel()
	}
}

// awaitStart waits for the next edge if the limit is a window: a job that starts between two
// edges would be allowed more.
func (v *vendor) awaitStart(ctx context.Context) error {
	w, ok := v.limit.(*window)
	if !ok {
		return nil
	}
	select {
	case <-time.After(time.Until(w.edgeAfter(time.Now()))):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
