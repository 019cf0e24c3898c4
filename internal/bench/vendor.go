package main

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A vendor is a server that enforces a limit and counts what it does.
type vendor struct {
	limit      limit
	status     int                               // of a refusal
	retryAfter int                               // of a refusal, in seconds; 0: it has none
	announce   func(h http.Header, at time.Time) // puts the limit on every response; nil: nothing does
	latency    latency
	work       time.Duration // what an accepted request takes

	mu       sync.Mutex // guards the fields below, and the use of limit
	accepted []time.Time
	rejected int
}

// ServeHTTP accepts or refuses a request. Its record is in the query.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.latency.wait()
	if ok := v.admit(w.Header(), r.URL.Query().Get("record")); ok {
		time.Sleep(v.work)
		v.latency.wait()
		return // 200
	}
	if v.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(v.retryAfter))
	}
	v.latency.wait()
	w.WriteHeader(v.status)
}

// admit decides about a request that arrives now, and puts the limit on its response.
func (v *vendor) admit(h http.Header, record string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	ok := v.limit.admit(now, record)
	if ok {
		v.accepted = append(v.accepted, now)
	} else {
		v.rejected++
	}
	if v.announce != nil {
		v.announce(h, now)
	}
	return ok
}

// counts returns how many requests were accepted and refused.
func (v *vendor) counts() (accepted, rejected int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.accepted), v.rejected
}

// acceptedFrom returns how many requests were accepted from a time on.
func (v *vendor) acceptedFrom(from time.Time) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, at := range v.accepted {
		if !at.Before(from) {
			n++
		}
	}
	return n
}

// A latency is how long a request and its response travel together. Each takes half of it.
type latency struct{ mean, spread time.Duration }

// wait waits for one way: half the mean, give or take half the spread.
func (l latency) wait() {
	if l.mean > 0 {
		time.Sleep(l.mean/2 - l.spread/2 + rand.N(l.spread+1))
	}
}
