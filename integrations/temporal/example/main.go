// Command example creates three orders by activities of Temporal, in its test environment, whose
// clock is virtual: the six hours that the vendor asks for take milliseconds.
//
//	go -C integrations/temporal run ./example
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run creates the orders, and prints what happens when.
func run(out io.Writer) error {
	vendor, err := retrywisetest.Start(standIn())
	if err != nil {
		return err
	}
	defer vendor.Close()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	start := env.Now()
	a := activities{url: vendor.URL(), say: func(format string, args ...any) {
		after := env.Now().Sub(start).Truncate(time.Second)
		if after > time.Hour {
			after = after.Truncate(10 * time.Minute) // delays are spread
		}
		fmt.Fprintf(out, "after %v: %s\n", after, fmt.Sprintf(format, args...))
	}}
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{
		retrywisetemporal.NewInterceptor(retrywisetemporal.Options{
			LookUp: map[string]retrywisetemporal.LookUp{"CreateOrder": a.findOrder},
		}),
	}})
	env.RegisterActivity(a.CreateOrder)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		for _, order := range []string{"O-1", "O-2", "O-3"} {
			err := workflow.ExecuteActivity(ctx, a.CreateOrder, order).Get(ctx, nil)
			if f, ok := retrywisetemporal.FailureOf(err); ok {
				a.say("%s, says the workflow: %v, as it is a failure of class %v", order, f.Next, f.Class)
			}
		}
		return nil
	})
	return env.GetWorkflowError()
}

// activities are those of the worker.
type activities struct {
	url string
	say func(format string, args ...any)
}

// CreateOrder is an activity. It returns the error of the client as it is.
func (a activities) CreateOrder(ctx context.Context, order string) error {
	c, err := a.newClient()
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = client.Do[struct{}](ctx, c, client.Call{Method: http.MethodPost, Path: "/orders/" + url.PathEscape(order)})
	if err != nil {
		a.say("%s, attempt %d: %v", order, activity.GetInfo(ctx).Attempt, apierrors.ClassOf(err))
		return err
	}
	a.say("%s, attempt %d: created", order, activity.GetInfo(ctx).Attempt)
	return nil
}

// findOrder looks up whether the vendor has the order that an activity was to create.
func (a activities) findOrder(ctx context.Context, args []any) (result any, found bool, err error) {
	c, err := a.newClient()
	if err != nil {
		return nil, false, err
	}
	defer c.Close()
	answer, err := client.Do[[]string](ctx, c, client.Call{Path: "/orders", Query: url.Values{"id": {fmt.Sprint(args[0])}}})
	if err != nil {
		return nil, false, err
	}
	a.say("%v is looked up: %d found", args[0], len(answer))
	return nil, len(answer) > 0, nil
}

// newClient returns a new client for an attempt, as if another worker ran it. The worker
// that got the 429 keeps to the six hours by the real clock. A worker of yours has one client.
func (a activities) newClient() (*client.Client, error) {
	p := policy.Default().WithRetry(policy.ForJobs())
	return client.New(client.Config{BaseURL: a.url, Policy: &p})
}

// standIn is the vendor: it takes O-1 six hours later, creates O-2 without saying so, and refuses
// O-3.
func standIn() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /orders/O-1", retrywisetest.Script(
		retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", "21600"),
		retrywisetest.JSON(http.StatusCreated, `{}`),
	))
	mux.Handle("POST /orders/O-2", retrywisetest.HTML(http.StatusGatewayTimeout))
	mux.Handle("POST /orders/O-3", retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`))
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		found := `[]`
		if r.URL.Query().Get("id") == "O-2" {
			found = `["O-2"]`
		}
		retrywisetest.JSON(http.StatusOK, found)(w, r)
	})
	return mux
}
