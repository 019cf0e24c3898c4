package traffic

import (
	"sync"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"golang.org/x/time/rate"
)

// A limitedJob makes requests to a vendor with a limit.
type limitedJob struct {
	store  *countingStore
	vendor *rate.Limiter
	demand Demand

	mu                sync.Mutex
	accepted, refused int
}

func newLimitedJob(perSecond, burst int) *limitedJob {
	limit := policy.Limit{Name: "calls", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: perSecond, Per: time.Second}, Burst: burst}
	return &limitedJob{
		store: newCountingStore(), vendor: rate.NewLimiter(rate.Limit(perSecond), burst),
		demand: Demand{Limits: []policy.Limit{limit}, MaxWait: time.Hour, Endpoint: "/items"},
	}
}

// work makes one request after the other. The vendor refuses with a Retry-After of 1 s.
func (j *limitedJob) work(t *testing.T, s Shared, end time.Time) {
	for time.Now().Before(end) {
		p := s.Admit(t.Context(), time.Now(), j.demand)
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
			return
		}
		time.Sleep(3 * time.Millisecond)
		isAccepted := j.serve()
		time.Sleep(2 * time.Millisecond)
		r := Report{Answered: time.Now(), Served: isAccepted, Health: Working}
		if !isAccepted {
			r.Pause, r.VendorPause = time.Second, true
		}
		time.Sleep(p.Done(t.Context(), time.Now(), r))
	}
}

func (j *limitedJob) serve() (isAccepted bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if isAccepted = j.vendor.Allow(); isAccepted {
		j.accepted++
	} else {
		j.refused++
	}
	return isAccepted
}

// goodput has each process make requests by some workers for so long, and returns how much of what
// the vendor allows meanwhile it accepted, and how many requests it refused.
func (j *limitedJob) goodput(t *testing.T, all []*Fleet, workers int, long time.Duration) (goodput float64, refused int) {
	start := time.Now()
	accepted, refused := j.accepted, j.refused
	var working sync.WaitGroup
	for _, f := range all {
		for range workers {
			working.Go(func() { j.work(t, f, start.Add(long)) })
		}
	}
	working.Wait()
	allowed := float64(j.vendor.Limit()) * time.Since(start).Seconds()
	return float64(j.accepted-accepted) / allowed, j.refused - refused
}
