package testserver_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Uploads are processed one at a time; the list does not wait for them.
func TestCustomerGaugeQueue(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const uploads = 5
		v := newGauge(t, testserver.Service{Latency: time.Second})
		start := time.Now()
		var wg sync.WaitGroup
		var mu sync.Mutex
		ends := map[time.Duration]int{}
		for i := range uploads {
			wg.Go(func() {
				if g := v.mustSend("POST", gaugeJSON, gaugeUpload(fmt.Sprintf("%d.csv", i), gaugeRecord)); g.Status != 200 {
					t.Error(g)
				}
				mu.Lock()
				defer mu.Unlock()
				ends[time.Since(start)]++
			})
		}
		v.mustSend("GET", gaugeJSON, "")
		if took := time.Since(start); took != time.Second {
			t.Errorf("the list took %v; want 1s", took)
		}
		wg.Wait()
		want := map[time.Duration]int{1 * time.Second: 1, 2 * time.Second: 1, 3 * time.Second: 1, 4 * time.Second: 1, 5 * time.Second: 1}
		if diff := cmp.Diff(want, ends); diff != "" {
			t.Errorf("ends (-want +got):\n%s", diff)
		}
		if n := v.PeakUploads(); n != uploads {
			t.Errorf("peak %d; want %d", n, uploads)
		}
	})
}

func TestCustomerGaugePeakOfSequentialUploads(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newGauge(t, testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.ResetAfter, retrywisetest.CutBody)})
		for i := range 50 {
			_, _ = v.send("POST", gaugeJSON, gaugeUpload(fmt.Sprintf("%d.csv", i), gaugeRecord)) // two get no response
		}
		if n := v.PeakUploads(); n != 1 {
			t.Errorf("peak %d; want 1", n)
		}
	})
}

func TestCustomerGaugeClientDisconnectsInTheQueue(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newGauge(t, testserver.Service{Latency: 2 * time.Second})
		var wg sync.WaitGroup
		wg.Go(func() { v.mustSend("POST", gaugeJSON, gaugeUpload("a.csv", gaugeRecord)) })
		retrywisetest.Settle()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := v.do(ctx, "POST", gaugeJSON, gaugeUpload("b.csv", gaugeRecord), "Content-Type", gaugeForm)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v; want the deadline", err)
		}
		wg.Wait()
		v.mustSend("POST", gaugeJSON, gaugeUpload("c.csv", gaugeRecord))
		if diff := cmp.Diff([]string{"a.csv", "c.csv"}, v.Uploads().Keys()); diff != "" {
			t.Errorf("executed (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[int]int{0: 1, 200: 2}, v.Statuses()); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}

// A fake that was created before does not stop the clock.
func TestCustomerGaugeCreatedOutsideVirtualTime(t *testing.T) {
	cg := testserver.NewCustomerGauge(testserver.Service{Latency: time.Second})
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := gaugeOf(t, cg, retrywisetest.Handle(t, cg))
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() { v.mustSend("POST", gaugeJSON, gaugeUpload(fmt.Sprintf("%d.csv", i), gaugeRecord)) })
		}
		wg.Wait()
	})
}
