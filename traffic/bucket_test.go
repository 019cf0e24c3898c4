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
		"by its response":     {1, func(b *bucket, p *place) { b.arrive(p, at(40), at(40)) }, 40, 102},
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
		b.depart(at(0), p, 1)
		tt.end(b, p)
		if got := b.readyAt(at(tt.asked), 1).Sub(start); got != time.Duration(tt.want)*time.Millisecond {
			t.Errorf("%s: the next may leave after %v; want %dms", name, got, tt.want)
		}
	}
}

// Of a slow limit with a burst, a request is counted when its response comes, as it may have
// arrived just before that.
func TestBucketCountsResponsesOfASlowLimit(t *testing.T) {
	start := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	b := newBucket(1, 2)
	for range 2 {
		b.depart(start, &place{started: start}, 1)
	}
	answered := start.Add(40 * time.Millisecond)
	for len(b.air) > 0 {
		b.arrive(b.air[0].place, answered, answered)
	}
	if got := b.readyAt(answered, 1); !got.Equal(answered.Add(time.Second)) {
		t.Errorf("the next may leave %v after the responses; want 1s", got.Sub(answered))
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

// When a request of 2 tokens may leave, of a bucket of 10 at 10 per second that is empty, after
// the vendor said how many tokens it has or how many a request took.
func TestBucketIsCorrected(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := millis(start)
	for name, tt := range map[string]struct {
		correct func(b *bucket)
		want    int
	}{
		"nothing":               {func(*bucket) {}, 200},
		"1 token is left":       {func(b *bucket) { b.setLeft(start, 1) }, 100},
		"5 tokens are left":     {func(b *bucket) { b.setLeft(start, 5) }, 0},
		"5, and then none":      {func(b *bucket) { b.setLeft(start, 5); b.setLeft(start, 0) }, 200},
		"more than it can hold": {func(b *bucket) { b.setLeft(start, 1000); b.count(start, 10) }, 200},
		"it took 5 more":        {func(b *bucket) { b.correct(start, 5) }, 700},
		"it took 25 more":       {func(b *bucket) { b.correct(start, 25) }, 1200},
		"it took 3 fewer":       {func(b *bucket) { b.correct(start, -3) }, 0},
		"it took 1 fewer":       {func(b *bucket) { b.correct(start, -1) }, 100},
		"1 fewer, as another lands": {func(b *bucket) {
			b.depart(start, &place{started: start}, 4)
			b.air[0].until = start
			b.correct(start, -1)
		}, 500},
		"2 fewer, then full": {func(b *bucket) {
			b.correct(start, -2)
			b.land(at(2000))
			b.count(at(2000), 10)
		}, 2200},
	} {
		b := newBucket(10, 11) // one less, as clocks differ
		b.count(start, 10)
		tt.correct(b)
		if got := int(b.readyAt(b.last, 2).Sub(start).Milliseconds()); got != tt.want {
			t.Errorf("%s: at %d ms; want %d", name, got, tt.want)
		}
	}
}

// Requests count as so many tokens; one that is larger than the bucket waits until that is full.
func TestBucketOfLargeRequests(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := newBucket(10, 11)
	b.depart(start, &place{started: start}, 6)
	if b.readyAt(start, 4).After(start) || !b.readyAt(start, 5).After(start) {
		t.Error("beside 6 in the air, 4 do not fit, or 5 do")
	}
	b.lose(b.air[0].place)
	if got := b.readyAt(start, 500).Sub(start); got != 600*time.Millisecond {
		t.Errorf("after 6 of 10 at 10/s, a request of 500 leaves after %v; want 600ms", got)
	}
}

// A refusal takes all tokens in one step, however many there are.
func TestBucketIsEmptiedAtOnce(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, burst := range []int{1, 2, 100, 1 << 40} {
		b := newBucket(100, burst)
		b.refused(start)
		if left := b.tokens.TokensAt(start); left != -1 {
			t.Errorf("burst %d: %v tokens are left; want -1", burst, left)
		}
	}
}
