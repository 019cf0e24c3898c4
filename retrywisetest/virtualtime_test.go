package retrywisetest_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestVirtualTimeStartsInTheYear2000(t *testing.T) {
	retrywisetest.VirtualTime(t, func(*testing.T) {
		if diff := cmp.Diff(time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC), time.Now().UTC()); diff != "" {
			t.Errorf("start (-want +got):\n%s", diff)
		}
	})
}

func TestSettleDoesNotAdvanceTheClock(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		start := time.Now()
		srv := retrywisetest.New(t, retrywisetest.After(time.Hour, retrywisetest.Status(204)))
		done := make(chan struct{})
		go func() {
			defer close(done)
			mustDo(t, srv, "GET", "/", "")
		}()
		retrywisetest.Settle()
		if n, d := len(srv.Requests()), time.Since(start); n != 1 || d != 0 {
			t.Errorf("%d requests after %v; want 1 at once", n, d)
		}
		<-done
	})
}
