//go:build !race

package client_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A thousand workers use a limit up, and none is lost. Virtual time ends only if all goroutines do.
func TestLimitOfAThousandWorkers(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newMeteredVendor(1, &tokenMeter{perSecond: 100, burst: 10})
		v.oneWay, v.retryAfter = span(10*time.Millisecond, 20*time.Millisecond), 1
		c, start := newMeteredClient(t, v, accountLimit(100, time.Second, 10)), time.Now()
		failed := byWorkers(t, 10_000, 1000, getItems(t, c, client.CallOptions{}))
		_, refused := v.counts(start)
		if goodput := 99.9 / time.Since(start).Seconds(); goodput < 0.98 || failed > 0 || refused > 0 {
			t.Errorf("goodput %.4f, %d failed, %d refused; want 0.98 or more, none", goodput, failed, refused)
		}
	})
}

// A limit of each of 20,000 records is kept, for three calls in a row about each, in little memory.
func TestLimitOfManyRecords(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		m := newRecordMeter(func() meter { return &tokenMeter{perSecond: 1, burst: 2} })
		v := newMeteredVendor(1, m)
		v.oneWay = span(time.Millisecond, 5*time.Millisecond)
		c := newMeteredClient(t, v, policy.Limit{
			Name: "record", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Second}, Burst: 2,
		})
		before, start := heap(), time.Now()
		failed := byWorkers(t, 60_000, 64, func(i int) error {
			record := fmt.Sprint(i / 3)
			_, err := send(t.Context(), t, c, "GET", "/items/"+record, "", client.CallOptions{RecordKey: record})
			return err
		})
		if _, refused := v.counts(start); failed > 0 || refused > 0 {
			t.Errorf("%d calls failed, %d were refused; want none", failed, refused)
		}
		m.meters = nil
		v.arrivals = nil
		grown := heap() - before
		t.Logf("the client has grown by %d KiB", grown>>10)
		if grown > 32<<20 {
			t.Errorf("the client has grown by %d bytes; want at most 32 MiB", grown)
		}
		runtime.KeepAlive(c)
	})
}

// heap returns how many bytes are in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
