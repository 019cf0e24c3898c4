// Command worker sends purchases to a stand-in for Connectif, and does with each what the
// end of its call asks for. The client looks up a purchase that may have been executed. One that
// it does not find is looked up again later, before it is sent again.
//
//	go run ./examples/worker
//	go run ./examples/worker FILE
//
// Read deliver.go and queue.go. The function deliver is in the README. The purchases that are left, such as
// those that the vendor refused, become dead letters in FILE.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/deadletter"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	file := ""
	if len(os.Args) > 1 {
		file = os.Args[1]
	}
	if err := run(ctx, os.Stdout, file); err != nil {
		log.Fatal(err)
	}
}

// run delivers purchases and prints what became of each. It keeps those that are left in a file,
// if that has a name.
func run(ctx context.Context, out io.Writer, file string) error {
	srv, err := retrywisetest.Start(standIn())
	if err != nil {
		return err
	}
	defer srv.Close()
	c, err := newClient(client.Config{BaseURL: srv.URL()})
	if err != nil {
		return err
	}
	defer c.Close()
	var all []job
	for i := range 4 {
		all = append(all, job{purchase: purchase{ID: fmt.Sprintf("P-%d", i+1), Email: "ana@example.com"}})
	}
	q := queue{client: c, out: out, maxWait: 5 * time.Second}
	left := q.work(ctx, all)
	for _, j := range left {
		fmt.Fprintf(out, "%s is left\n", j.ID)
	}
	if file == "" {
		return nil
	}
	return keep(file, left)
}

// keep writes a dead letter for each job. deadletter.Replay sends those that may be sent.
func keep(file string, left []job) error {
	letters, err := deadletter.Open(file, deadletter.Options{})
	if err != nil {
		return err
	}
	defer letters.Close()
	for _, j := range left {
		payload, err := json.Marshal(j.purchase)
		if err != nil {
			return err
		}
		var why error // nil: the job was stopped before it was sent
		if j.Err != nil {
			why = j.Err
		}
		if err := letters.Write(deadletter.Of(why, deadletter.Record{Key: j.ID, Op: "purchases.create", Payload: payload})); err != nil {
			return err
		}
	}
	return nil
}

// newClient returns a client for Connectif.
func newClient(cfg client.Config) (*client.Client, error) {
	vendor, err := vendors.Lookup(vendors.Connectif)
	if err != nil {
		return nil, err
	}
	cfg.Vendor, cfg.Auth = vendor, client.APIKey("Authorization", "apiKey demo:secret")
	return client.New(cfg)
}

// standIn executes P-2 and does not say so, and refuses P-4.
func standIn() http.Handler {
	refusal := `{"status":422,"validationErrors":[{"path":"contactEmail","reason":"ana@example.com is blocked"}]}`
	mux := http.NewServeMux()
	mux.Handle("POST /purchases/", retrywisetest.Script(
		retrywisetest.Status(http.StatusCreated),      // P-1
		retrywisetest.HTML(http.StatusGatewayTimeout), // P-2
		retrywisetest.HTML(http.StatusGatewayTimeout), // P-3
		retrywisetest.JSON(http.StatusUnprocessableEntity, refusal),
		retrywisetest.Status(http.StatusCreated), // P-3 again
	))
	mux.Handle("GET /purchases/purchase-id/P-2", retrywisetest.JSON(http.StatusOK, `{"purchaseId":"P-2"}`))
	mux.Handle("GET /purchases/purchase-id/", retrywisetest.JSON(http.StatusNotFound, `{"status":404}`))
	return mux
}
