package main

import (
	"net/http"
	"time"
)

var limitJobs = []limitJob{
	{
		name: "limit-known", about: "100/s, burst 10, declared; Retry-After: 1",
		calls: 600, workers: 16, declared: &declared{perSecond: 100, burst: 10},
		newVendor: func() *vendor { return tellsWait(newBucket(100, 10)) },
	},
	{
		name: "limit-burst1", about: "100/s, burst 1, declared; Retry-After: 1",
		calls: 300, workers: 16, declared: &declared{perSecond: 100, burst: 1},
		newVendor: func() *vendor { return tellsWait(newBucket(100, 1)) },
	},
	{
		name: "limit-burst1-latency", about: "10/s, burst 1, declared; Retry-After: 1; 80±8 ms of latency",
		calls: 60, workers: 16, declared: &declared{perSecond: 10, burst: 1},
		newVendor: func() *vendor {
			v := tellsWait(newBucket(10, 1))
			v.latency = latency{mean: 80 * time.Millisecond, spread: 8 * time.Millisecond}
			return v
		},
	},
	{
		name: "limit-headers-ratelimit", about: "200 per 2 s, in RateLimit fields (delta seconds); a bare 429",
		calls: 1600, workers: 16,
		newVendor: func() *vendor { return announces((*window).announceRateLimit) },
	},
	{
		name: "limit-headers-xratelimit", about: "200 per 2 s, in X-RateLimit fields (epoch); a bare 429",
		calls: 1600, workers: 16,
		newVendor: func() *vendor { return announces((*window).announceXRateLimit) },
	},
	{
		name: "limit-unknown", about: "100/s, burst 10, not declared; Retry-After: 1",
		calls: 3000, workers: 16, lasts: true,
		newVendor: func() *vendor { return tellsWait(newBucket(100, 10)) },
	},
	{
		name: "limit-unknown-bare", about: "100/s, burst 10, not declared; a bare 429",
		calls: 3000, workers: 16, lasts: true,
		newVendor: func() *vendor { return bare(http.StatusTooManyRequests, newBucket(100, 10)) },
	},
	{
		name: "limit-nginx-429", about: "nginx's limit_req, 5 r/s without a burst; a bare 429",
		calls: 60, workers: 6, lasts: true,
		newVendor: func() *vendor { return bare(http.StatusTooManyRequests, &nginxLimit{perSecond: 5}) },
	},
	{
		name: "limit-nginx-503", about: "nginx's limit_req, 5 r/s without a burst; a bare 503",
		calls: 60, workers: 6, lasts: true,
		newVendor: func() *vendor { return bare(http.StatusServiceUnavailable, &nginxLimit{perSecond: 5}) },
	},
	{
		name: "limit-window", about: "200 per 2 s, with edges on the wall clock, not declared; a bare 429",
		calls: 1600, workers: 16,
		newVendor: func() *vendor { return bare(http.StatusTooManyRequests, newWindow(0)) },
	},
	{
		name: "limit-window-odd", about: "200 per 2 s, with edges between whole seconds, not declared; a bare 429",
		calls: 1600, workers: 16,
		newVendor: func() *vendor { return bare(http.StatusTooManyRequests, newWindow(370*time.Millisecond)) },
	},
	{
		name: "limit-halved", about: "100/s, burst 10, declared, of which half from 10 s to 20 s; Retry-After: 1",
		calls: 2500, workers: 16, lasts: true, declared: &declared{perSecond: 100, burst: 10},
		newVendor: func() *vendor { return tellsWait(newHalvedBucket()) },
	},
	{
		name: "limit-halved-unknown", about: "100/s, burst 10, not declared, of which half from 10 s to 20 s; Retry-After: 1",
		calls: 2500, workers: 16, lasts: true,
		newVendor: func() *vendor { return tellsWait(newHalvedBucket()) },
	},
	{
		name: "limit-record", about: "5/s, burst 5, for each of 20 records, declared; Retry-After: 1",
		calls: 1000, workers: 16, declared: &declared{perSecond: 5, burst: 5, records: 20},
		newVendor: func() *vendor {
			return tellsWait(newRecords(20, func() limit { return newBucket(5, 5) }))
		},
	},
	{
		name: "limit-slots", about: "8 requests at once of 100 ms each, not declared; a bare 429",
		calls: 1500, workers: 16, lasts: true,
		newVendor: func() *vendor {
			s := &slots{count: 8, work: 100 * time.Millisecond}
			v := bare(http.StatusTooManyRequests, s)
			v.work = s.work
			return v
		},
	},
	{
		name: "limit-plenty", about: "no limit, 10 ms each, and fields on each response that say that plenty is left, or none",
		calls: 500, workers: 16, compares: true,
		newVendor: func() *vendor {
			v := bare(http.StatusTooManyRequests, noLimit{})
			v.work = 10 * time.Millisecond // else this compares how fast net/http reads fields
			v.announce = announcePlenty
			return v
		},
	},
}

// bare returns a vendor whose refusals have a status and nothing else.
func bare(status int, l limit) *vendor { return &vendor{status: status, limit: l} }

// tellsWait returns a vendor whose 429 has Retry-After: 1.
func tellsWait(l limit) *vendor {
	return &vendor{status: http.StatusTooManyRequests, retryAfter: 1, limit: l}
}

// announces returns a vendor that tells its window on each response.
func announces(how func(*window, http.Header, time.Time)) *vendor {
	w := newWindow(0)
	v := bare(http.StatusTooManyRequests, w)
	v.announce = func(h http.Header, at time.Time) { how(w, h, at) }
	return v
}

// newWindow returns a window of 200 requests per 2 s.
func newWindow(offset time.Duration) *window {
	return &window{period: 2 * time.Second, offset: offset, quota: 200}
}

// newHalvedBucket returns a bucket whose rate is halved for 10 s, and then restored.
func newHalvedBucket() *bucket {
	return &bucket{burst: 10, phases: []phase{
		{perSecond: 100}, {from: 10 * time.Second, perSecond: 50}, {from: 20 * time.Second, perSecond: 100},
	}}
}
