package retrywiseriver_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"github.com/retrywise/retrywise/client"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite"
)

// A contact is a job's arguments.
type contact struct {
	Email string `json:"email"`
}

func (contact) Kind() string { return "contact" }

// A worker returns the error of its call as it is. The vendor refuses this contact.
func Example() {
	ctx := context.Background()
	vendor, err := retrywisetest.Start(retrywisetest.Script(retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`)))
	if err != nil {
		log.Fatal(err)
	}
	defer vendor.Close()
	forJobs := policy.Default().WithRetry(policy.ForJobs())
	api, err := client.New(client.Config{BaseURL: vendor.URL(), Policy: &forJobs})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = api.Close() }()
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, job *river.Job[contact]) error {
		_, err := client.Do[struct{}](ctx, api, client.Call{
			Method: http.MethodPost, Path: "/contacts", Body: job.Args, Options: client.CallOptions{Op: "contacts.create"},
		})
		return err
	}))

	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	driver := riversqlite.New(db)
	migrations, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := migrations.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		log.Fatal(err)
	}
	middleware, err := retrywiseriver.New(driver, retrywiseriver.Options{Queues: []string{"contacts"}})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = middleware.Close() }()
	c, err := river.NewClient(driver, &river.Config{
		Queues:     map[string]river.QueueConfig{"contacts": {MaxWorkers: 10}},
		Workers:    workers,
		Middleware: []rivertype.Middleware{middleware},
	})
	if err != nil {
		log.Fatal(err)
	}
	ended, cancel := c.Subscribe(river.EventKindJobCompleted, river.EventKindJobCancelled)
	defer cancel()
	if err := c.Start(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := c.Insert(ctx, contact{"someone@example.com"}, &river.InsertOpts{Queue: "contacts"}); err != nil {
		log.Fatal(err)
	}
	<-ended
	found, err := c.JobList(ctx, retrywiseriver.Find(jobs.SetAside))
	if err != nil {
		log.Fatal(err)
	}
	for _, job := range found.Jobs {
		fmt.Println(job.State, "after attempt", job.Attempt)
		fmt.Println(job.Errors[0].Error)
	}
	if err := c.Stop(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// cancelled after attempt 1
	// JobCancelError: set_aside: contacts.create: validation (422)
}
