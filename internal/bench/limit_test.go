package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A client that never stops asking gets what allowed says, and at no time more.
func TestLimitsAdmitWhatTheyAllow(t *testing.T) {
	for name, tt := range map[string]struct {
		limit limit
		lead  time.Duration // from the acceptance of a request to the end of its call
		step  float64       // what is accepted at once
	}{
		"bucket":            {newBucket(100, 10), 0, 1},
		"bucket of burst 1": {newBucket(10, 1), 0, 1},
		"halved bucket":     {newHalvedBucket(), 0, 1},
		"records":           {newRecords(1, func() limit { return newBucket(5, 5) }), 0, 1},
		"nginx":             {&nginxLimit{perSecond: 5}, 0, 1},
		"window":            {newWindow(0), 0, 200},
		"slots":             {&slots{count: 8, work: 100 * time.Millisecond}, 100 * time.Millisecond, 8},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				start, accepted := time.Now(), 0.0
				for time.Since(start) < 32*time.Second {
					for tt.limit.admit(time.Now(), "7") {
						accepted++
					}
					allowed := tt.limit.allowed(time.Since(start) + tt.lead)
					if accepted > allowed || accepted <= allowed-tt.step {
						t.Fatalf("accepted %v by %v; %v are allowed", accepted, time.Since(start), allowed)
					}
					time.Sleep(time.Millisecond)
				}
			})
		})
	}
}

// How many requests are admitted at each time, if the client asks until it is refused.
func TestLimitsAdmit(t *testing.T) {
	type at struct {
		ms   int
		want int
	}
	for name, tt := range map[string]struct {
		limit limit
		times []at
	}{
		"a bucket holds its burst":             {newBucket(100, 10), []at{{0, 10}, {5, 0}, {10, 1}, {29, 1}, {30, 1}, {60_000, 10}}},
		"a bucket's refusal costs nothing":     {newBucket(10, 1), []at{{0, 1}, {99, 0}, {100, 1}, {199, 0}, {250, 1}}},
		"a bucket that is halved and restored": {newHalvedBucket(), []at{{0, 10}, {10_000, 10}, {10_010, 0}, {10_020, 1}, {20_000, 10}, {20_010, 1}}},
		"a window is full at each edge":        {newWindow(0), []at{{0, 200}, {1999, 0}, {2000, 200}, {7000, 200}, {8000, 200}}},
		"a window with other edges":            {newWindow(370 * time.Millisecond), []at{{0, 200}, {369, 0}, {370, 200}, {2369, 0}, {2370, 200}}},
		"a slot is free when its request ends": {&slots{count: 2, work: 100 * time.Millisecond}, []at{{0, 2}, {99, 0}, {100, 2}, {150, 0}, {200, 2}}},
		"nginx without a burst":                {&nginxLimit{perSecond: 5}, []at{{0, 1}, {199, 0}, {200, 1}, {399, 0}, {60_000, 1}, {60_199, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				start := time.Now()
				var got []at
				for _, a := range tt.times {
					time.Sleep(time.Duration(a.ms)*time.Millisecond - time.Since(start))
					admitted := 0
					for tt.limit.admit(time.Now(), "") {
						admitted++
					}
					got = append(got, at{a.ms, admitted})
				}
				if diff := cmp.Diff(tt.times, got, cmp.AllowUnexported(at{})); diff != "" {
					t.Errorf("admitted (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRecordsHaveALimitEach(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		r, got := newRecords(2, func() limit { return newBucket(5, 1) }), []bool(nil)
		for _, record := range []string{"1", "1", "2", "2"} {
			got = append(got, r.admit(time.Now(), record))
		}
		if diff := cmp.Diff([]bool{true, false, true, false}, got); diff != "" {
			t.Errorf("admitted (-want +got):\n%s", diff)
		}
	})
}

func TestIdeal(t *testing.T) {
	for name, tt := range map[string]struct {
		limit limit
		calls int
		want  time.Duration
	}{
		"the burst takes no time":  {newBucket(100, 10), 10, 0},
		"bucket":                   {newBucket(100, 10), 600, 5900 * time.Millisecond},
		"halved bucket":            {newHalvedBucket(), 2510, 30 * time.Second},
		"window":                   {newWindow(0), 1600, 14 * time.Second},
		"records":                  {newRecords(20, func() limit { return newBucket(5, 5) }), 1000, 9 * time.Second},
		"nginx":                    {&nginxLimit{perSecond: 5}, 60, 11800 * time.Millisecond},
		"slots":                    {&slots{count: 8, work: 100 * time.Millisecond}, 1600, 20 * time.Second},
		"no limit":                 {noLimit{}, 1000, 0},
		"nothing takes no time":    {newBucket(100, 10), 0, 0},
		"more than a day is a day": {newBucket(1, 1), 1 << 20, 24 * time.Hour},
	} {
		if got := ideal(tt.limit, tt.calls); got != tt.want {
			t.Errorf("%s: ideal(%d) is %v; want %v", name, tt.calls, got, tt.want)
		}
	}
}
