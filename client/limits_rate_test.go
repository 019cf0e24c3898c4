//go:build !race

package client_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A rateCase is a declared rate, and the latency of its vendor.
type rateCase struct {
	count, burst, workers int           // count in two seconds
	latency, spread       time.Duration // of one way
}

// rateCaseOf draws a rate of 0.5 to 200 per second, of which one in five has hardly a burst.
func rateCaseOf(seed uint64) rateCase {
	random := rand.New(rand.NewPCG(seed, 2))
	rc := rateCase{
		count: int(math.Exp(random.Float64() * math.Log(400))), burst: 3 + random.IntN(18), workers: 1 + random.IntN(64),
		latency: time.Duration(random.Int64N(int64(100 * time.Millisecond))),
	}
	if seed%5 == 0 {
		rc.burst = 1 + random.IntN(2)
	}
	rc.spread = time.Duration(random.Float64() * float64(rc.latency))
	return rc
}

func (rc rateCase) perSecond() float64 { return float64(rc.count) / 2 }

// bunch is how many requests may catch up with one that takes the longest.
func (rc rateCase) bunch() float64 { return rc.perSecond() * rc.spread.Seconds() }

// A limit is kept at the vendor: nobody is refused if the burst is 3 or more, and twice as large as
// what may bunch up on the way. Beyond that the latency decides, as the pace is not given up for it.
func TestLimitIsKeptWhereRequestsArrive(t *testing.T) {
	for seed := range uint64(50) {
		rc := rateCaseOf(seed)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newMeteredVendor(seed, &tokenMeter{perSecond: rc.perSecond(), burst: rc.burst})
				v.oneWay, v.retryAfter = span(rc.latency-rc.spread, rc.latency), 1
				c := newMeteredClient(t, v, accountLimit(rc.count, 2*time.Second, rc.burst))
				start := time.Now()
				if failed := byWorkers(t, 300, rc.workers, getItems(t, c, patient)); failed > 0 {
					t.Errorf("%d calls failed", failed)
				}
				_, refused := v.counts(start)
				mostRefused, mostExcess := rc.bounds()
				if excess := v.excess(rc.perSecond(), rc.burst); refused > mostRefused || excess > mostExcess+inexact {
					t.Errorf("%+v: %d refused, %.3f requests too many; want at most %d, %.3f", rc, refused, excess, mostRefused, mostExcess)
				}
			})
		})
	}
}

// bounds returns how many of 300 requests may be refused, and by how many the arrivals may exceed
// the limit.
func (rc rateCase) bounds() (refused int, excess float64) {
	switch bunch := rc.bunch(); {
	case rc.burst >= 3 && bunch <= float64(rc.burst)/2:
		return 0, 0
	case rc.burst >= 3:
		return 6, 1
	default:
		return 5 + int(5*bunch), 1 + bunch/2
	}
}
