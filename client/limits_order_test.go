package client_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// inOrder starts n calls, each once the one before waits or has ended, and waits for all. Each is
// about an item of its own number.
func inOrder(t *testing.T, c *client.Client, n int, optionsOf func(i int) client.CallOptions) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if _, err := send(t.Context(), t, c, "GET", fmt.Sprint("/items/", i), "", optionsOf(i)); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
		retrywisetest.Settle()
	}
	all.Wait()
}

// order returns the numbers of the items in the order in which requests arrived.
func (v *meteredVendor) order(t *testing.T) (items []int) {
	t.Helper()
	for _, a := range v.arrivals {
		i, err := strconv.Atoi(strings.TrimPrefix(a.path, "/items/"))
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, i)
	}
	return items
}

// Calls start in the order in which they came, but for those that start in the same moment.
func TestLimitKeepsTheOrder(t *testing.T) {
	for _, tt := range []struct{ perMinute, burst int }{{30, 1}, {60, 4}, {600, 3}, {6000, 10}, {6000, 40}} {
		t.Run(fmt.Sprintf("%d per minute, burst %d", tt.perMinute, tt.burst), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newMeteredVendor(1)
				c := newMeteredClient(t, v, accountLimit(tt.perMinute, time.Minute, tt.burst))
				inOrder(t, c, 500, func(int) client.CallOptions { return patient })
				for position, i := range v.order(t) {
					if position-i > tt.burst || i-position > tt.burst {
						t.Errorf("call %d was number %d", i, position)
					}
				}
			})
		})
	}
}

// A higher priority goes first; a flood of it leaves the order of others as it is.
func TestLimitKeepsTheOrderOfEachPriority(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newMeteredVendor(1)
		c := newMeteredClient(t, v, accountLimit(10, time.Second, 1))
		priorityOf := func(i int) int {
			if i == 0 || i > 100 {
				return i % 3 // the flood begins when 100 wait
			}
			return 0
		}
		inOrder(t, c, 1000, func(i int) client.CallOptions {
			return client.CallOptions{MaxWait: patient.MaxWait, Priority: priorityOf(i)}
		})
		order := v.order(t)[1:] // the first found no one
		for position, i := range order[1:] {
			before := order[position]
			if p, q := priorityOf(before), priorityOf(i); p < q || p == q && before > i {
				t.Errorf("call %d, of priority %d, went before %d, of priority %d", before, p, i, q)
			}
		}
	})
}

// Calls that were cancelled hold back nobody, and have used nothing up: others start when they
// would have started without them.
func TestLimitAfterWaitersWereCancelled(t *testing.T) {
	for name, limit := range map[string]policy.Limit{
		"burst of 1": accountLimit(1, time.Second, 1),
		"burst of 4": accountLimit(2, time.Second, 4),
		"slots":      {Name: "slots", Scope: apierrors.ScopeAccount, Slots: 2},
	} {
		t.Run(name, func(t *testing.T) {
			var want []time.Duration
			for _, waiters := range []int{0, 1000} {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					v := newMeteredVendor(1)
					v.oneWay = span(50*time.Millisecond, 50*time.Millisecond)
					got := startsAfterCancelling(t, v, newMeteredClient(t, v, limit), waiters)
					if want == nil {
						want = got
					}
					if fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("after %d were cancelled, requests arrived after %v; want %v", waiters, got, want)
					}
				})
			}
		})
	}
}

var errShutdown = errors.New("the process got a signal")

// startsAfterCancelling uses up a limit, lets some calls wait for it, and cancels them. It returns
// when later requests arrived.
func startsAfterCancelling(t *testing.T, v *meteredVendor, c *client.Client, waiters int) (arrivals []time.Duration) {
	t.Helper()
	start := time.Now()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { _ = getItems(t, c, patient)(0) })
	}
	retrywisetest.Settle()
	ctx, cancel := context.WithCancelCause(t.Context())
	for range waiters {
		all.Go(func() {
			_, err := send(ctx, t, c, "GET", "/items", "", patient)
			if !errors.Is(err, apierrors.Canceled) || !errors.Is(err, errShutdown) {
				t.Errorf("a call that was cancelled: %v", err)
			}
		})
	}
	time.Sleep(10 * time.Millisecond)
	cancel(errShutdown)
	retrywisetest.Settle()
	for range 8 {
		all.Go(func() { _ = getItems(t, c, patient)(0) })
	}
	all.Wait()
	for _, a := range v.arrivals {
		arrivals = append(arrivals, a.at.Sub(start))
	}
	return arrivals
}

// While calls wait for the limit of their record, others run at the account's full rate.
func TestLimitOfARecordLeavesTheAccountAlone(t *testing.T) {
	var want time.Duration
	for _, waiters := range []int{0, 10} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			v := newMeteredVendor(1)
			v.oneWay = span(20*time.Millisecond, 20*time.Millisecond)
			c := newMeteredClient(t, v, accountLimit(10, time.Second, 5), policy.Limit{
				Name: "record", Scope: apierrors.ScopeRecord, Rate: policy.Rate{Count: 1, Per: time.Hour}, Burst: 1,
			})
			of := func(record string) error {
				_, err := send(t.Context(), t, c, "GET", "/items/"+record, "", client.CallOptions{RecordKey: record, MaxWait: patient.MaxWait})
				return err
			}
			_ = of("busy")
			var all sync.WaitGroup
			for range waiters {
				all.Go(func() { _ = of("busy") })
			}
			time.Sleep(time.Minute)
			start := time.Now()
			if failed := byWorkers(t, 500, 20, func(i int) error { return of(strconv.Itoa(i)) }); failed > 0 {
				t.Errorf("%d calls failed", failed)
			}
			took := time.Since(start)
			if waiters == 0 {
				want = took
			}
			if took != want {
				t.Errorf("500 calls of other records took %v; want %v as without %d that wait", took, want, waiters)
			}
			all.Wait()
		})
	}
}
