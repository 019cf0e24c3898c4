package retrywiseriver_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/internal/enginetest"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

var jobCount = flag.Int("jobs", 200, "how many jobs meet a pause; half as many meet faults")

func isThere(c *client.Client) retrywiseriver.LookUp {
	return retrywiseriver.LookUpOf(func(ctx context.Context, job *river.Job[delivery]) (bool, error) {
		return enginetest.IsThere(ctx, c, job.Args.ID)
	})
}

// While the vendor takes no calls, no jobs are started to be snoozed.
func testPause[TTx any](t *testing.T, open opener[TTx]) {
	const pause = 4 * time.Second
	v := enginetest.NewVendor(t, retrywisetest.Faults{})
	v.Takes = 20 * time.Millisecond // at most 400 a second, as the vendors for whose limits the client was tuned
	c := enginetest.NewClient(t, v.URL, policy.ForJobs())
	var s enginetest.Starts
	var begin time.Time
	var once sync.Once
	work := func(ctx context.Context, job *river.Job[delivery]) error {
		s.Add()
		if v.Total() > *jobCount/4 {
			once.Do(func() { begin = v.Deny(pause, enginetest.TooMany) })
		}
		return enginetest.Deliver(ctx, c, http.MethodPost, job.Args.ID)
	}
	p := start(t, open(t)(), 8, retrywiseriver.Options{Queues: []string{vendorQueue}, LookUps: []retrywiseriver.LookUp{isThere(c)}}, work)
	insert(t, p, river.InsertOpts{}, enginetest.IDs(*jobCount)...)
	first := time.Now()
	for done := 0; done < *jobCount; {
		if e := p.next(t); e.Kind == river.EventKindJobCompleted {
			done++
		}
	}
	end := begin.Add(pause)
	inPause := s.Between(begin, end)
	t.Logf("%d jobs started in a pause of %v; in each second before it: %v, and after it: %v", inPause, pause,
		s.PerSecond(first, begin), s.PerSecond(end, time.Now()))
	if inPause > 10 {
		t.Errorf("%d jobs started in the pause; want 10 at most", inPause)
	}
	if v.Total() != *jobCount || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), *jobCount, v.Duplicates())
	}
}

// An outage of the vendor uses up few attempts, and no job is lost or executed twice.
func testOutage[TTx any](t *testing.T, open opener[TTx]) {
	const count, outage = 150, 5 * time.Second
	v := enginetest.NewVendor(t, retrywisetest.Faults{})
	c := enginetest.NewClient(t, v.URL, policy.ForJobs())
	o := retrywiseriver.Options{Queues: []string{vendorQueue}, LookUps: []retrywiseriver.LookUp{isThere(c)}, LookUpAfter: 100 * time.Millisecond}
	var s enginetest.Starts
	var begin time.Time
	var once sync.Once
	p := start(t, open(t)(), 8, o, func(ctx context.Context, job *river.Job[delivery]) error {
		if v.Total() >= count/3 {
			once.Do(func() { begin = v.Deny(outage, enginetest.Unavailable) })
		}
		s.Add()
		return enginetest.Deliver(ctx, c, http.MethodPost, job.Args.ID)
	})
	insert(t, p, river.InsertOpts{}, enginetest.IDs(count)...)
	counts := map[river.EventKind]int{}
	for counts[river.EventKindJobCompleted] < count {
		e := p.next(t)
		counts[e.Kind]++
		if e.Kind == river.EventKindJobCancelled {
			t.Fatalf("%s", e.Job.Metadata)
		}
	}
	used, end := counts[river.EventKindJobFailed], begin.Add(outage)
	t.Logf("%d jobs started in an outage of %v, %d attempts were used up; in each second after it: %v; %v", s.Between(begin, end), outage,
		used, s.PerSecond(end, time.Now()), counts)
	if used > 20 {
		t.Errorf("%d attempts were used up; want 20 at most", used)
	}
	if v.Total() != count || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), count, v.Duplicates())
	}
}

// Whatever goes wrong, each job is done, or a person knows of it.
func testFaults[TTx any](t *testing.T, open opener[TTx]) {
	count := *jobCount / 2
	for name, withLookUp := range map[string]bool{"look-up": true, "by hand": false} {
		t.Run(name, func(t *testing.T) {
			v := enginetest.NewVendor(t, enginetest.TenPercent())
			c := enginetest.NewClient(t, v.URL, policy.ForJobs())
			o := retrywiseriver.Options{Queues: []string{vendorQueue}, LookUpAfter: 10 * time.Millisecond}
			if withLookUp {
				o.LookUps = []retrywiseriver.LookUp{isThere(c)}
			}
			p := start(t, open(t)(), 8, o, func(ctx context.Context, job *river.Job[delivery]) error {
				return enginetest.Deliver(ctx, c, http.MethodPost, job.Args.ID)
			})
			insert(t, p, river.InsertOpts{}, enginetest.IDs(count)...)
			ends := map[string]int{}
			for ended := 0; ended < count; {
				if e := p.next(t); e.Job.FinalizedAt != nil {
					ended++
					ends[check(t, v, e.Job)]++
				}
			}
			t.Logf("%d executions of %d jobs, %d of them duplicates: %v", v.Total(), count, v.Duplicates(), ends)
			if v.Duplicates() != 0 || withLookUp && ends["cancelled look_up"] != 0 {
				t.Errorf("want no duplicates, and no job that is left in doubt if there is a look-up")
			}
		})
	}
}

// check compares the end of a job with the ledger, and names it.
func check(t *testing.T, v *enginetest.Vendor, job *rivertype.JobRow) string {
	t.Helper()
	var d delivery
	if err := json.Unmarshal(job.EncodedArgs, &d); err != nil {
		t.Fatal(err)
	}
	end := endingOf(t, job)
	executed := v.Count(d.ID)
	if executed > 1 || end.State == rivertype.JobStateCompleted && executed == 0 || end.Next == "set_aside" && executed != 0 {
		t.Errorf("%s: %s, next %q, executed %d times", d.ID, end.State, end.Next, executed)
	}
	return strings.TrimSpace(string(end.State) + " " + end.Next)
}
