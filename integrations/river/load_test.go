package retrywiseriver_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

var jobCount = flag.Int("jobs", 200, "how many jobs meet a pause; half as many meet faults")

// A vendor executes deliveries, and writes them into its ledger. Its reads show every write.
type vendor struct {
	retrywisetest.Ledger
	url    string
	takes  time.Duration          // a delivery
	denies atomic.Pointer[denial] // nil: none
}

// A denial is how a vendor answers every request for a time.
type denial struct {
	until  time.Time
	answer func(left time.Duration) retrywisetest.Answer
}

// deny denies every request for d from now on, and returns the time.
func (v *vendor) deny(d time.Duration, answer func(left time.Duration) retrywisetest.Answer) time.Time {
	now := time.Now()
	v.denies.Store(&denial{now.Add(d), answer})
	return now
}

func newVendor(t *testing.T, faults retrywisetest.Faults) *vendor {
	t.Helper()
	v := &vendor{}
	mux := http.NewServeMux()
	mux.Handle("POST /deliveries", faults.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var d delivery
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &d); err != nil {
			t.Error(err)
		}
		v.Record(d.ID, nil)
		retrywisetest.After(v.takes, retrywisetest.JSON(http.StatusCreated, `{}`))(w, r)
	})))
	mux.HandleFunc("GET /deliveries/{id}", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if v.Count(path.Base(r.URL.Path)) == 0 {
			status = http.StatusNotFound
		}
		retrywisetest.JSON(status, `{}`)(w, r)
	})
	srv, err := retrywisetest.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d := v.denies.Load(); d != nil && time.Now().Before(d.until) {
			d.answer(time.Until(d.until))(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	v.url = srv.URL()
	return v
}

// tooMany is the answer while a limit is reached, in whole seconds.
func tooMany(left time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", fmt.Sprint(int(left/time.Second)+1))
}

func unavailable(time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusServiceUnavailable)
}

func deliver(ctx context.Context, c *client.Client, id string) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/deliveries", Body: delivery{id}, Options: client.CallOptions{Op: "deliver"},
	})
	return err
}

func isThere(c *client.Client) retrywiseriver.LookUp {
	return retrywiseriver.LookUpOf(func(ctx context.Context, job *river.Job[delivery]) (bool, error) {
		_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/deliveries/" + url.PathEscape(job.Args.ID), Options: client.CallOptions{Op: "look up"}})
		if errors.Is(err, apierrors.NotFound) {
			return false, nil
		}
		return err == nil, err
	})
}

func ids(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("P-%d", i))
	}
	return all
}

// starts are the times at which jobs started.
type starts struct {
	mu sync.Mutex
	at []time.Time
}

func (s *starts) add() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Now())
}

func (s *starts) between(from, to time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, at := range s.at {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// perSecond returns how many jobs started in each second from one time to another.
func (s *starts) perSecond(from, to time.Time) []int {
	var counts []int
	for ; from.Before(to); from = from.Add(time.Second) {
		counts = append(counts, s.between(from, from.Add(time.Second)))
	}
	return counts
}

// While the vendor takes no calls, no jobs are started to be snoozed.
func testPause[TTx any](t *testing.T, open opener[TTx]) {
	const pause = 4 * time.Second
	v := newVendor(t, retrywisetest.Faults{})
	v.takes = 20 * time.Millisecond // at most 400 a second, as the vendors for whose limits the client was tuned
	c := newClient(t, v.url)
	var s starts
	var begin time.Time
	var once sync.Once
	work := func(ctx context.Context, job *river.Job[delivery]) error {
		s.add()
		if v.Total() > *jobCount/4 {
			once.Do(func() { begin = v.deny(pause, tooMany) })
		}
		return deliver(ctx, c, job.Args.ID)
	}
	p := start(t, open(t)(), 8, retrywiseriver.Options{Queues: []string{vendorQueue}, LookUps: []retrywiseriver.LookUp{isThere(c)}}, work)
	insert(t, p, river.InsertOpts{}, ids(*jobCount)...)
	first := time.Now()
	for done := 0; done < *jobCount; {
		if e := p.next(t); e.Kind == river.EventKindJobCompleted {
			done++
		}
	}
	end := begin.Add(pause)
	inPause := s.between(begin, end)
	t.Logf("%d jobs started in a pause of %v; in each second before it: %v, and after it: %v", inPause, pause,
		s.perSecond(first, begin), s.perSecond(end, time.Now()))
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
	v := newVendor(t, retrywisetest.Faults{})
	c := newClient(t, v.url)
	o := retrywiseriver.Options{Queues: []string{vendorQueue}, LookUps: []retrywiseriver.LookUp{isThere(c)}, LookUpAfter: 100 * time.Millisecond}
	var s starts
	var begin time.Time
	var once sync.Once
	p := start(t, open(t)(), 8, o, func(ctx context.Context, job *river.Job[delivery]) error {
		if v.Total() >= count/3 {
			once.Do(func() { begin = v.deny(outage, unavailable) })
		}
		s.add()
		return deliver(ctx, c, job.Args.ID)
	})
	insert(t, p, river.InsertOpts{}, ids(count)...)
	counts := map[river.EventKind]int{}
	for counts[river.EventKindJobCompleted] < count {
		e := p.next(t)
		counts[e.Kind]++
		if e.Kind == river.EventKindJobCancelled {
			t.Fatalf("%s", e.Job.Metadata)
		}
	}
	used, end := counts[river.EventKindJobFailed], begin.Add(outage)
	t.Logf("%d jobs started in an outage of %v, %d attempts were used up; in each second after it: %v; %v", s.between(begin, end), outage,
		used, s.perSecond(end, time.Now()), counts)
	if used > 20 {
		t.Errorf("%d attempts were used up; want 20 at most", used)
	}
	if v.Total() != count || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), count, v.Duplicates())
	}
}

// Whatever goes wrong, each job is done, or a person knows of it.
func testFaults[TTx any](t *testing.T, open opener[TTx]) {
	faults := retrywisetest.Faults{
		Plan: retrywisetest.Seeded(1, 0.1, retrywisetest.Unavailable, retrywisetest.BadGateway, retrywisetest.GatewayTimeout,
			retrywisetest.ServerError, retrywisetest.ResetBefore, retrywisetest.ResetAfter, retrywisetest.CutBody,
			retrywisetest.GatewayTimeoutAfter, "refused"),
		Answers: map[retrywisetest.Fault]retrywisetest.Answer{"refused": retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`)},
	}
	count := *jobCount / 2
	for name, withLookUp := range map[string]bool{"look-up": true, "by hand": false} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, faults)
			c := newClient(t, v.url)
			o := retrywiseriver.Options{Queues: []string{vendorQueue}, LookUpAfter: 10 * time.Millisecond}
			if withLookUp {
				o.LookUps = []retrywiseriver.LookUp{isThere(c)}
			}
			p := start(t, open(t)(), 8, o, func(ctx context.Context, job *river.Job[delivery]) error { return deliver(ctx, c, job.Args.ID) })
			insert(t, p, river.InsertOpts{}, ids(count)...)
			ends := map[string]int{}
			for ended := 0; ended < count; {
				if e := p.next(t); e.Job.FinalizedAt != nil {
					ended++
					ends[v.check(t, e.Job)]++
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
func (v *vendor) check(t *testing.T, job *rivertype.JobRow) string {
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
