package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// An outage is a job against a vendor that fails for a while: GETs in a closed loop of workers
// until a time is over.
type outage struct {
	name  string
	about string
	lasts time.Duration // the job
	from  time.Duration // when the outage begins; 0: there is none
	until time.Duration // and ends

	// fails reports whether the vendor fails a request to a path so long after the start.
	fails func(since time.Duration, path string) bool
	paths []string // that are called in turn; nil: one
}

const outageWorkers = 64

// outages are in the order in which they are listed.
var outages = []outage{
	{name: "outage", about: "503 for 6 s of 16 s", lasts: 16 * time.Second, from: 5 * time.Second, until: 11 * time.Second, fails: within(5, 11)},
	{name: "outage-endpoint", about: "503 of one path of five for 20 s of 30 s", lasts: 30 * time.Second, from: 5 * time.Second, until: 25 * time.Second,
		fails: func(since time.Duration, path string) bool { return path == "/a" && within(5, 25)(since, path) },
		paths: []string{"/a", "/b", "/c", "/d", "/e"}},
	{name: "brownout-10", about: "503 of 10% of the requests, for 15 s", lasts: 15 * time.Second, fails: share(10)},
	{name: "brownout-30", about: "503 of 30% of the requests, for 15 s", lasts: 15 * time.Second, fails: share(30)},
	{name: "brownout-50", about: "503 of 50% of the requests, for 15 s", lasts: 15 * time.Second, fails: share(50)},
}

// within returns whether a time is between two seconds.
func within(from, until int) func(time.Duration, string) bool {
	return func(since time.Duration, _ string) bool {
		return since >= time.Duration(from)*time.Second && since < time.Duration(until)*time.Second
	}
}

func share(percent int) func(time.Duration, string) bool {
	return func(time.Duration, string) bool { return rand.IntN(100) < percent }
}

// A failing vendor takes 10 ms for each request, and counts.
type failing struct {
	outage
	start time.Time

	mu       sync.Mutex
	requests []time.Duration // after the start
	served   []time.Duration
}

func (v *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(10 * time.Millisecond)
	since := time.Since(v.start)
	isServed := !v.fails(since, r.URL.Path)
	v.mu.Lock()
	v.requests = append(v.requests, since)
	if isServed {
		v.served = append(v.served, since)
	}
	v.mu.Unlock()
	if !isServed {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// measure runs the job with one peer.
func (o outage) measure(ctx context.Context, p peer) (outageRow, error) {
	v := &failing{outage: o}
	server, err := retrywisetest.Start(v)
	if err != nil {
		return outageRow{}, err
	}
	defer server.Close()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = outageWorkers
	defer transport.CloseIdleConnections()
	var callers []caller // one for each path
	for _, path := range append([]string{""}, o.paths...)[min(len(o.paths), 1):] {
		c, err := p.open(setup{url: server.URL() + path, transport: transport, refusal: http.StatusTooManyRequests})
		if err != nil {
			return outageRow{}, err
		}
		defer c.close()
		callers = append(callers, c)
	}
	v.start = time.Now()
	calls := o.run(ctx, callers, v.start)
	return v.row(p, calls), context.Cause(ctx)
}

// A finished call is when it began, after the start, and whether it succeeded.
type finished struct {
	began time.Duration
	ok    bool
}

// run makes calls until the job's time is over, and waits for the last ones for a minute at most.
func (o outage) run(ctx context.Context, callers []caller, start time.Time) []finished {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	timer := time.AfterFunc(o.lasts+longest-30*time.Second, stop)
	defer timer.Stop()
	var mu sync.Mutex
	var calls []finished
	var all sync.WaitGroup
	var n atomic.Int64
	for range outageWorkers {
		all.Go(func() {
			for time.Since(start) < o.lasts && ctx.Err() == nil {
				began := time.Since(start)
				err := callers[int(n.Add(1))%len(callers)].get(ctx, "")
				mu.Lock()
				calls = append(calls, finished{began, err == nil})
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return calls
}
