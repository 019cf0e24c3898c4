package traffic

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
)

// at returns moments in milliseconds from a start.
func millis(start time.Time) func(int) time.Time {
	return func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
}

// When requests of one may leave that come one after the other and take 100 ms each, of a
// period of 3 per second.
func TestPeriod(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := millis(start)
	clock := policy.Zone{Location: time.UTC}
	for name, tt := range map[string]struct {
		turn  policy.Zone
		edge  time.Time
		first int
		want  []int
	}{
		"rolling":                {policy.Zone{}, time.Time{}, 500, []int{500, 600, 700, 1600, 1700, 1800, 2700}},
		"by a clock":             {clock, time.Time{}, 500, []int{500, 600, 700, 1000, 1100, 1200, 2000}},
		"from a response":        {policy.Zone{}, at(900), 500, []int{500, 600, 700, 900, 1000, 1100, 1900}},
		"from an old response":   {policy.Zone{}, at(-5600), 500, []int{500, 600, 700, 1400, 1500, 1600, 2400}},
		"from a response, clock": {clock, at(900), 500, []int{500, 600, 700, 900, 1000, 1100, 2000}}, // that of 900 ends at 1000, and counts there
	} {
		t.Run(name, func(t *testing.T) {
			p := &period{size: 3, length: time.Second, resets: tt.turn}
			p.align(tt.edge)
			now := at(tt.first)
			var got []int
			for range tt.want {
				if ready := p.readyAt(now, 0, 1); ready.After(now) {
					now = ready
				}
				got = append(got, int(now.Sub(start).Milliseconds()))
				now = now.Add(100 * time.Millisecond)
				p.count(now, 1)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("leave at (-want +got):\n%s", diff)
			}
		})
	}
}

// How long requests wait that make so many with those that go before, after 2 of 3 were used.
func TestPeriodExpects(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := millis(start)
	p := &period{size: 3, length: time.Second}
	for _, ms := range []int{0, 400} {
		p.count(at(ms), 1)
	}
	for n, want := range map[int]int{1: 500, 2: 1000, 3: 1400, 4: 1500, 5: 2000, 7: 2500} {
		if got := int(p.expected(at(500), 0, n).Sub(start).Milliseconds()); got != want {
			t.Errorf("%d: at %d ms; want %d", n, got, want)
		}
	}
	if got := int(p.readyAt(at(500), 0, 100).Sub(start).Milliseconds()); got != 1400 {
		t.Errorf("more than a period: at %d ms; want 1400", got)
	}
	if got := int(p.renewedAt(at(500), 0).Sub(start).Milliseconds()); got != 1400 {
		t.Errorf("renewed at %d ms; want 1400", got)
	}
}

// However much goes before, a request is not expected in the past.
func TestExpectedIsNeverInThePast(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := &period{size: 1, length: 24 * time.Hour}
	b := newBucket(1.0/3600, 1)
	for _, n := range []int{maxSize, 1000 * maxSize} {
		if at := p.expected(start, 0, n); at.Before(start.Add(farthest)) {
			t.Errorf("period, %d: at %v", n, at)
		}
		if at := b.expected(start, n); at != start.Add(farthest) {
			t.Errorf("bucket, %d: at %v", n, at)
		}
	}
}

// Requests under way count, and one that was not sent does not.
func TestPeriodCountsWhatIsUnderWay(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := newLimiter(key{limit: "x"}, policy.Limit{Window: policy.Rate{Count: 3, Per: time.Second}})
	p := &place{queue: newQueue(Account{}), demand: Demand{Weight: 3}}
	l.depart(start, p)
	if !l.readyAt(start, 1).After(start) {
		t.Error("a request may leave beside 3 under way")
	}
	l.end(start, p, Report{Unsent: true})
	if l.readyAt(start, 3).After(start) || l.renewedAt(start).After(start) {
		t.Error("what was not sent is counted")
	}
}

// A large period is kept in few parts.
func TestPeriodIsBounded(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := &period{size: 100_000, length: 24 * time.Hour}
	for range 100_000 {
		if ready := p.readyAt(now, 0, 1); ready.After(now) {
			t.Fatalf("the request waits for %v", ready.Sub(now))
		}
		p.count(now, 1)
		now = now.Add(800 * time.Millisecond)
	}
	if len(p.counted) > parts+1 {
		t.Errorf("%d counts; want %d or fewer", len(p.counted), parts+1)
	}
}
