package retrywisedbos_test

import (
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"

	retrywisedbos "github.com/retrywise/retrywise/integrations/dbos"
	"github.com/retrywise/retrywise/jobs"
)

// newQueue returns the jobs.Queue of a process that works on nothing, and reads its worker
// concurrency; nil is 0.
func newQueue(t *testing.T, db database, slots int) (q jobs.Queue, p *process, concurrency func() int) {
	t.Helper()
	p = connect(t, db, "")
	t.Cleanup(func() { p.stop() })
	handle, err := retrywisedbos.RegisterQueue(p.dbos, vendorQueue, jobs.ValveOptions{Interval: time.Hour}, dbos.WithWorkerConcurrency(slots))
	if err != nil {
		t.Fatal(err)
	}
	p.queue = handle
	return retrywisedbos.QueueOf(p.dbos, vendorQueue), p, func() int {
		handle, err := dbos.RetrieveQueue(p.dbos, vendorQueue)
		if err != nil {
			t.Fatal(err)
		}
		return *handle.GetWorkerConcurrency()
	}
}

func until(t *testing.T, q jobs.Queue) time.Time {
	t.Helper()
	at, err := q.PausedUntil(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// A pause is known to all processes, and each may end it once it is over.
func testQueue(t *testing.T, db database) {
	q, _, concurrency := newQueue(t, db, 8)
	other, _, _ := newQueue(t, db, 8)
	if at := until(t, q); !at.IsZero() {
		t.Errorf("paused until %v", at)
	}
	end := time.Now().Add(500 * time.Millisecond).UTC()
	if err := q.Pause(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	if err := other.Pause(t.Context(), end.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if at := until(t, other); !at.Equal(end) || concurrency() != -1 {
		t.Errorf("paused until %v with %d slots; want %v and -1", at, concurrency(), end)
	}
	for range 2 {
		if err := other.Resume(t.Context()); err != nil || concurrency() != 8 || !until(t, q).IsZero() {
			t.Errorf("%d slots after the pause; %v", concurrency(), err)
		}
	}
	if err := q.Pause(t.Context(), time.Now().Add(time.Hour)); err != nil || until(t, q).IsZero() {
		t.Errorf("not paused again; %v", err)
	}
}

// What an operator sets is left alone.
func testOperator(t *testing.T, db database) {
	q, p, concurrency := newQueue(t, db, 8)
	set := func(n int) {
		t.Helper()
		handle, err := dbos.RetrieveQueue(p.dbos, vendorQueue)
		if err == nil {
			err = handle.SetWorkerConcurrency(p.dbos, &n)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	set(0)
	if err := q.Pause(t.Context(), time.Now().Add(time.Hour)); err != nil || concurrency() != 0 || !until(t, q).IsZero() {
		t.Errorf("%d slots in the operator's pause; %v", concurrency(), err)
	}
	set(8)
	for _, n := range []int{0, 3} {
		end := time.Now().Add(300 * time.Millisecond)
		if err := q.Pause(t.Context(), end); err != nil || concurrency() != -1 {
			t.Errorf("%d slots in a pause; %v", concurrency(), err)
		}
		set(n)
		time.Sleep(time.Until(end))
		if err := q.Resume(t.Context()); err != nil || concurrency() != n {
			t.Errorf("%d slots; want those that the operator has set, %d; %v", concurrency(), n, err)
		}
		set(8)
	}
	end := time.Now().Add(300 * time.Millisecond)
	if err := q.Pause(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	set(8) // the operator ends the pause
	time.Sleep(time.Until(end))
	end = time.Now().Add(time.Hour)
	if err := q.Pause(t.Context(), end); err != nil || concurrency() != -1 || !until(t, q).Equal(end) {
		t.Errorf("paused until %v with %d slots; want %v; %v", until(t, q), concurrency(), end, err)
	}
}

// A process that registers the queue in a pause does not end it, and its number of slots counts
// afterwards.
func testRegisteredAgain(t *testing.T, db database) {
	q, _, concurrency := newQueue(t, db, 8)
	end := time.Now().Add(time.Second)
	if err := q.Pause(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	q, _, _ = newQueue(t, db, 5)
	if at := until(t, q); !at.Equal(end) || concurrency() != -1 {
		t.Errorf("paused until %v with %d slots", at, concurrency())
	}
	time.Sleep(time.Until(end))
	if err := q.Resume(t.Context()); err != nil || concurrency() != 5 {
		t.Errorf("%d slots; %v", concurrency(), err)
	}
}

func testNotPausable(t *testing.T, db database) {
	p := connect(t, db, "")
	t.Cleanup(p.stop)
	for name, o := range map[string]dbos.QueueOption{
		"slots":      dbos.WithPartitionWorkerConcurrency(1),
		"partitions": dbos.WithPartitionQueue(), //nolint:staticcheck // there are queues that have it
	} {
		if _, err := retrywisedbos.RegisterQueue(p.dbos, name, jobs.ValveOptions{}, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	unknown := retrywisedbos.QueueOf(p.dbos, "unknown")
	if at := until(t, unknown); !at.IsZero() {
		t.Errorf("a queue that nobody registered is paused until %v", at)
	}
	if err := unknown.Pause(t.Context(), time.Now().Add(time.Hour)); err == nil {
		t.Error("a queue that nobody registered was paused")
	}
}

// Without the record of a pause, nobody knows how many slots there were.
func testNoRecord(t *testing.T, db database) {
	q, p, _ := newQueue(t, db, 8)
	if err := q.Pause(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	records, err := dbos.ListWorkflows(p.dbos, dbos.WithFilterName("retrywise.pause"))
	if err != nil || len(records) != 1 || records[0].Status != dbos.WorkflowStatusDelayed {
		t.Fatalf("%v, %v; want one", records, err)
	}
	if err := dbos.DeleteWorkflows(p.dbos, []string{records[0].ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := q.PausedUntil(t.Context()); err == nil {
		t.Error("no error")
	}
}

// A process that was killed in a pause does not keep the queue paused.
func testPauseOfAnotherProcess(t *testing.T, db database) {
	q, p, _ := newQueue(t, db, 8)
	enqueue(t, p, "P-1")
	end := time.Now().Add(time.Second)
	if err := q.Pause(t.Context(), end); err != nil {
		t.Fatal(err)
	}
	p.stop() // its valve has never looked at the queue again
	ran := make(chan time.Time, 1)
	start(t, db, setting{slots: 1}, func(dbos.Context, retrywisedbos.Options, string) (string, error) {
		ran <- time.Now()
		return "done", nil
	})
	if at := receive(t, ran); at.Before(end) {
		t.Errorf("a job ran %v before the end of the pause", end.Sub(at))
	}
}

func TestNextOf(t *testing.T) {
	for text, want := range map[string]bool{
		"retrywise: look_up: timeout":               true,
		"order 7: retrywise: set_aside: bad e-mail": true,
		"retrywise: perhaps: bad e-mail":            false,
		"no such row":                               false,
	} {
		if _, got := retrywisedbos.NextOf(errorText(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if got, ok := retrywisedbos.NextOf(&retrywisedbos.Error{Next: jobs.Stop}); !ok || got != jobs.Stop {
		t.Errorf("got %v", got)
	}
	if got, ok := retrywisedbos.NextOf(nil); ok {
		t.Errorf("got %v", got)
	}
}

type errorText string

func (e errorText) Error() string { return string(e) }
