package main

import (
	"context"
	"net/http"
	"time"
)

// An outage is a scenario: a loop of GETs against a vendor that fails for a time.
type outage struct {
	name    string
	about   string
	workers int
	work    time.Duration // what a request takes that is served

	down  span          // when the vendor fails
	total time.Duration // how long the loop runs
	kind  failure

	// paths are those of the calls, in turn. If there are several, only the first fails. nil:
	// all calls have one path.
	paths []string

	// comesBack is how long after the outage the vendor serves a growing share of what it
	// served before; it refuses the rest with a 503.
	comesBack time.Duration

	timeout time.Duration // of an attempt; 0: the client's own
}

// A failure is what a vendor does in an outage.
type failure uint8

const (
	unavailable failure = iota // 503
	refused                    // it refuses connections
	silent                     // it accepts requests and never answers
)

// refusing is what a 503 takes.
const refusing = 10 * time.Millisecond

// settling is the time at the start in which connections are opened. The rate before the
// outage is counted from then on.
const settling = time.Second

func (o outage) scenario() scenario {
	return scenario{name: o.name, about: o.about, measure: o.measure}
}

// before is the time in which the rate before the outage is counted.
func (o outage) before() span { return span{min(settling, o.down.from/2), o.down.from} }

// measure runs the loop with one peer.
func (o outage) measure(ctx context.Context, p peer) (row, error) {
	v := newOutageVendor(o)
	h, err := startHost(v)
	if err != nil {
		return nil, err
	}
	defer h.refuse()
	s := setup{url: h.url(), timeout: o.timeout}
	if o.kind == refused {
		s.dial = v.dial
	}
	c, err := p.connect(o.workers, s)
	if err != nil {
		return nil, err
	}
	defer c.close()

	short, stop := within(ctx, o.total)
	defer stop()
	if o.kind == refused {
		defer time.AfterFunc(o.down.from, h.refuse).Stop()
		defer time.AfterFunc(o.down.to, func() { _ = h.accept() }).Stop() // if it fails, the row says that nothing came back
	}
	l := &loop{start: v.start, send: func(ctx context.Context, nth int) error {
		return c.send(ctx, request{path: o.path(nth)})
	}}
	calls := l.run(short, o.workers)
	return newOutageRow(o, p, calls, v), context.Cause(ctx)
}

// path returns that of the nth call.
func (o outage) path(nth int) string {
	if o.paths == nil {
		return ""
	}
	return o.paths[nth%len(o.paths)]
}

// fails says whether a request that arrives at a time meets the outage.
func (o outage) fails(at time.Duration, r *http.Request) bool {
	return o.down.has(at) && (o.paths == nil || r.URL.Path == o.paths[0])
}

// meets says whether a call met the outage.
func (o outage) meets(c call) bool {
	return c.meets(o.down) && (o.paths == nil || o.path(c.nth) == o.paths[0])
}
