package main

import (
	"context"
	"slices"
	"time"
)

// pairs is how often a job is run with and without the vendor's announcements.
const pairs = 40

// compare runs the job of a scenario against its vendor, and against the same vendor without
// announcements, in turn. Each peer has one client for each. The row's counts are those with
// announcements; seconds is the median time of a job with them, ideal_seconds without them,
// and goodput is ideal_seconds / seconds.
func (l limitJob) compare(ctx context.Context, p peer) (row, error) {
	announcing, err := l.open(p, l.newVendor())
	if err != nil {
		return nil, err
	}
	defer announcing.close()
	v := l.newVendor()
	v.announce = nil
	quiet, err := l.open(p, v)
	if err != nil {
		return nil, err
	}
	defer quiet.close()

	short, stop := withinLongest(ctx)
	defer stop()
	r := newLimitRow(l, p)
	var with, without []time.Duration
	for range pairs {
		_, took := quiet.run(short)
		without = append(without, took)
		j, took := announcing.run(short)
		with = append(with, took)
		r.add(j)
	}
	r.Accepted, r.Rejected429 = announcing.vendor.counts()
	r.Seconds, r.IdealSeconds = median(with).Seconds(), median(without).Seconds()
	r.Goodput = r.IdealSeconds / r.Seconds
	r.CutOff = short.Err() != nil
	return r, context.Cause(ctx)
}

// median returns the median of an even number of times.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return (times[len(times)/2-1] + times[len(times)/2]) / 2
}
