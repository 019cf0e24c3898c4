//go:build !race

package client_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What a limit that nobody declared lets through in ten minutes, and how many requests it refuses.
// Over ten seeds: 0.996, 0.897 and 0.78; 750, 35 and 49 refused.
// A call that is deferred runs again at its RetryAt.
func TestLimitThatNobodyDeclared(t *testing.T) {
	for name, tt := range map[string]struct {
		meter       tokenMeter
		goodput     float64
		mostRefused int
	}{
		"20 per second":  {tokenMeter{perSecond: 20, burst: 5}, 0.95, 40},
		"100 per second": {tokenMeter{perSecond: 100, burst: 10}, 0.87, 50},
		"3 per minute":   {tokenMeter{perSecond: 0.05, burst: 3}, 0.74, 60},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					m := tt.meter
					v := newMeteredVendor(seed, &m)
					v.oneWay = span(10*time.Millisecond, 30*time.Millisecond)
					c, start := newMeteredClient(t, v), time.Now()
					until(t, start.Add(10*time.Minute), 16, deferring(t, c))
					took := time.Since(start)
					accepted, refused := v.counts(start)
					goodput := float64(accepted) / (float64(m.burst) + m.perSecond*took.Seconds())

					if goodput < tt.goodput || refused > tt.mostRefused {
						t.Errorf("seed %d: goodput %.3f, %d refused; want %.2f or more, at most %d", seed, goodput, refused, tt.goodput, tt.mostRefused)
					}
				})
			}
		})
	}
}

// deferring returns a call that waits for its RetryAt if it fails.
func deferring(t *testing.T, c *client.Client) func() error {
	return func() error {
		err := getItems(t, c, client.CallOptions{})(0)
		if at, ok := apierrors.RetryAt(err); ok {
			time.Sleep(time.Until(at)) // virtual
		}
		return err
	}
}

// Random 503s are no limit: they cost as much time as 500s.
func TestFaultsAreNoLimit(t *testing.T) {
	for seed := range uint64(20) {
		calls := 2000
		if seed == 0 {
			calls = 20_000
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			took := map[int]time.Duration{}
			for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable} {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					v := newMeteredVendor(seed)
					v.oneWay = span(10*time.Millisecond, 30*time.Millisecond)
					v.fault = oneInTen(status)
					c, start := newMeteredClient(t, v), time.Now()
					if failed := byWorkers(t, calls, 16, getItems(t, c, client.CallOptions{})); failed > calls/1000+3 {
						t.Errorf("%d: %d calls failed; want one in 10,000", status, failed)
					}
					took[status] = time.Since(start)
				})
			}
			if with500, with503 := took[500], took[503]; with503 > with500*11/10 {
				t.Errorf("with 503s, %d calls took %v; want about %v, as with 500s", calls, with503, with500)
			}
		})
	}
}

// oneInTen returns a status for every tenth request, by chance.
func oneInTen(status int) func(*rand.Rand) int {
	return func(random *rand.Rand) int {
		if random.IntN(10) == 0 {
			return status
		}
		return http.StatusOK
	}
}

// While plenty is left, a job takes exactly as long as without headers.
func TestLimitOfWhichPlentyIsLeft(t *testing.T) {
	for name, announce := range announcements {
		t.Run(name, func(t *testing.T) {
			took := map[bool]time.Duration{}
			for _, announces := range []bool{false, true} {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					v := newMeteredVendor(1)
					v.oneWay = span(20*time.Millisecond, 20*time.Millisecond)
					if announces {
						v.announce = announce(&windowMeter{size: 1_000_000, length: time.Minute})
					}
					c, start := newMeteredClient(t, v), time.Now()
					if failed := byWorkers(t, 20_000, 16, getItems(t, c, client.CallOptions{})); failed > 0 {
						t.Errorf("%d calls failed", failed)
					}
					took[announces] = time.Since(start)
				})
			}
			if took[true] != took[false] {
				t.Errorf("took %v; want %v, as without headers", took[true], took[false])
			}
		})
	}
}
