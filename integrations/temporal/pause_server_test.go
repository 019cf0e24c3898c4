//go:build temporalserver

package retrywisetemporal_test

import (
	"context"
	"flag"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A vendor takes some calls, then refuses all for a time, and then takes all.
type closingVendor struct {
	open   int // calls until it closes
	refuse func(left time.Duration) retrywisetest.Answer
	closed time.Duration
	opened chan struct{} // is closed then; nil: nobody waits for it

	mu      sync.Mutex
	calls   int
	since   time.Time // when it closed
	until   time.Time
	refused int
	ledger  retrywisetest.Ledger
}

func (v *closingVendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.calls++
	now := time.Now()
	if v.calls == v.open {
		v.since, v.until = now, now.Add(v.closed)
		if v.opened != nil {
			time.AfterFunc(v.closed, func() { close(v.opened) })
		}
	}
	left := v.until.Sub(now)
	if left > 0 {
		v.refused++
	}
	v.mu.Unlock()
	if left > 0 {
		v.refuse(left)(w, r)
		return
	}
	v.ledger.Record(r.URL.Path, nil)
	retrywisetest.JSON(http.StatusCreated, `{}`)(w, r)
}

// times returns when the vendor closed and opened.
func (v *closingVendor) times() (since, until time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.since, v.until
}

func limit(left time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", strconv.Itoa(int((left+time.Second-1)/time.Second)))
}

func outage(time.Duration) retrywisetest.Answer {
	return retrywisetest.HTML(http.StatusServiceUnavailable)
}

var ordersInPause = flag.Int("orders", 2000, "how many activities wait in the test of a pause")

// While the vendor takes no calls, the server starts no activities, however many wait.
func TestServerStartsNoActivitiesInAPause(t *testing.T) {
	const closed, observed = 6 * time.Second, 4 * time.Second
	vendor := &closingVendor{open: 200, refuse: limit, closed: closed, opened: make(chan struct{})}
	f := connect(t)
	c := newVendorClient(t, vendor)
	w := f.work(t, retrywisetemporal.Options{Valve: f.valve(t)}, func(ctx context.Context, order string) error { return post(ctx, c, order) })
	b := f.enqueue(t, newOrders(*ordersInPause))
	<-vendor.opened
	time.Sleep(observed)
	w.Stop()
	b.terminate(t)
	since, until := vendor.times()
	started := f.startsBetween(since, until)
	t.Logf("of %d orders, %d activities started in a pause of %v, and %d calls were refused", *ordersInPause, started, closed, vendor.refused)
	t.Logf("in the two seconds before it: %d started", f.startsBetween(since.Add(-2*time.Second), since))
	for s := range 2 * observed / time.Second {
		at := until.Add(s * time.Second / 2)
		t.Logf("%v after it: %d started in half a second", s*time.Second/2, f.startsBetween(at, at.Add(time.Second/2)))
	}
	if started > 10 {
		t.Errorf("%d activities started in the pause, want at most 10", started)
	}
	if vendor.ledger.Duplicates() > 0 {
		t.Errorf("%d orders were created twice", vendor.ledger.Duplicates())
	}
}

// In an outage, few activities use up attempts.
func TestServerStartsFewActivitiesInAnOutage(t *testing.T) {
	t.Parallel()
	const orders, closed = 200, 8 * time.Second
	vendor := &closingVendor{open: 100, refuse: outage, closed: closed}
	f := connect(t)
	c := newVendorClient(t, vendor)
	lookUp := func(_ context.Context, args []any) (any, bool, error) {
		return nil, vendor.ledger.Count("/orders/"+args[0].(string)) > 0, nil
	}
	o := retrywisetemporal.Options{
		Valve: f.valve(t), LookUp: map[string]retrywisetemporal.LookUp{"create": lookUp}, LookUpDelay: time.Second,
	}
	f.work(t, o, func(ctx context.Context, order string) error { return post(ctx, c, order) })
	ends := f.enqueue(t, newOrders(orders)).wait(t)
	since, until := vendor.times()
	most, repeated := 0, 0
	for _, n := range f.counts {
		most = max(most, n)
		if n > 1 {
			repeated += n - 1
		}
	}
	t.Logf("%v of outage: %d activities started, %d calls were refused", closed, f.startsBetween(since, until), vendor.refused)
	t.Logf("%d attempts were used up by %d orders, %d by one at most", repeated, orders, most-1)
	if repeated > 200 || most > 20 {
		t.Errorf("%d attempts were used up, %d by one order", repeated, most-1)
	}
	if ends["done"] != orders || vendor.ledger.Duplicates() > 0 {
		t.Errorf("ends %v; %d twice", ends, vendor.ledger.Duplicates())
	}
}
