package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Requests arrive after 0, 1, 2, 3 and 12 s.
func TestLimitRowCounts(t *testing.T) {
	for name, tt := range map[string]struct {
		limit limit
		took  time.Duration
		want  limitRow // without names
	}{
		"bucket": {newBucket(1, 2), 18 * time.Second,
			limitRow{Accepted: 5, Seconds: 18, IdealSeconds: 3, Goodput: 0.25, GoodputAfter10s: new(0.125)}},
		"window": {&window{period: 2 * time.Second, quota: 4}, 18 * time.Second,
			limitRow{Accepted: 5, Seconds: 18, IdealSeconds: 0.5, Goodput: 0.125, GoodputAfter10s: new(0.0625)}},
		"bucket that refuses two": {&bucket{burst: 1, phases: []phase{{from: 2 * time.Second, perSecond: 1}}}, 17 * time.Second,
			limitRow{Accepted: 3, Rejected429: 2, Seconds: 17, IdealSeconds: 4, Goodput: 0.1875, GoodputAfter10s: new(1 / 7.0)}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v, start := tellsWait(tt.limit), time.Now()
				for _, at := range []int{0, 1, 2, 3, 12} {
					time.Sleep(time.Duration(at)*time.Second - time.Since(start))
					ask(t, v)
				}
				var got limitRow
				got.count(v, tt.took)
				got.countLate(v, start, tt.took)
				if diff := cmp.Diff(tt.want, got, unexported); diff != "" {
					t.Errorf("row (-want +got):\n%s", diff)
				}
			})
		})
	}
}
