package retrywisedbos_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	"github.com/retrywise/retrywise/client"
	retrywisedbos "github.com/retrywise/retrywise/integrations/dbos"
	"github.com/retrywise/retrywise/internal/enginetest"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A courier delivers, and counts what starts.
type courier struct {
	c         *client.Client
	hasLookUp bool
	before    func()       // each start of a job
	attempts  atomic.Int64 // of steps

	mu     sync.Mutex
	starts map[string]time.Time // of jobs
}

func (c *courier) work(ctx dbos.Context, o retrywisedbos.Options, id string) (string, error) {
	c.start(id)
	call := retrywisedbos.Call[string]{Name: "deliver", Do: func(ctx context.Context) (string, error) {
		c.attempts.Add(1)
		return id, enginetest.Deliver(ctx, c.c, http.MethodPost, id)
	}}
	if c.hasLookUp {
		call.LookUp = func(ctx context.Context) (string, bool, error) {
			found, err := enginetest.IsThere(ctx, c.c, id)
			return id, found, err
		}
	}
	return retrywisedbos.Run(ctx, o, call, dbos.WithStepBaseInterval(50*time.Millisecond))
}

func (c *courier) start(id string) {
	c.mu.Lock()
	if c.starts == nil {
		c.starts = map[string]time.Time{}
	}
	c.starts[id] = time.Now()
	c.mu.Unlock()
	if c.before != nil {
		c.before()
	}
}

// between returns how many jobs started from one time to another.
func (c *courier) between(from, to time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, at := range c.starts {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// While the vendor takes no calls, no jobs are started to sleep.
func testPause(t *testing.T, db database) {
	const pause = 6 * time.Second
	v := enginetest.NewVendor(t, retrywisetest.Faults{})
	var begin time.Time
	var once sync.Once
	c := &courier{c: enginetest.NewClient(t, v.URL, policy.ForJobs()), hasLookUp: true, before: func() {
		if v.Total() > db.jobs/4 {
			once.Do(func() { begin = v.Deny(pause, enginetest.TooMany) })
		}
	}}
	// The jobs are there before the process.
	_, p, _ := newQueue(t, db, 8)
	enqueue(t, p, enginetest.IDs(db.jobs)...)
	p.stop()
	first := time.Now()
	p = start(t, db, setting{slots: 8}, c.work)
	all := wait(t, p)
	end := begin.Add(pause)
	t.Logf("%d jobs started in a pause of %v; per second: %.0f before, and %d, %d, %d and %d after it", c.between(begin, end), pause,
		float64(c.between(first, begin))/begin.Sub(first).Seconds(),
		c.between(end, end.Add(time.Second)), c.between(end.Add(time.Second), end.Add(2*time.Second)),
		c.between(end.Add(2*time.Second), end.Add(3*time.Second)), c.between(end.Add(3*time.Second), end.Add(4*time.Second)))
	if n := c.between(begin, end); n > 10 {
		t.Errorf("%d jobs started in the pause; want 10 at most", n)
	}
	for _, w := range all {
		if w.Status != dbos.WorkflowStatusSuccess {
			t.Errorf("%s: %v %v", w.ID, w.Status, w.Error)
		}
	}
	if v.Total() != db.jobs || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), db.jobs, v.Duplicates())
	}
}

// An outage of the vendor uses up few attempts, and no job is lost or executed twice.
func testOutage(t *testing.T, db database) {
	const outage = 5 * time.Second
	count := db.jobs / 3
	v := enginetest.NewVendor(t, retrywisetest.Faults{})
	var begin time.Time
	var once sync.Once
	c := &courier{c: enginetest.NewClient(t, v.URL, policy.ForJobs()), hasLookUp: true, before: func() {
		if v.Total() < count/3 {
			return
		}
		once.Do(func() { begin = v.Deny(outage, enginetest.Unavailable) })
	}}
	var log lines
	p := start(t, db, setting{slots: 8, options: retrywisedbos.Options{LookUpAfter: 100 * time.Millisecond, Logger: log.logger()}}, c.work)
	enqueue(t, p, enginetest.IDs(count)...)
	for _, w := range wait(t, p) {
		if w.Status != dbos.WorkflowStatusSuccess {
			t.Errorf("%s: %v %v", w.ID, w.Status, w.Error)
		}
	}
	used := log.count(func(next string, delay time.Duration) bool { return next == "run_again" && delay == 0 })
	slept := log.count(func(_ string, delay time.Duration) bool { return delay > 0 })
	t.Logf("%d jobs started in an outage of %v, %d retries of steps used up, %d sleeps; done %v after it", c.between(begin, begin.Add(outage)),
		outage, used, slept, time.Since(begin.Add(outage)).Round(time.Millisecond))
	if used > 40 {
		t.Errorf("%d retries were used up; want 40 at most", used)
	}
	if v.Total() != count || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), count, v.Duplicates())
	}
}

// Whatever goes wrong, each job is done, or a person knows of it.
func testFaults(t *testing.T, db database, hasLookUp bool) {
	count := db.jobs / 3
	v := enginetest.NewVendor(t, enginetest.TenPercent())
	c := &courier{c: enginetest.NewClient(t, v.URL, policy.ForJobs()), hasLookUp: hasLookUp}
	p := start(t, db, setting{slots: 8, valve: jobs.ValveOptions{}, options: retrywisedbos.Options{LookUpAfter: 10 * time.Millisecond}}, c.work)
	enqueue(t, p, enginetest.IDs(count)...)
	ends := map[string]int{}
	for _, w := range wait(t, p) {
		next, _ := retrywisedbos.NextOf(w.Error)
		what := fmt.Sprint(w.Status, " ", next)
		ends[what]++
		isDone := w.Status == dbos.WorkflowStatusSuccess
		executed := v.Count(w.ID)
		if executed > 1 || isDone && executed == 0 || !isDone && executed != 0 && next != jobs.LookUp || !isDone && next == jobs.Done {
			t.Errorf("%s: %s, executed %d times: %v", w.ID, what, executed, w.Error)
		}
	}
	t.Logf("%v", ends)
	if v.Duplicates() != 0 || hasLookUp && ends["ERROR look_up"] != 0 {
		t.Errorf("%d duplicates", v.Duplicates())
	}
}
