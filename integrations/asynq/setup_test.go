package retrywiseasynq_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/retrywise/retrywise/client"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/internal/enginetest"
	"github.com/retrywise/retrywise/policy"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	redis.SetLogger(&logging.VoidLogger{}) // it would say that a Redis is gone
	goleak.VerifyTestMain(m)
}

const (
	vendorQueue = "vendor"
	delivery    = "delivery" // the type of the tasks
)

// An engine is a Redis with what looks into it.
type engine struct {
	redis     asynq.RedisConnOpt
	client    *asynq.Client
	inspector *asynq.Inspector
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	r := asynq.RedisClientOpt{Addr: startRedis(t)}
	e := &engine{r, asynq.NewClient(r), asynq.NewInspector(r)}
	t.Cleanup(func() { _, _ = e.client.Close(), e.inspector.Close() })
	return e
}

// enqueue enqueues tasks by their ids, which are their payloads too.
func (e *engine) enqueue(t *testing.T, ids []string, o ...asynq.Option) {
	t.Helper()
	for _, id := range ids {
		o := append([]asynq.Option{asynq.TaskID(id), asynq.Queue(vendorQueue), asynq.Retention(time.Hour)}, o...)
		if _, err := e.client.Enqueue(asynq.NewTask(delivery, []byte(id)), o...); err != nil {
			t.Fatal(err)
		}
	}
}

// A process is an asynq.Server with an Adapter.
type process struct {
	*retrywiseasynq.Adapter
	server *asynq.Server
}

// process starts a process with so many workers, which ends with the test.
func (e *engine) process(t *testing.T, workers int, o retrywiseasynq.Options, work func(context.Context, string) error) *process {
	t.Helper()
	a, err := retrywiseasynq.New(e.redis, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() }) // it may be closed already
	config := asynq.Config{
		Concurrency: workers, Queues: map[string]int{vendorQueue: 1}, Logger: quiet{},
		TaskCheckInterval: 100 * time.Millisecond, DelayedTaskCheckInterval: 100 * time.Millisecond,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 0 },
	}
	return &process{a, e.run(t, a, config, work)}
}

// run starts a server, which ends with the test.
func (e *engine) run(t *testing.T, a *retrywiseasynq.Adapter, config asynq.Config, work func(context.Context, string) error) *asynq.Server {
	t.Helper()
	a.Configure(&config)
	mux := asynq.NewServeMux()
	mux.Use(a.Middleware)
	mux.HandleFunc(delivery, func(ctx context.Context, t *asynq.Task) error { return work(ctx, string(t.Payload())) })
	s := asynq.NewServer(e.redis, config)
	if err := s.Start(mux); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

// quiet is a Logger.
type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

// ended waits until so many tasks are completed or archived.
func (e *engine) ended(t *testing.T, n int) {
	t.Helper()
	poll(t, fmt.Sprintf("%d tasks have ended", n), func() bool {
		info, err := e.inspector.GetQueueInfo(vendorQueue)
		return err == nil && info.Completed+info.Archived == n
	})
}

// task returns a task.
func (e *engine) task(t *testing.T, id string) *asynq.TaskInfo {
	t.Helper()
	info, err := e.inspector.GetTaskInfo(vendorQueue, id)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// poll waits for what nothing tells.
func poll(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 3000 {
		if is() {
			return
		}
		<-tick.C
	}
	t.Fatalf("after a minute, still not: %s", what)
}

// newClient returns a client for tasks that calls a vendor.
func newClient(t *testing.T, v *enginetest.Vendor) *client.Client {
	t.Helper()
	short := policy.ForJobs()
	short.MaxWait = new(time.Second) // so that a pause of some seconds is one of the queue
	return enginetest.NewClient(t, v.URL, short)
}

// deliver returns a handler that delivers by c.
func deliver(c *client.Client, method string) func(context.Context, string) error {
	return func(ctx context.Context, id string) error { return enginetest.Deliver(ctx, c, method, id) }
}

// isThere returns the look-up of deliveries.
func isThere(c *client.Client) map[string]retrywiseasynq.LookUp {
	return map[string]retrywiseasynq.LookUp{delivery: func(ctx context.Context, t *asynq.Task) (bool, error) {
		return enginetest.IsThere(ctx, c, string(t.Payload()))
	}}
}
