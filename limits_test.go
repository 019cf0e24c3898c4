package retrywise_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// limitWorkers is how many workers a limitedJob has.
const limitWorkers = 12

// A limitedJob is many tasks that a limit of a vendor holds back, and a fake of that vendor
// which enforces it.
type limitedJob struct {
	workers int // if there are more than limitWorkers
	vendor  string
	fake    http.Handler
	auth    func(*testing.T, *retrywisetest.Server) client.Auth
	policy  func(policy.Policy) policy.Policy // nil: the policy of the vendor's data

	tasks    int
	task     func(ctx context.Context, c *client.Client, i int) error
	allowed  time.Duration      // the shortest time in which the limit allows the tasks
	executed func() int         // how many tasks the fake has executed
	statuses func() map[int]int // of the fake
	check    func(*testing.T)   // nil: nothing else
}

// A job keeps within the limits of the vendor's data, and uses them up.
func TestLimitsOfVendors(t *testing.T) {
	for name, newJob := range map[string]func() limitedJob{
		"rdstation, contacts":     rdstationContacts,
		"rdstation, each contact": rdstationOneContact,
		"playable, hour":          playableHour,
		"playable, pause":         playableAction("pause", 20, 19*time.Minute),
		"playable, resume":        playableAction("resume", 20, 19*time.Minute),
		"playable, clear-cache":   playableAction("clear-cache", 12, 55*time.Minute),
		"playable, statistics":    playableStatistics,
		"playable, copy":          playableCopies,
		"connectif, exports":      connectifExports,
		"connectif, imports":      connectifImports,
		"customergauge, uploads":  customergaugeUploads,
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) { newJob().run(t) })
		})
	}
}

// run runs the job, and checks that no task was refused or lost, and how long it took.
func (j limitedJob) run(t *testing.T) {
	t.Helper()
	c := j.newClient(t)
	defer c.Close()
	start := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range max(j.workers, limitWorkers) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < j.tasks; i = int(next.Add(1)) - 1 {
				if err := j.task(t.Context(), c, i); err != nil {
					t.Errorf("task %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(start)
	t.Logf("%d tasks took %v: %.2f%% more than the limit allows, %v", j.tasks, took, 100*(took.Seconds()/j.allowed.Seconds()-1), j.allowed)
	if took > j.allowed+j.allowed/50 {
		t.Errorf("took %v; want at most 2%% more than %v", took, j.allowed)
	}
	for status, n := range j.statuses() {
		if status < 200 || status > 299 {
			t.Errorf("%d responses with status %d; want none", n, status)
		}
	}
	if diff := cmp.Diff(j.tasks, j.executed()); diff != "" {
		t.Errorf("executed tasks (-want +got):\n%s", diff)
	}
	if j.check != nil {
		j.check(t)
	}
}

func (j limitedJob) newClient(t *testing.T) *client.Client {
	t.Helper()
	srv := retrywisetest.Handle(t, farAway(j.fake))
	config := client.Config{Vendor: mustLookup(t, j.vendor), BaseURL: srv.URL(), Transport: srv.Transport(), Auth: j.auth(t, srv)}
	if j.policy != nil {
		config.Policy = new(j.policy(mustLookup(t, j.vendor).Policy()))
	}
	c, err := client.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustLookup(t *testing.T, name string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// farAway serves h as from a distance: each request and each response is under way for 5 ms to
// 40 ms. So requests arrive out of order.
func farAway(h http.Handler) http.Handler {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	way := func() <-chan time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.After(5*time.Millisecond + time.Duration(random.Int64N(int64(35*time.Millisecond))))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-way()
		h.ServeHTTP(w, r) // a short response is buffered until this handler returns
		<-way()
	})
}

// do makes a call as a scheduler does: it makes a deferred call again at the time that the
// error says.
func do[T any](ctx context.Context, c *client.Client, call client.Call) (T, error) {
	for {
		value, err := client.Do[T](ctx, c, call)
		at, isDeferred := apierrors.RetryAt(err)
		if err == nil || !isDeferred {
			return value, err
		}
		if err := sleepUntil(ctx, at); err != nil {
			return value, err
		}
	}
}

func sleepUntil(ctx context.Context, at time.Time) error {
	select {
	case <-time.After(time.Until(at)):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fixed returns the auth of a job whose credential does not expire.
func fixed(auth client.Auth) func(*testing.T, *retrywisetest.Server) client.Auth {
	return func(*testing.T, *retrywisetest.Server) client.Auth { return auth }
}

// address returns the e-mail address of a contact.
func address(i int) string { return fmt.Sprintf("c%d@example.com", i) }
