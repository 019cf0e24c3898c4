package main

import (
	"context"
	"time"
)

// fleetProcesses is how many processes a fleet has.
const fleetProcesses = 16

// A fleetLimit is a scenario: a fleet against a vendor that enforces a limit.
type fleetLimit struct {
	name     string
	about    string
	declared *declared // nil: the limit is not known
	workers  int       // of each process
	total    time.Duration
	vendor   func() *vendor
}

var fleetLimits = []fleetLimit{
	{
		name: "limit-fleet", about: "16 processes of 4 workers, GETs for 20 s: 100/s, burst 10, declared; Retry-After: 1",
		declared: &declared{perSecond: 100, burst: 10}, workers: 4, total: 20 * time.Second,
		vendor: func() *vendor { return tellsWait(newBucket(100, 10)) },
	},
	{
		name: "limit-fleet-fast", about: "16 processes of 4 workers, GETs for 20 s: 1000/s, burst 50, declared; Retry-After: 1",
		declared: &declared{perSecond: 1000, burst: 50}, workers: 4, total: 20 * time.Second,
		vendor: func() *vendor { return tellsWait(newBucket(1000, 50)) },
	},
	{
		name: "limit-fleet-unknown", about: "16 processes of 4 workers, GETs for 30 s: 100/s, burst 10, not declared; Retry-After: 1",
		workers: 4, total: 30 * time.Second,
		vendor: func() *vendor { return tellsWait(newBucket(100, 10)) },
	},
}

func (l fleetLimit) scenario() scenario {
	return scenario{name: l.name, about: l.about, measure: l.measure}
}

// measure runs the fleet with one peer.
func (l fleetLimit) measure(ctx context.Context, p peer) (row, error) {
	v := l.vendor()
	h, err := startHost(v)
	if err != nil {
		return nil, err
	}
	defer h.refuse()
	f := fleet{fleetProcesses, fleetJob{Peer: p.name, URL: h.url(), Declared: l.declared.share(fleetProcesses), Workers: l.workers, Total: l.total}}
	store, err := f.share(ctx, p, l.declared)
	if err != nil {
		return nil, err
	}
	defer store.stop()
	f.job.Start = time.Now().Add(settling)
	before := store.commands(ctx)
	calls, err := f.run(ctx)
	if err != nil {
		return nil, err
	}
	r := &fleetRow{limitRow: limitRow{title: title{l.name, p.name}}, Processes: f.processes}
	r.OK, r.Lost, r.Deferred = countEnds(calls)
	r.count(v, time.Since(f.job.Start))
	r.operated(store.commands(ctx)-before, l.total)
	return r, context.Cause(ctx)
}

// A fleetRow is what a fleet reached under a limit.
type fleetRow struct {
	limitRow

	Processes int `json:"processes"`

	// Operations are those of the store, for each second and process, and for each request that
	// was accepted.
	Operations           float64 `json:"operations_per_second"`
	OperationsPerRequest float64 `json:"operations_per_request"`
}

// operated sets the operations of the store, after the requests were counted.
func (r *fleetRow) operated(operations int, took time.Duration) {
	r.Operations = float64(operations) / took.Seconds() / float64(r.Processes)
	r.OperationsPerRequest = float64(operations) / float64(max(r.Accepted, 1))
}

func (r *fleetRow) columns() []column {
	return []column{
		count("ok", r.OK), count("lost", r.Lost), count("accepted", r.Accepted), count("rejected429", r.Rejected429),
		count("deferred", r.Deferred), decimal("seconds", 2, r.Seconds), decimal("goodput", 3, r.Goodput),
		decimal("operations/s", 1, r.Operations), decimal("operations/request", 3, r.OperationsPerRequest),
	}
}

// A fleetOutage is a scenario: a fleet in an outage.
type fleetOutage struct{ outage }

var fleetOutages = []fleetOutage{{outage{
	name: "outage-fleet", about: "16 processes of 4 workers, GETs; 503 for 6 s of 16 s",
	workers: 4, work: 40 * time.Millisecond, down: span{6 * time.Second, 12 * time.Second}, total: 18 * time.Second,
}}}

func (o fleetOutage) scenario() scenario {
	return scenario{name: o.name, about: o.about, measure: o.measure}
}

// measure runs the fleet with one peer. The processes have two seconds to begin.
func (o fleetOutage) measure(ctx context.Context, p peer) (row, error) {
	v := newOutageVendor(o.outage)
	h, err := startHost(v)
	if err != nil {
		return nil, err
	}
	defer h.refuse()
	f := fleet{fleetProcesses, fleetJob{Peer: p.name, URL: h.url(), Workers: o.workers, Start: v.start, Total: o.total}}
	store, err := f.share(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	defer store.stop()
	calls, err := f.run(ctx)
	if err != nil {
		return nil, err
	}
	return newOutageRow(o.outage, p, calls, v), context.Cause(ctx)
}
