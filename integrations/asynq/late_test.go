package retrywiseasynq_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// Only a task that is in the archive is run from there.
func TestLate(t *testing.T) {
	e := newEngine(t)
	e.enqueue(t, []string{"archived", "pending", "deleted"}, asynq.MaxRetry(0))
	for _, id := range []string{"archived", "deleted"} {
		if err := e.inspector.ArchiveTask(vendorQueue, id); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.inspector.DeleteTask(vendorQueue, "deleted"); err != nil {
		t.Fatal(err)
	}
	l := retrywiseasynq.NewLate(t, e.redis)
	due, later := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for _, id := range []string{"archived", "pending", "deleted"} {
		l.Add(t, vendorQueue, id, due)
	}
	l.Add(t, "no such queue", "1", due)
	l.Add(t, "", "9:", due)
	l.Add(t, vendorQueue, "archived later", later)
	l.RunDue(t)
	if diff := cmp.Diff([]string{"6:vendorarchived later"}, l.Names(t)); diff != "" {
		t.Error(diff)
	}
	if state := e.task(t, "archived").State; state != asynq.TaskStatePending {
		t.Errorf("the archived task is %v; want pending", state)
	}
}

// A task that is due before asynq has archived it is run afterwards.
func TestLateOfAnActiveTask(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	began, end := make(chan struct{}), make(chan struct{})
	e.process(t, 1, retrywiseasynq.Options{Valve: jobs.ValveOptions{Interval: time.Hour}}, func(context.Context, string) error {
		close(began)
		<-end
		return nil
	})
	e.enqueue(t, []string{"P-1"}, asynq.MaxRetry(0))
	<-began
	l := retrywiseasynq.NewLate(t, e.redis)
	l.Add(t, vendorQueue, "P-1", time.Now())
	l.RunDue(t)
	if diff := cmp.Diff([]string{"6:vendorP-1"}, l.Names(t)); diff != "" {
		t.Error(diff)
	}
	close(end)
	e.ended(t, 1)
}
