package client_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

const day = 24 * time.Hour

// A meter is a limit as a vendor enforces it: when requests arrive, and exactly.
type meter interface {
	// admit reports whether a request that arrives now is accepted.
	admit(now time.Time, r *http.Request) bool
}

// A meteredVendor is a transport to a vendor that enforces limits.
type meteredVendor struct {
	meters     []meter                               // a request is accepted if all accept it
	retryAfter int                                   // of a refusal, in seconds; 0: it has none
	announce   func(h http.Header, now time.Time)    // adds headers to a response; nil: it has none
	fault      func(random *rand.Rand) int           // returns the status of an accepted request; nil: 200
	oneWay     func(random *rand.Rand) time.Duration // the latency of a request or a response

	mu       sync.Mutex // guards the fields below, and the use of meters
	random   *rand.Rand
	arrivals []metered
}

// A metered is a request when it reached the vendor.
type metered struct {
	at        time.Time
	path      string
	isRefused bool
}

func newMeteredVendor(seed uint64, meters ...meter) *meteredVendor {
	return &meteredVendor{meters: meters, oneWay: span(0, 0), random: rand.New(rand.NewPCG(seed, 1))}
}

// span returns durations from shortest to longest.
func span(shortest, longest time.Duration) func(*rand.Rand) time.Duration {
	return func(random *rand.Rand) time.Duration {
		return shortest + time.Duration(random.Int64N(int64(longest-shortest)+1))
	}
}

func (v *meteredVendor) RoundTrip(r *http.Request) (*http.Response, error) {
	there, back := v.draw()
	if err := sleep(r.Context(), there); err != nil {
		return nil, err
	}
	resp := v.arrive(r)
	if err := sleep(r.Context(), back); err != nil {
		return nil, err
	}
	return resp, nil
}

func (v *meteredVendor) draw() (there, back time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.oneWay(v.random), v.oneWay(v.random)
}

// arrive decides about a request that arrives now.
func (v *meteredVendor) arrive(r *http.Request) *http.Response {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
	a := metered{at: now, path: r.URL.Path}
	for _, m := range v.meters {
		if a.isRefused = !m.admit(now, r); a.isRefused {
			resp.StatusCode = http.StatusTooManyRequests
			if v.retryAfter > 0 {
				resp.Header.Set("Retry-After", strconv.Itoa(v.retryAfter))
			}
			break
		}
	}
	v.arrivals = append(v.arrivals, a)
	if !a.isRefused && v.fault != nil {
		resp.StatusCode = v.fault(v.random)
	}
	if v.announce != nil {
		v.announce(resp.Header, now)
	}
	return resp
}

// counts returns how many requests from a time on were accepted, and how many refused.
func (v *meteredVendor) counts(from time.Time) (accepted, refused int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, a := range v.arrivals {
		switch {
		case a.at.Before(from):
		case a.isRefused:
			refused++
		default:
			accepted++
		}
	}
	return accepted, refused
}

// excess returns by how many requests the arrivals exceed a rate and its burst in the worst
// interval; not more than 0 if they never do.
func (v *meteredVendor) excess(perSecond float64, burst int) float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	level, worst := 0.0, 0.0
	var last time.Time
	for _, a := range v.arrivals {
		level = max(0, level-perSecond*a.at.Sub(last).Seconds()) + 1
		worst, last = max(worst, level), a.at
	}
	return worst - float64(burst)
}

// sleep waits for d, in virtual time, or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// newMeteredClient returns a client of the vendor, without a Vendor, whose policy has the limits.
func newMeteredClient(t testing.TB, v *meteredVendor, limits ...policy.Limit) *client.Client {
	t.Helper()
	p := policy.Default()
	for _, l := range limits {
		p = p.WithLimit(l)
	}
	return newClientOf(t, client.Config{BaseURL: "http://vendor.test", Transport: v, Policy: &p})
}

// accountLimit returns a limit of the account.
func accountLimit(count int, per time.Duration, burst int) policy.Limit {
	return policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: count, Per: per}, Burst: burst}
}

// patient is how long a call waits that waits for as long as it takes.
var patient = client.CallOptions{MaxWait: new(1000 * time.Hour)}

// byWorkers makes n calls by some workers. It returns how many failed.
func byWorkers(t testing.TB, n, workers int, call func(i int) error) (failed int) {
	t.Helper()
	var mu sync.Mutex
	next := 0
	together(workers, func() {
		for {
			mu.Lock()
			i := next
			next++
			mu.Unlock()
			if i >= n {
				return
			}
			if err := call(i); err != nil {
				mu.Lock()
				if failed++; failed == 1 {
					t.Logf("the first call that failed, %d: %v", i, err)
				}
				mu.Unlock()
			}
		}
	})
	return failed
}

// until makes calls by some workers until a time. It returns how many failed.
func until(t testing.TB, end time.Time, workers int, call func() error) (failed int) {
	t.Helper()
	var mu sync.Mutex
	together(workers, func() {
		for time.Now().Before(end) {
			err := call()
			if err == nil {
				continue
			}
			mu.Lock()
			if failed++; failed == 1 {
				t.Logf("the first call that failed: %v", err)
			}
			mu.Unlock()
		}
	})
	return failed
}

// getItems returns a call of c.
func getItems(t testing.TB, c *client.Client, o client.CallOptions) func(int) error {
	return func(int) error {
		_, err := send(t.Context(), t, c, "GET", "/items", "", o)
		return err
	}
}
