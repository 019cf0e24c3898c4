// Command example works on a queue of River in SQLite. The vendor refuses one job, executes another one
// without a response, and takes no requests for five seconds.
//
//	go -C integrations/river run ./example
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite"
)

const (
	count = 200
	queue = "contacts"
)

// A contact is the arguments of a job.
type contact struct {
	ID string `json:"id"`
}

// Kind is that of the job.
func (contact) Kind() string { return "contact" }

// A worker creates contacts.
type worker struct {
	river.WorkerDefaults[contact]
	api    *client.Client
	starts atomic.Int64
}

// Work returns the error of its call as it is.
func (w *worker) Work(ctx context.Context, job *river.Job[contact]) error {
	w.starts.Add(1)
	_, err := client.Do[struct{}](ctx, w.api, client.Call{
		Method: http.MethodPost, Path: "/contacts", Body: job.Args, Options: client.CallOptions{Op: "contacts.create"},
	})
	return err
}

// isThere looks up a contact that may have been created.
func (w *worker) isThere(ctx context.Context, job *river.Job[contact]) (bool, error) {
	_, err := client.Do[struct{}](ctx, w.api, client.Call{
		Path: "/contacts/" + url.PathEscape(job.Args.ID), Options: client.CallOptions{Op: "contacts.lookup"},
	})
	if errors.Is(err, apierrors.NotFound) {
		return false, nil
	}
	return err == nil, err
}

func main() {
	folder, err := os.MkdirTemp("", "river")
	if err != nil {
		log.Fatal(err)
	}
	err = run(context.Background(), os.Stdout, filepath.Join(folder, "jobs.sqlite3"))
	if err := errors.Join(err, os.RemoveAll(folder)); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer, file string) error {
	v := &vendor{}
	srv, err := retrywisetest.Start(v.handler())
	if err != nil {
		return err
	}
	defer srv.Close()
	forJobs := policy.Default().WithRetry(policy.ForJobs())
	api, err := client.New(client.Config{BaseURL: srv.URL(), Policy: &forJobs})
	if err != nil {
		return err
	}
	defer func() { _ = api.Close() }()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	return work(ctx, out, riversqlite.New(db), v, &worker{api: api})
}

// work sets River up, works on the jobs, and prints what became of them.
func work(ctx context.Context, out io.Writer, driver riverdriver.Driver[*sql.Tx], v *vendor, w *worker) error {
	logger := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	migrations, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return err
	}
	if _, err := migrations.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	middleware, err := retrywiseriver.New(driver, retrywiseriver.Options{
		Queues:      []string{queue},
		LookUps:     []retrywiseriver.LookUp{retrywiseriver.LookUpOf(w.isThere)},
		LookUpAfter: time.Second,
		Logger:      logger,
	})
	if err != nil {
		return err
	}
	defer func() { _ = middleware.Close() }()
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	c, err := river.NewClient(driver, &river.Config{
		Queues:                      map[string]river.QueueConfig{queue: {MaxWorkers: 4}},
		Workers:                     workers,
		Middleware:                  []rivertype.Middleware{middleware},
		CancelledJobRetentionPeriod: 30 * 24 * time.Hour,
		FetchCooldown:               10 * time.Millisecond,
		Logger:                      logger,
	})
	if err != nil {
		return err
	}
	if err := finish(ctx, out, c, w); err != nil {
		return err
	}
	return errors.Join(report(ctx, out, c, v), c.Stop(ctx))
}

// finish starts c, and returns when all jobs have ended.
func finish(ctx context.Context, out io.Writer, c *river.Client[*sql.Tx], w *worker) error {
	events, cancel := c.Subscribe(river.EventKindJobCompleted, river.EventKindJobCancelled, river.EventKindQueuePaused, river.EventKindQueueResumed)
	defer cancel()
	if err := insert(ctx, c); err != nil {
		return err
	}
	if err := c.Start(ctx); err != nil {
		return err
	}
	for n := 0; n < count; {
		if e := <-events; e.Job != nil {
			n++
		} else {
			fmt.Fprintf(out, "%s, with %d jobs started\n", e.Kind, w.starts.Load())
		}
	}
	return nil
}

func insert(ctx context.Context, c *river.Client[*sql.Tx]) error {
	var all []river.InsertManyParams
	for i := range count {
		all = append(all, river.InsertManyParams{Args: contact{fmt.Sprintf("C-%d", i)}, InsertOpts: &river.InsertOpts{Queue: queue}})
	}
	_, err := c.InsertManyFast(ctx, all)
	return err
}

// report prints what the vendor executed, and the jobs that wait for a person.
func report(ctx context.Context, out io.Writer, c *river.Client[*sql.Tx], v *vendor) error {
	fmt.Fprintf(out, "%d contacts created, %d of them twice\n", len(v.Keys()), v.Duplicates())
	for _, next := range []jobs.Next{jobs.LookUp, jobs.SetAside, jobs.Stop} {
		found, err := c.JobList(ctx, retrywiseriver.Find(next))
		if err != nil {
			return err
		}
		for _, job := range found.Jobs {
			fmt.Fprintf(out, "job %s: %s\n", job.EncodedArgs, job.Errors[len(job.Errors)-1].Error)
		}
	}
	return nil
}
