package retrywiseasynq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
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

// A record is what a delivery creates.
type record struct {
	ID string `json:"id"`
}

// A vendor executes deliveries, and writes them into its ledger. Its reads show every write.
type vendor struct {
	retrywisetest.Ledger
	url     string
	latency time.Duration
	deny    atomic.Pointer[retrywisetest.Answer] // to every request; nil: none
}

func newVendor(t *testing.T, faults retrywisetest.Faults) *vendor {
	t.Helper()
	v := &vendor{}
	mux := http.NewServeMux()
	mux.Handle("/deliveries", faults.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var d record
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &d); err != nil {
			t.Error(err)
		}
		v.Record(d.ID, nil)
		retrywisetest.After(v.latency, retrywisetest.JSON(http.StatusCreated, `{}`))(w, r)
	})))
	mux.HandleFunc("GET /deliveries/{id}", func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		if v.Count(path.Base(r.URL.Path)) == 0 {
			status = http.StatusNotFound
		}
		retrywisetest.JSON(status, `{}`)(w, r)
	})
	srv, err := retrywisetest.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if deny := v.deny.Load(); deny != nil {
			(*deny)(w, r)
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

// denyFor gives every request an answer for some time.
func (v *vendor) denyFor(d time.Duration, answer func(left time.Duration) retrywisetest.Answer) {
	end := time.Now().Add(d)
	deny := retrywisetest.Answer(func(w http.ResponseWriter, r *http.Request) { answer(time.Until(end))(w, r) })
	v.deny.Store(&deny)
	time.AfterFunc(d, func() { v.deny.Store(nil) })
}

// newClient returns a client for tasks that calls a vendor.
func newClient(t *testing.T, v *vendor) *client.Client {
	t.Helper()
	short := policy.ForJobs()
	short.MaxWait = new(time.Second) // so that a pause of some seconds is one of the queue
	p := policy.Default().WithRetry(short)
	c, err := client.New(client.Config{BaseURL: v.url, Policy: &p})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// deliver returns a handler that delivers by c. A PUT may be repeated, a POST may not.
func deliver(c *client.Client, method string) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		_, err := client.Do[struct{}](ctx, c, client.Call{Method: method, Path: "/deliveries", Body: record{id}, Options: client.CallOptions{Op: "deliver"}})
		return err
	}
}

// isThere returns the look-up of deliveries.
func isThere(c *client.Client) map[string]retrywiseasynq.LookUp {
	return map[string]retrywiseasynq.LookUp{delivery: func(ctx context.Context, t *asynq.Task) (bool, error) {
		_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/deliveries/" + string(t.Payload()), Options: client.CallOptions{Op: "look up"}})
		if errors.Is(err, apierrors.NotFound) {
			return false, nil
		}
		return err == nil, err
	}}
}

func ids(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("P-%d", i))
	}
	return all
}

// starts are the times at which tasks started.
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
