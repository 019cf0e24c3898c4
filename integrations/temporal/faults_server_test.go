//go:build temporalserver

package retrywisetemporal_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
)

// shop creates orders and looks them up.
func shop(ledger *retrywisetest.Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		ledger.Record(r.PathValue("id"), nil)
		retrywisetest.JSON(http.StatusCreated, `{}`)(w, r)
	})
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		if ledger.Count(r.PathValue("id")) == 0 {
			retrywisetest.JSON(http.StatusNotFound, `{}`)(w, r)
			return
		}
		retrywisetest.JSON(http.StatusOK, `{}`)(w, r)
	})
	return mux
}

// isThere reports whether the vendor has an order.
func isThere(ctx context.Context, c *client.Client, order string) (bool, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/orders/" + order})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// A tenth of the requests fails, before or after the vendor has executed them: no order is created
// twice, and none is lost.
func TestServerCreatesEachOrderOnce(t *testing.T) {
	const orders = 100
	for name, test := range map[string]struct {
		workflow string
		looksUp  bool
	}{
		"looked up by the interceptor":  {"fan out", true},
		"looked up by the workflow":     {"reconcile", false},
		"parked, as nobody looks it up": {"fan out", false},
	} {
		t.Run(name, func(t *testing.T) {
			var ledger retrywisetest.Ledger
			c := newVendorClient(t, retrywisetest.Faults{Plan: retrywisetest.Seeded(1, 0.1)}.Handler(shop(&ledger)))
			f := connect(t)
			f.reconciles(t, c)
			o := retrywisetemporal.Options{Valve: f.valve(t), LookUpDelay: 100 * time.Millisecond}
			if test.looksUp {
				o.LookUp = map[string]retrywisetemporal.LookUp{"create": func(ctx context.Context, args []any) (any, bool, error) {
					found, err := isThere(ctx, c, args[0].(string))
					return nil, found, err
				}}
			}
			f.work(t, o, func(ctx context.Context, order string) error { return post(ctx, c, order) })
			ends := f.enqueueAs(t, test.workflow, newOrders(orders)).wait(t)
			attempts := 0
			for _, n := range f.counts {
				attempts += n
			}
			t.Logf("ends %v after %d attempts; %d created, %d twice", ends, attempts, len(ledger.Keys()), ledger.Duplicates())
			if ledger.Duplicates() > 0 || ends["done"]+ends["look_up"] != orders || len(ledger.Keys()) < ends["done"] {
				t.Errorf("ends %v; %d created, %d twice", ends, len(ledger.Keys()), ledger.Duplicates())
			}
			if isParked := ends["look_up"] > 0; isParked == (test.looksUp || test.workflow == "reconcile") {
				t.Errorf("%d are parked", ends["look_up"])
			}
		})
	}
}

// reconciles starts a worker of the workflow that looks up by itself.
func (f *fixture) reconciles(t *testing.T, c *client.Client) {
	t.Helper()
	w := worker.New(f.temporal, f.queue+"-lookups", worker.Options{
		DisableWorkflowWorker: true,
		Interceptors:          []interceptor.WorkerInterceptor{retrywisetemporal.NewInterceptor(retrywisetemporal.Options{})},
	})
	w.RegisterActivityWithOptions(func(ctx context.Context, order string) (bool, error) { return isThere(ctx, c, order) },
		activity.RegisterOptions{Name: "find"})
	f.start(t, w)
}

// reconcile is a workflow that creates each order, and finds out whether one is there that may be.
func reconcile(ctx workflow.Context, queue string, orders []string) (map[string]int, error) {
	o := workflow.ActivityOptions{
		TaskQueue: queue + "-vendor", StartToCloseTimeout: time.Minute,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond},
	}
	creates := workflow.WithActivityOptions(ctx, o)
	o.TaskQueue = queue + "-lookups"
	finds := workflow.WithActivityOptions(ctx, o)
	ends, group := map[string]int{}, workflow.NewWaitGroup(ctx)
	for _, order := range orders {
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			for {
				err := workflow.ExecuteActivity(creates, "create", order).Get(ctx, nil)
				f, _ := retrywisetemporal.FailureOf(err)
				if f.Next != jobs.LookUp {
					ends[f.Next.String()]++
					return
				}
				isThere := false
				if err := workflow.ExecuteActivity(finds, "find", order).Get(ctx, &isThere); err != nil || isThere {
					ends["done"]++ // an error is counted as lost by the ledger
					return
				}
			}
		})
	}
	group.Wait(ctx)
	return ends, nil
}
