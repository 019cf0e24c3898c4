//go:build temporalserver

package retrywisetemporal_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	temporalclient "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/retrywise/retrywise/client"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// serverOfTests starts the server that .ci/temporal has built, once for all tests. It ends with
// this process.
var serverOfTests = sync.OnceValues(func() (options temporalclient.Options, err error) {
	cmd := exec.CommandContext(context.Background(), os.Getenv("TEMPORAL_SERVER")) // it serves all tests
	output, err := cmd.StdoutPipe()
	if err != nil {
		return options, err
	}
	if lifeline, err = cmd.StdinPipe(); err != nil {
		return options, err
	}
	if err = cmd.Start(); err != nil {
		return options, fmt.Errorf("%w: run make temporal, which builds it", err)
	}
	_, err = fmt.Fscan(output, &options.HostPort, &options.Namespace)
	options.Logger = quiet()
	return options, err
})

// lifeline is the standard input of the server, which ends when it does.
var lifeline io.Closer

// A fixture is a task queue for activities on a real server, with its own worker.
type fixture struct {
	temporal  temporalclient.Client
	namespace string
	queue     string // of the workflows; that of the activities has "-vendor" behind it

	mu     sync.Mutex
	starts []time.Time    // of the attempts of all activities
	counts map[string]int // of attempts, by order
}

// connect returns a fixture without a worker of activities, and starts one of the workflows.
func connect(t *testing.T) *fixture {
	t.Helper()
	options, err := serverOfTests()
	if err != nil {
		t.Fatal(err)
	}
	c, err := temporalclient.DialContext(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	f := &fixture{temporal: c, namespace: options.Namespace, queue: t.Name(), counts: map[string]int{}}
	w := worker.New(c, f.queue, worker.Options{DisableEagerActivities: true, LocalActivityWorkerOnly: true})
	w.RegisterWorkflowWithOptions(fanOut, workflow.RegisterOptions{Name: "fan out"})
	w.RegisterWorkflowWithOptions(reconcile, workflow.RegisterOptions{Name: "reconcile"})
	f.start(t, w)
	return f
}

func (f *fixture) start(t *testing.T, w worker.Worker) {
	t.Helper()
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

// vendorQueue returns the task queue of the activities.
func (f *fixture) vendorQueue() *retrywisetemporal.Queue {
	return retrywisetemporal.NewQueue(f.temporal.WorkflowService(), f.namespace, f.queue+"-vendor")
}

// valve returns a new valve of the task queue, which ends with the test.
func (f *fixture) valve(t *testing.T) *jobs.Valve {
	t.Helper()
	v := jobs.NewValve(f.vendorQueue(), jobs.ValveOptions{Interval: time.Second, OnError: func(err error) { t.Log(err) }})
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// work starts a worker that runs the activity called create, eight at a time.
func (f *fixture) work(t *testing.T, o retrywisetemporal.Options, create func(ctx context.Context, order string) error) worker.Worker {
	t.Helper()
	w := worker.New(f.temporal, f.queue+"-vendor", worker.Options{
		MaxConcurrentActivityExecutionSize: 8,
		WorkerStopTimeout:                  10 * time.Second,
		DisableWorkflowWorker:              true,
		Interceptors:                       []interceptor.WorkerInterceptor{retrywisetemporal.NewInterceptor(o)},
	})
	w.RegisterActivityWithOptions(func(ctx context.Context, order string) error {
		f.mu.Lock()
		f.starts = append(f.starts, time.Now())
		f.counts[order]++
		f.mu.Unlock()
		return create(ctx, order)
	}, activity.RegisterOptions{Name: "create"})
	f.start(t, w)
	return w
}

// A batch is the workflows that create some orders.
type batch struct {
	f    *fixture
	runs []temporalclient.WorkflowRun
}

// enqueue starts workflows that create the orders.
func (f *fixture) enqueue(t *testing.T, orders []string) batch {
	t.Helper()
	return f.enqueueAs(t, "fan out", orders)
}

// enqueueAs starts workflows of a name that create the orders.
func (f *fixture) enqueueAs(t *testing.T, name string, orders []string) batch {
	t.Helper()
	const each = 250 // orders of a workflow
	b := batch{f: f}
	for i := 0; i < len(orders); i += each {
		run, err := f.temporal.ExecuteWorkflow(t.Context(), temporalclient.StartWorkflowOptions{TaskQueue: f.queue}, name, f.queue, orders[i:min(i+each, len(orders))])
		if err != nil {
			t.Fatal(err)
		}
		b.runs = append(b.runs, run)
	}
	return b
}

// wait returns how many orders ended how.
func (b batch) wait(t *testing.T) map[string]int {
	t.Helper()
	ends := map[string]int{}
	for _, run := range b.runs {
		var part map[string]int
		if err := run.Get(t.Context(), &part); err != nil {
			t.Fatal(err)
		}
		for end, n := range part {
			ends[end] += n
		}
	}
	return ends
}

// terminate ends what is left of the workflows.
func (b batch) terminate(t *testing.T) {
	t.Helper()
	for _, run := range b.runs {
		_ = b.f.temporal.TerminateWorkflow(t.Context(), run.GetID(), "", "the test is over") // it may have ended
	}
}

// fanOut is a workflow that creates each order by an activity, and returns how many ended how.
func fanOut(ctx workflow.Context, queue string, orders []string) (map[string]int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           queue + "-vendor",
		StartToCloseTimeout: 20 * time.Second, // which a task takes that is given to a worker that has stopped
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond},
	})
	var all []workflow.Future
	for _, order := range orders {
		all = append(all, workflow.ExecuteActivity(ctx, "create", order))
	}
	ends := map[string]int{}
	for _, one := range all {
		err := one.Get(ctx, nil)
		if f, ok := retrywisetemporal.FailureOf(err); ok {
			ends[f.Next.String()]++
		} else if err != nil {
			ends[err.Error()]++
		} else {
			ends["done"]++
		}
	}
	return ends, nil
}

// startsBetween returns how many attempts began between two moments.
func (f *fixture) startsBetween(from, to time.Time) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, at := range f.starts {
		if at.After(from) && at.Before(to) {
			n++
		}
	}
	return n
}

// newVendorClient returns a client of a server over TCP, with the bounds for job engines.
func newVendorClient(t *testing.T, h http.Handler) *client.Client {
	t.Helper()
	srv, err := retrywisetest.Start(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	p := policy.Default().WithRetry(policy.ForJobs())
	c, err := client.New(client.Config{BaseURL: srv.URL(), Policy: &p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// newOrders returns n names.
func newOrders(n int) (all []string) {
	for i := range n {
		all = append(all, "order-"+strconv.Itoa(i))
	}
	return all
}

// post creates an order at the vendor.
func post(ctx context.Context, c *client.Client, order string) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{Method: http.MethodPost, Path: "/orders/" + order})
	return err
}
