package retrywisetemporal_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
)

// A run is what Temporal's test environment did with an activity.
type run struct {
	Starts []time.Duration // of its attempts, by the virtual clock, since the first one
	Result string
	Err    error // of the workflow
}

// runActivity runs a workflow of one activity in the test environment.
func runActivity(t *testing.T, o retrywisetemporal.Options, act func(context.Context) (string, error)) run {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet())
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{retrywisetemporal.NewInterceptor(o)}})
	var mu sync.Mutex
	var begun []time.Time
	env.RegisterActivityWithOptions(func(ctx context.Context) (string, error) {
		mu.Lock()
		begun = append(begun, env.Now())
		mu.Unlock()
		return act(ctx)
	}, activity.RegisterOptions{Name: "create"})
	env.ExecuteWorkflow(createOnce)
	got := run{Err: env.GetWorkflowError()}
	if got.Err == nil {
		if err := env.GetWorkflowResult(&got.Result); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range begun {
		got.Starts = append(got.Starts, at.Sub(begun[0]).Truncate(time.Second))
	}
	return got
}

// createOnce is a workflow of one activity, which Temporal retries after 1, 2, 4 seconds and so on.
func createOnce(ctx workflow.Context) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, MaximumAttempts: 50},
	})
	var result string
	err := workflow.ExecuteActivity(ctx, "create").Get(ctx, &result)
	return result, err
}

func quiet() sdklog.Logger { return sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

// A service is Temporal's, as far as a Queue needs it.
type service struct {
	mu    sync.Mutex
	limit *taskqueuepb.RateLimitConfig
	err   error // of its methods
	deny  error // of a change
}

func (s *service) DescribeTaskQueue(context.Context, *workflowservice.DescribeTaskQueueRequest, ...grpc.CallOption) (*workflowservice.DescribeTaskQueueResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &workflowservice.DescribeTaskQueueResponse{Config: &taskqueuepb.TaskQueueConfig{QueueRateLimit: s.limit}}, s.err
}

func (s *service) UpdateTaskQueueConfig(_ context.Context, in *workflowservice.UpdateTaskQueueConfigRequest, _ ...grpc.CallOption) (*workflowservice.UpdateTaskQueueConfigResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deny != nil {
		return nil, s.deny
	}
	if s.err == nil {
		update := in.GetUpdateQueueRateLimit()
		s.set(update.GetRateLimit(), update.GetReason())
	}
	return &workflowservice.UpdateTaskQueueConfigResponse{}, s.err
}

func (s *service) set(rate *taskqueuepb.RateLimit, reason string) {
	s.limit = &taskqueuepb.RateLimitConfig{RateLimit: rate, Metadata: &taskqueuepb.ConfigMetadata{Reason: reason}}
}

// rate returns what the limit is, in words.
func (s *service) rate() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rateOf(s.limit)
}
