package traffic

import (
	"testing"
	"time"
)

// When a request is counted: by its response, by the time that its response takes, or when it
// left if there is none. One that was not sent is not counted.
func TestBucketCountsArrivals(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for name, tt := range map[string]struct {
		burst int
		end   func(b *bucket, p *place)
		asked int // in milliseconds
		want  int // when the next may leave
	}{
		"by its response":     {1, func(b *bucket, p *place) { b.arrive(p, at(40), at(40)) }, 40, 104},
		"in the air":          {1, func(*bucket, *place) {}, 40, 200},
		"no response":         {1, func(b *bucket, p *place) { b.lose(p) }, 40, 100},
		"not sent":            {1, func(b *bucket, p *place) { b.forget(p) }, 40, 40},
		"a burst has a place": {2, func(*bucket, *place) {}, 40, 40},
		"a response after it was counted": {1, func(b *bucket, p *place) {
			b.land(at(200))
			b.arrive(p, at(210), at(210))
		}, 210, 300},
	} {
		b := newBucket(10, tt.burst)
		p := &place{started: at(0)}
		b.depart(at(0), p)
		tt.end(b, p)
		if got := b.readyAt(at(tt.asked)).Sub(start); got != time.Duration(tt.want)*time.Millisecond {
			t.Errorf("%s: the next may leave after %v; want %dms", name, got, tt.want)
		}
	}
}

// Of a quick limit with a burst, one request is left to the vendor.
func TestBucketLeavesOneOfTheBurst(t *testing.T) {
	for _, tt := range []struct {
		perSecond   float64
		burst, want int
	}{{100, 10, 9}, {100, 2, 2}, {100, 0, 1}, {0.001, 24, 24}} {
		if b := newBucket(tt.perSecond, tt.burst); b.burst != tt.want {
			t.Errorf("%v per second, burst %d: %d; want %d", tt.perSecond, tt.burst, b.burst, tt.want)
		}
	}
}
