package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// announceRateLimit puts a window on a response as draft-ietf-httpapi-ratelimit-headers-11
// has it. The time to the edge is in whole seconds, rounded up.
func (w *window) announceRateLimit(h http.Header, at time.Time) {
	seconds := (w.edgeAfter(at).Sub(at) + time.Second - 1) / time.Second
	h.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, w.quota, w.period/time.Second))
	h.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, w.remaining(), seconds))
}

// announceXRateLimit puts a window on a response as many vendors do. The edge is an epoch, in
// whole seconds.
func (w *window) announceXRateLimit(h http.Header, at time.Time) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(w.quota))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(w.remaining()))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(w.edgeAfter(at).Unix(), 10))
}

// announcePlenty says in both ways that nearly all of a large quota is left.
func announcePlenty(h http.Header, at time.Time) {
	w := window{period: time.Minute, quota: 1_000_000, used: 1000}
	w.announceRateLimit(h, at)
	w.announceXRateLimit(h, at)
}
