package retrywisedbos_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"

	"github.com/retrywise/retrywise/client"
	retrywisedbos "github.com/retrywise/retrywise/integrations/dbos"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A workflow that meets a limit sleeps, and one with a bad record is set aside.
func Example() {
	vendor, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(http.StatusTooManyRequests, `{}`, "Retry-After", "1"),
		retrywisetest.JSON(http.StatusCreated, `{}`),
		retrywisetest.JSON(http.StatusUnprocessableEntity, `{}`),
	))
	must(err)
	defer vendor.Close()
	retry := policy.ForJobs()
	retry.MaxWait = new(time.Duration) // so that even a second is too long for the call
	p := policy.Default().WithRetry(retry)
	c, err := client.New(client.Config{BaseURL: vendor.URL(), Policy: &p})
	must(err)
	defer func() { _ = c.Close() }()

	dir, err := os.MkdirTemp("", "dbos")
	must(err)
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, err := dbos.NewContext(context.Background(), dbos.Config{
		AppName: "example", DatabaseURL: "sqlite:" + filepath.Join(dir, "dbos.db"), Logger: slog.New(slog.DiscardHandler),
	})
	must(err)
	defer func() { _ = dbos.Shutdown(ctx, time.Minute) }()
	queue, err := retrywisedbos.RegisterQueue(ctx, "crm", jobs.ValveOptions{}, dbos.WithWorkerConcurrency(1))
	must(err)
	defer func() { _ = queue.Close() }()

	deliver := func(ctx dbos.Context, email string) (string, error) {
		return retrywisedbos.Run(ctx, retrywisedbos.Options{Queue: queue}, retrywisedbos.Call[string]{
			Name: "deliver",
			Do: func(ctx context.Context) (string, error) {
				_, err := client.Do[struct{}](ctx, c, client.Call{Method: http.MethodPost, Path: "/contacts", Body: contact{email}, Options: client.CallOptions{Op: "create contact"}})
				return "delivered", err
			},
		})
	}
	dbos.RegisterWorkflow(ctx, deliver)
	must(dbos.Launch(ctx))
	for _, email := range []string{"ada@example.com", "no address"} {
		handle, err := dbos.RunWorkflow(ctx, deliver, email, dbos.WithQueue(queue))
		must(err)
		fmt.Println(handle.GetResult())
	}
	// Output:
	// delivered <nil>
	//  retrywise: set_aside: create contact: validation (422)
}

type contact struct {
	Email string `json:"email"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
