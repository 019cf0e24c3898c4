package fake

import (
	"testing"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// WithinLimit fails the test if the requests that a server got exceed the rate or the window of a
// limit, counted when they arrived. It counts for each endpoint or path if the scope of the limit
// is that of an endpoint or a record, and points by the limit's Cost. Of slots the arrivals say
// nothing: API.Refused does.
func WithinLimit(t testing.TB, requests []retrywisetest.Request, l policy.Limit) {
	t.Helper()
	meters := map[meterKey]*meter{}
	beyond := 0
	l.Slots = 0
	for _, r := range requests {
		if !l.Covers(r.Method, r.Path) {
			continue
		}
		key := subject(l, r.Path, r.Path)
		if meters[key] == nil {
			meters[key] = &meter{limit: l}
		}
		m, cost := meters[key], max(l.Cost, 1)
		if _, isWithin := m.fits(r.At, cost); !isWithin {
			if beyond++; beyond == 1 {
				t.Errorf("%s %s at %v exceeds limit %s", r.Method, r.Path, r.At.Format("15:04:05.000"), l.Name)
			}
			continue
		}
		m.take(r.At, cost)
	}
	if beyond > 1 {
		t.Errorf("%d of %d requests exceed limit %s", beyond, len(requests), l.Name)
	}
}
