package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// A brownout is a scenario: a job of GETs against a vendor that answers a share of the
// requests, by chance, with a 503.
type brownout struct {
	percent int
	calls   int
	workers int
	work    time.Duration // of each request
}

var brownouts = []brownout{
	{percent: 10, calls: 20_000, workers: 64, work: refusing},
	{percent: 30, calls: 20_000, workers: 64, work: refusing},
	{percent: 50, calls: 20_000, workers: 64, work: refusing},
}

func (b brownout) scenario() scenario {
	return scenario{
		name:    fmt.Sprintf("brownout-%d", b.percent),
		about:   fmt.Sprintf("%d GETs, %d workers: %d%% of the requests are a 503", b.calls, b.workers, b.percent),
		measure: b.measure,
	}
}

// measure runs the job with one peer. All of it is in the outage.
func (b brownout) measure(ctx context.Context, p peer) (row, error) {
	v := bare(http.StatusServiceUnavailable, b.chance())
	v.latency.mean = b.work
	s, err := p.serve(v, b.workers, setup{})
	if err != nil {
		return nil, err
	}
	defer s.close()
	short, stop := withinLongest(ctx)
	defer stop()
	var calls atomic.Int64
	j := &job{get: func(ctx context.Context, _ string) error {
		calls.Add(1)
		return s.send(ctx, request{})
	}}
	start := time.Now()
	j.run(short, make([]string, b.calls), b.workers)

	r := &outageRow{title: title{b.scenario().name, p.name}, Calls: int(calls.Load()), CallsInOutage: int(calls.Load())}
	r.OK, r.FailedCalls, r.Deferred = int(j.ok.Load()), int(j.lost.Load()), int(j.deferred.Load())
	accepted, rejected := v.counts()
	r.amplified(accepted + rejected)
	r.Seconds, r.CutOff = time.Since(start).Seconds(), short.Err() != nil
	return r, context.Cause(ctx)
}

// chance returns the same draws for each peer.
func (b brownout) chance() chance { return chance{rand.New(rand.NewPCG(1, 1)), b.percent} }

// A chance is a limit that is none: it refuses a share of the requests, by chance.
type chance struct {
	*rand.Rand
	percent int
}

func (c chance) admit(time.Time, string) bool  { return c.IntN(100) >= c.percent }
func (c chance) allowed(time.Duration) float64 { return noLimit{}.allowed(0) }
