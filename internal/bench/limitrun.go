package main

import (
	"context"
	"time"
)

// warmUp is the time of a job after which goodput_after_10s begins.
const warmUp = 10 * time.Second

// A limitSession is a session whose server is a vendor with a limit.
type limitSession struct {
	limitJob
	*session
	vendor *vendor
}

// open starts v and makes a client for it. The caller must call close.
func (l limitJob) open(p peer, v *vendor) (*limitSession, error) {
	s, err := p.serve(v, l.workers, setup{declared: l.declared, refusal: v.status})
	if err != nil {
		return nil, err
	}
	return &limitSession{l, s, v}, nil
}

// run makes all calls of the scenario, and returns how they ended and the time they took.
func (s *limitSession) run(ctx context.Context) (*job, time.Duration) {
	records := make([]string, s.calls)
	for n := range records {
		records[n] = s.record(n)
	}
	j := &job{get: func(ctx context.Context, record string) error {
		return s.send(ctx, request{record: record})
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
