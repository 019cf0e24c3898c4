// Command example works on 60 workflows of DBOS in a database of SQLite, which call a vendor that
// limits them, fails, and loses responses.
//
//	go -C integrations/dbos run ./example
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywisedbos "github.com/retrywise/retrywise/integrations/dbos"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() (err error) {
	v, err := startVendor()
	if err != nil {
		return err
	}
	defer v.server.Close()
	p := policy.Default().WithRetry(policy.ForJobs())
	c, err := client.New(client.Config{BaseURL: v.server.URL(), Policy: &p})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	dir, err := os.MkdirTemp("", "retrywise")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, err := dbos.NewContext(context.Background(), dbos.Config{
		AppName: "example", DatabaseURL: "sqlite:" + filepath.Join(dir, "dbos.db"), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dbos.Shutdown(ctx, time.Minute)) }()
	return deliverAll(ctx, c, v)
}

// deliverAll delivers 60 records, and prints how that ended.
func deliverAll(ctx dbos.Context, c *client.Client, v *vendor) (err error) {
	queue, err := retrywisedbos.RegisterQueue(ctx, "crm", jobs.ValveOptions{},
		dbos.WithWorkerConcurrency(4), dbos.WithQueueBasePollingInterval(50*time.Millisecond))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, queue.Close()) }()
	o := retrywisedbos.Options{Queue: queue, LookUpAfter: time.Second, Logger: slog.New(slog.NewTextHandler(os.Stdout, nil))}
	deliver := func(ctx dbos.Context, id string) (string, error) {
		return retrywisedbos.Run(ctx, o, retrywisedbos.Call[string]{
			Name:   "deliver",
			Do:     func(ctx context.Context) (string, error) { return id, create(ctx, c, id) },
			LookUp: func(ctx context.Context) (string, bool, error) { return lookUp(ctx, c, id) },
		})
	}
	dbos.RegisterWorkflow(ctx, deliver)
	if err := dbos.Launch(ctx); err != nil {
		return err
	}
	var handles []dbos.WorkflowHandle[string]
	for i := range 60 {
		handle, err := dbos.RunWorkflow(ctx, deliver, fmt.Sprintf("order-%d", i), dbos.WithQueue(queue))
		if err != nil {
			return err
		}
		handles = append(handles, handle)
	}
	report(handles, v)
	return nil
}

// report waits for the workflows, and prints how they ended.
func report(handles []dbos.WorkflowHandle[string], v *vendor) {
	ends := map[string]int{}
	for _, handle := range handles {
		_, err := handle.GetResult()
		next, _ := retrywisedbos.NextOf(err)
		ends[next.String()]++
	}
	var lines []string
	for name, n := range ends {
		lines = append(lines, fmt.Sprintf("%d %s", n, name))
	}
	slices.Sort(lines)
	fmt.Fprintf(os.Stdout, "%s; the vendor has %d orders, %d of them twice\n", strings.Join(lines, ", "), len(v.ledger.Keys()), v.ledger.Duplicates())
}

// An order is one record. It must not be created twice.
type order struct {
	ID string `json:"id"`
}

func create(ctx context.Context, c *client.Client, id string) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/orders", Body: order{id}, Options: client.CallOptions{Op: "create order"},
	})
	return err
}

func lookUp(ctx context.Context, c *client.Client, id string) (string, bool, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/orders/" + id, Options: client.CallOptions{Op: "look up order"}})
	if errors.Is(err, apierrors.NotFound) {
		return "", false, nil
	}
	return id, err == nil, err
}
