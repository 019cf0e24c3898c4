// Command example creates invoices by tasks of asynq. Its stand-in for a vendor refuses one, executes
// one without saying so, and takes no calls for six seconds: the queue is paused, and no task is
// started to learn that.
//
//	go -C integrations/asynq/example run .
//	go -C integrations/asynq/example run . -redis 127.0.0.1:6379
//
// Without -redis, it uses a server in memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

func main() {
	address := flag.String("redis", "", "host and port of a Redis; empty: one in memory")
	flag.Parse()
	if err := run(os.Stdout, *address); err != nil {
		log.Fatal(err)
	}
}

const (
	billing = "billing" // the queue: its tasks call one account of the vendor
	invoice = "invoice" // the type of the tasks
	count   = 30
)

func run(out io.Writer, address string) error {
	if address == "" {
		memory, err := miniredis.Run()
		if err != nil {
			return err
		}
		defer memory.Close()
		address = memory.Addr()
	}
	vendor, err := retrywisetest.Start(standIn())
	if err != nil {
		return err
	}
	defer vendor.Close()
	p := policy.Default().WithRetry(policy.ForJobs())
	c, err := client.New(client.Config{BaseURL: vendor.URL(), Policy: &p})
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker{c, asynq.RedisClientOpt{Addr: address}, out}
	return w.work()
}

type worker struct {
	client *client.Client
	redis  asynq.RedisClientOpt
	out    io.Writer
}

// work runs a server of asynq until every invoice is created or archived.
func (w worker) work() error {
	adapter, err := retrywiseasynq.New(w.redis, retrywiseasynq.Options{
		Queues:      []string{billing},
		LookUps:     map[string]retrywiseasynq.LookUp{invoice: w.isThere},
		LookUpAfter: time.Second,
	})
	if err != nil {
		return err
	}
	defer func() { _ = adapter.Close() }()
	config := asynq.Config{
		Concurrency: 4, Queues: map[string]int{billing: 1}, LogLevel: asynq.ErrorLevel,
		ShutdownTimeout: 40 * time.Second, DelayedTaskCheckInterval: time.Second,
	}
	adapter.Configure(&config)
	mux := asynq.NewServeMux()
	mux.Use(adapter.Middleware)
	mux.HandleFunc(invoice, w.create)
	server := asynq.NewServer(w.redis, config)
	if err := server.Start(mux); err != nil {
		return err
	}
	defer server.Shutdown()
	if err := w.enqueue(); err != nil {
		return err
	}
	return w.watch()
}

// create creates an invoice.
func (w worker) create(ctx context.Context, t *asynq.Task) error {
	_, err := client.Do[struct{}](ctx, w.client, client.Call{
		Method: http.MethodPost, Path: "/invoices/" + url.PathEscape(string(t.Payload())),
		Options: client.CallOptions{Op: "invoices.create"},
	})
	return err
}

// isThere finds out whether the vendor has created an invoice.
func (w worker) isThere(ctx context.Context, t *asynq.Task) (bool, error) {
	_, err := client.Do[struct{}](ctx, w.client, client.Call{
		Path: "/invoices/" + url.PathEscape(string(t.Payload())), Options: client.CallOptions{Op: "invoices.get"},
	})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func (w worker) enqueue() error {
	c := asynq.NewClient(w.redis)
	defer func() { _ = c.Close() }()
	for i := range count {
		id := fmt.Sprintf("I-%d", i+1)
		if _, err := c.Enqueue(asynq.NewTask(invoice, []byte(id)), asynq.Queue(billing), asynq.Retention(time.Hour)); err != nil {
			return err
		}
	}
	return nil
}

// watch prints what becomes of the queue, until all tasks have ended.
func (w worker) watch() error {
	inspector := asynq.NewInspector(w.redis)
	defer func() { _ = inspector.Close() }()
	paused := false
	for {
		queue, err := inspector.GetQueueInfo(billing)
		if err != nil {
			return err
		}
		if queue.Paused != paused {
			paused = queue.Paused
			fmt.Fprintf(w.out, "paused: %v\n", paused)
		}
		if queue.Size == queue.Completed+queue.Archived {
			fmt.Fprintf(w.out, "%d invoices are created\n", queue.Completed)
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	archived, err := inspector.ListArchivedTasks(billing)
	for _, t := range archived {
		next, _ := retrywiseasynq.NextOf(t)
		fmt.Fprintf(w.out, "%s: %s, as asynq's UI says: %s\n", t.Payload, next, t.LastErr)
	}
	return err
}

// standIn refuses I-3, says nothing of I-5, which it executes, and takes no calls for a while from the
// 20th on.
func standIn() http.Handler {
	var calls atomic.Int64
	var until atomic.Pointer[time.Time]
	limited := retrywisetest.Status(http.StatusTooManyRequests, "Retry-After", "6")
	mux := http.NewServeMux()
	mux.Handle("POST /invoices/I-3", retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`))
	mux.Handle("POST /invoices/I-5", retrywisetest.Reset())
	mux.HandleFunc("POST /invoices/", func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 20 {
			until.Store(new(time.Now().Add(6 * time.Second)))
		}
		if end := until.Load(); end != nil && time.Now().Before(*end) {
			limited(w, r)
			return
		}
		retrywisetest.JSON(http.StatusCreated, `{}`)(w, r)
	})
	mux.Handle("GET /invoices/", retrywisetest.JSON(http.StatusOK, `{}`))
	return mux
}
