package main

import (
	"context"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

// netHTTP is net/http behind x/time/rate, with the rate and the burst that are declared. It
// retries nothing, and waits for nothing if no limit is declared.
type netHTTP struct {
	httpCaller

	mu       sync.Mutex
	limiters map[string]*rate.Limiter // by record
}

func newNetHTTP(s setup) (caller, error) {
	return &netHTTP{httpCaller: httpCaller{&http.Client{Transport: s.transport}, s}, limiters: map[string]*rate.Limiter{}}, nil
}

func (n *netHTTP) send(ctx context.Context, r request) error {
	if n.declared != nil {
		if err := n.limiter(r.record).Wait(ctx); err != nil {
			return err
		}
	}
	return n.httpCaller.send(ctx, r)
}

func (n *netHTTP) limiter(record string) *rate.Limiter {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.limiters[record]
	if !ok {
		l = rate.NewLimiter(rate.Limit(n.declared.perSecond), n.declared.burst)
		n.limiters[record] = l
	}
	return l
}
