package retrywiseasynq_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/retrywise/retrywise/client"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The vendor refuses one record, and then takes no calls for an hour: the queue is paused.
func Example() {
	vendor, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`),
		retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", "3600"),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer vendor.Close()
	p := policy.Default().WithRetry(policy.ForJobs())
	c, err := client.New(client.Config{BaseURL: vendor.URL(), Policy: &p})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	memory, err := miniredis.Run() // a server in memory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer memory.Close()

	redis := asynq.RedisClientOpt{Addr: memory.Addr()}
	adapter, err := retrywiseasynq.New(redis, retrywiseasynq.Options{Queues: []string{"billing"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = adapter.Close() }()
	config := asynq.Config{Concurrency: 1, Queues: map[string]int{"billing": 1}, Logger: quiet{}}
	adapter.Configure(&config)
	mux := asynq.NewServeMux()
	mux.Use(adapter.Middleware)
	mux.HandleFunc("invoice", func(ctx context.Context, t *asynq.Task) error {
		_, err := client.Do[struct{}](ctx, c, client.Call{
			Method: http.MethodPost, Path: "/invoices", Body: map[string]string{"id": string(t.Payload())},
			Options: client.CallOptions{Op: "invoices.create"},
		})
		return err
	})

	tasks := asynq.NewClient(redis)
	defer func() { _ = tasks.Close() }()
	for _, id := range []string{"1", "2", "3", "4"} {
		if _, err := tasks.Enqueue(asynq.NewTask("invoice", []byte(id)), asynq.Queue("billing"), asynq.TaskID(id)); err != nil {
			fmt.Println(err)
			return
		}
	}
	server := asynq.NewServer(redis, config)
	if err := server.Start(mux); err != nil {
		fmt.Println(err)
		return
	}
	inspector := asynq.NewInspector(redis)
	defer func() { _ = inspector.Close() }()
	for {
		queue, err := inspector.GetQueueInfo("billing")
		if err != nil {
			fmt.Println(err)
			return
		}
		if queue.Retry == 1 {
			fmt.Printf("paused: %v; pending %d, to be run later %d, archived %d\n", queue.Paused, queue.Pending, queue.Retry, queue.Archived)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	server.Shutdown()
	archived, err := inspector.GetTaskInfo("billing", "1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(archived.LastErr)
	// Output:
	// paused: true; pending 2, to be run later 1, archived 1
	// set_aside: invoices.create: validation (422)
}
