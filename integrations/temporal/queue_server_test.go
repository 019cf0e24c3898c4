//go:build temporalserver

package retrywisetemporal_test

import (
	"context"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	temporalclient "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
)

// limited sets the limit of the task queue as an operator does.
func (f *fixture) limited(t *testing.T, rate *taskqueuepb.RateLimit, reason string) {
	t.Helper()
	_, err := f.temporal.WorkflowService().UpdateTaskQueueConfig(t.Context(), &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: f.namespace, Identity: "operator", TaskQueue: f.queue + "-vendor", TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY,
		UpdateQueueRateLimit: &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{RateLimit: rate, Reason: reason},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.waitForRate(t, rateOf(&taskqueuepb.RateLimitConfig{RateLimit: rate, Metadata: &taskqueuepb.ConfigMetadata{Reason: reason}}))
}

// waitForRate waits until the server shows a limit: it does a moment after it has taken it.
func (f *fixture) waitForRate(t *testing.T, want string) {
	t.Helper()
	for ticker := time.NewTicker(20 * time.Millisecond); ; <-ticker.C {
		answer, err := f.temporal.WorkflowService().DescribeTaskQueue(t.Context(), &workflowservice.DescribeTaskQueueRequest{
			Namespace: f.namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: f.queue + "-vendor"},
			TaskQueueType: enumspb.TASK_QUEUE_TYPE_ACTIVITY, ReportConfig: true,
		})
		if err != nil {
			t.Fatalf("while the limit is not %s: %v", want, err)
		}
		if rateOf(answer.GetConfig().GetQueueRateLimit()) == want {
			return
		}
	}
}

// A pause restores the limit of an operator, and leaves an operator's pause alone.
func TestServerKeepsTheOperatorsLimit(t *testing.T) {
	t.Parallel()
	f := connect(t)
	q := f.vendorQueue()
	f.limited(t, &taskqueuepb.RateLimit{RequestsPerSecond: 25}, "the vendor's plan")
	until := time.Now().Add(time.Hour)
	if err := q.Pause(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	f.waitForRate(t, paused)
	if got, err := q.PausedUntil(t.Context()); err != nil || !got.Equal(until) {
		t.Errorf("paused until %v, %v; want %v", got, err, until)
	}
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.waitForRate(t, "25 per second, the vendor's plan")
	f.limited(t, &taskqueuepb.RateLimit{}, "maintenance")
	if err := q.Pause(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	if got, err := q.PausedUntil(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("paused until %v, %v; want nothing, as the pause is the operator's", got, err)
	}
	if err := q.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.waitForRate(t, "0 per second, maintenance")
}

// The pause of a process that is gone is kept, and ended, by another one.
func TestServerResumesForAnotherProcess(t *testing.T) {
	t.Parallel()
	const orders, closed = 40, 7 * time.Second // a call waits for up to 5 s itself
	vendor := &closingVendor{open: 15, refuse: limit, closed: closed}
	f := connect(t)
	first := f.valve(t)
	c := newVendorClient(t, vendor)
	w := f.work(t, retrywisetemporal.Options{Valve: first}, func(ctx context.Context, order string) error { return post(ctx, c, order) })
	b := f.enqueue(t, newOrders(orders))
	f.waitForRate(t, paused)
	w.Stop()
	_ = first.Close()
	other := newVendorClient(t, vendor)
	f.work(t, retrywisetemporal.Options{Valve: f.valve(t)}, func(ctx context.Context, order string) error { return post(ctx, other, order) })
	ends := b.wait(t)
	since, until := vendor.times()
	started := f.startsBetween(since, until)
	t.Logf("%d activities started in the pause, %d calls were refused", started, vendor.refused)
	if started > 10 || ends["done"] != orders || vendor.ledger.Duplicates() > 0 {
		t.Errorf("%d activities started in the pause; ends %v; %d twice", started, ends, vendor.ledger.Duplicates())
	}
	f.waitForRate(t, "no limit")
}

// A worker that runs activities eagerly does not ask the task queue, so a pause does not hold them.
func TestServerPausesAreNotForEagerActivities(t *testing.T) {
	f := connect(t)
	for name, isEager := range map[string]bool{"eager": true, "not eager": false} {
		t.Run(name, func(t *testing.T) {
			queue := f.queue + " " + name
			q := retrywisetemporal.NewQueue(f.temporal.WorkflowService(), f.namespace, queue)
			begun := make(chan time.Time, 1)
			w := worker.New(f.temporal, queue, worker.Options{DisableEagerActivities: !isEager})
			w.RegisterActivityWithOptions(func(context.Context) error { begun <- time.Now(); return nil }, activity.RegisterOptions{Name: "create"})
			w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error { return createHourly(ctx) }, workflow.RegisterOptions{Name: "one"})
			if err := q.Pause(t.Context(), time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			f.start(t, w)
			run, err := f.temporal.ExecuteWorkflow(t.Context(), temporalclient.StartWorkflowOptions{TaskQueue: queue}, "one")
			if err != nil {
				t.Fatal(err)
			}
			f.waitForActivity(t, run)
			time.Sleep(300 * time.Millisecond) // a worker that does not ask begins at once
			resumed := time.Now()
			if err := q.Resume(t.Context()); err != nil {
				t.Fatal(err)
			}
			if at := <-begun; at.Before(resumed) != isEager {
				t.Errorf("the activity began %v after the end of the pause", at.Sub(resumed))
			}
		})
	}
}

// waitForActivity waits until a workflow has an activity.
func (f *fixture) waitForActivity(t *testing.T, run temporalclient.WorkflowRun) {
	t.Helper()
	for ticker := time.NewTicker(20 * time.Millisecond); ; <-ticker.C {
		d := f.describe(t, run)
		if len(d.GetPendingActivities()) > 0 || d.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return
		}
	}
}

// describe returns what the UI knows of a workflow.
func (f *fixture) describe(t *testing.T, run temporalclient.WorkflowRun) *workflowservice.DescribeWorkflowExecutionResponse {
	t.Helper()
	d, err := f.temporal.DescribeWorkflow(t.Context(), run.GetID(), run.GetRunID())
	if err != nil {
		t.Fatal(err)
	}
	return d.RawResponse
}
