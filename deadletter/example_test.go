package deadletter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An order is a record. It must not be created twice.
type order struct {
	ID string `json:"id"`
}

// create creates an order.
func create(ctx context.Context, c *client.Client, o order, key string) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method: http.MethodPost, Path: "/orders", Body: o,
		Options: client.CallOptions{Op: "orders.create", IdempotencyKey: key},
	})
	return err
}

// lookUp finds out whether the vendor has an order. That it is not found proves that it is absent
// only if reads show every write at once, and if no request can still be executing: elsewhere,
// return AppliedUnknown until the letter is old enough.
func lookUp(ctx context.Context, c *client.Client, id string) (apierrors.Applied, error) {
	_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/orders/" + id, Options: client.CallOptions{Op: "orders.get"}})
	switch {
	case errors.Is(err, apierrors.NotFound):
		return apierrors.AppliedNo, nil
	case err != nil:
		return apierrors.AppliedUnknown, err
	default:
		return apierrors.AppliedYes, nil
	}
}

// standIn executes A-1 and A-2, and does not say so of A-2. It refuses A-3.
func standIn() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /orders", retrywisetest.Script(
		retrywisetest.Status(http.StatusCreated),             // A-1
		retrywisetest.HTML(http.StatusGatewayTimeout),        // A-2
		retrywisetest.Status(http.StatusUnprocessableEntity), // A-3
	))
	mux.Handle("GET /orders/A-2", retrywisetest.JSON(http.StatusOK, `{"id":"A-2"}`))
	return mux
}

// A job keeps what was not delivered. A later run looks up what is in doubt, and sends what may be
// sent: here nothing, as the vendor has one record, and somebody has to mend the other.
func Example() {
	srv, err := retrywisetest.Start(standIn())
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	c, err := client.New(client.Config{BaseURL: srv.URL()})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	folder, err := os.MkdirTemp("", "letters")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()

	ctx := context.Background()
	letters, err := deadletter.Open(filepath.Join(folder, "dead-letters.jsonl"), deadletter.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer letters.Close()
	for _, o := range []order{{"A-1"}, {"A-2"}, {"A-3"}} {
		if err := create(ctx, c, o, ""); err != nil {
			payload, _ := json.Marshal(o)
			if err := letters.Write(deadletter.Of(err, deadletter.Record{Key: o.ID, Payload: payload})); err != nil {
				log.Fatal(err)
			}
		}
	}

	_, err = deadletter.Replay(ctx, letters, deadletter.ReplayOptions{
		Send: func(ctx context.Context, l deadletter.Letter) error {
			var o order
			if err := json.Unmarshal(l.Payload, &o); err != nil {
				return err
			}
			return create(ctx, c, o, l.IdempotencyKey)
		},
		LookUp: func(ctx context.Context, l deadletter.Letter) (apierrors.Applied, error) {
			return lookUp(ctx, c, l.Record)
		},
		Observe: func(l deadletter.Letter, o deadletter.Outcome, _ error) {
			fmt.Println(l.Record, l.Class, "applied:", l.Applied, "→", o)
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// A-2 timeout applied: unknown → found
	// A-3 validation applied: no → refused
}

// Who has to do what: a file is read while another process writes to it.
func ExampleLetters() {
	folder, err := os.MkdirTemp("", "letters")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	name := filepath.Join(folder, "dead-letters.jsonl")
	letters, err := deadletter.Open(name, deadletter.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer letters.Close()
	failure := &apierrors.Error{
		Op: "contacts.upsert", Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo, Status: 422,
		Fields: []apierrors.Field{{Path: "name", Code: "CANNOT_BE_BLANK"}}, Hint: "Fill in the name.",
	}
	if err := letters.Write(deadletter.Of(failure, deadletter.Record{Key: "7"})); err != nil {
		log.Fatal(err)
	}

	for l, err := range deadletter.Letters(name) {
		if err != nil {
			log.Fatal(err) // a torn last line, or a line that is no letter
		}
		fmt.Println("record", l.Record, "-", l.Fields[0].Path, l.Fields[0].Code, "-", l.Hint)
	}
	// Output:
	// record 7 - name CANNOT_BE_BLANK - Fill in the name.
}

// Deliver notes a record before it is sent: if the process is killed meanwhile, the record is in
// doubt, and not forgotten.
func ExampleWriter_Deliver() {
	folder, err := os.MkdirTemp("", "letters")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	name := filepath.Join(folder, "dead-letters.jsonl")
	letters, err := deadletter.Open(name, deadletter.Options{Sync: true})
	if err != nil {
		log.Fatal(err)
	}
	defer letters.Close()

	err = letters.Deliver(context.Background(), deadletter.Record{Key: "A-1", Op: "orders.create"}, func(context.Context) error {
		for l := range deadletter.Letters(name) {
			fmt.Println("while it is sent:", l.Record, "in doubt:", l.InDoubt())
		}
		return nil // as create would return
	})
	left := 0
	for range deadletter.Letters(name) {
		left++
	}
	fmt.Println("after it:", left, "letters, error", err)
	// Output:
	// while it is sent: A-1 in doubt: true
	// after it: 0 letters, error <nil>
}

// What the vendor refused is sent when somebody has mended it, with a key of its own.
func ExampleReplay_mended() {
	folder, err := os.MkdirTemp("", "letters")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	letters, err := deadletter.Open(filepath.Join(folder, "dead-letters.jsonl"), deadletter.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer letters.Close()
	refused := &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}
	record := deadletter.Record{Key: "A-1", IdempotencyKey: client.KeyFor("orders.create", "A-1"), Payload: json.RawMessage(`{"sku":""}`)}
	if err := letters.Write(deadletter.Of(refused, record)); err != nil {
		log.Fatal(err)
	}

	counts, err := deadletter.Replay(context.Background(), letters, deadletter.ReplayOptions{
		Mend: func(l deadletter.Letter) (deadletter.Letter, bool) {
			l.Payload = json.RawMessage(`{"sku":"mug"}`) // as the source has it today
			l.IdempotencyKey = client.KeyFor("orders.create", "A-1, mended")
			return l, true
		},
		Send: func(_ context.Context, l deadletter.Letter) error {
			fmt.Println("send", l.Record, string(l.Payload))
			return nil
		},
	})
	fmt.Println("delivered:", counts[deadletter.Delivered], err)
	// Output:
	// send A-1 {"sku":"mug"}
	// delivered: 1 <nil>
}

// A job that may be killed at any moment takes up its records first, all or none of them: it renames
// the file when all are in it. Then Replay delivers them, however often it is started.
func ExampleReplay_takenUpFirst() {
	folder, err := os.MkdirTemp("", "letters")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	name := filepath.Join(folder, "night.jsonl")
	if err := takeUp(name, "A-1", "A-2"); err != nil {
		log.Fatal(err)
	}

	letters, err := deadletter.Open(name, deadletter.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer letters.Close()
	counts, err := deadletter.Replay(context.Background(), letters, deadletter.ReplayOptions{
		Send: func(_ context.Context, l deadletter.Letter) error {
			fmt.Println("send", l.Record)
			return nil
		},
	})
	fmt.Println("delivered:", counts[deadletter.Delivered], err)
	// Output:
	// send A-1
	// send A-2
	// delivered: 2 <nil>
}

// takeUp makes a file with a letter of each record, unless an earlier run has made it.
func takeUp(name string, records ...string) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	if err := os.RemoveAll(name + ".part"); err != nil { // of a run that was killed
		return err
	}
	part, err := deadletter.Open(name+".part", deadletter.Options{})
	if err != nil {
		return err
	}
	defer part.Close()
	for _, key := range records {
		if err := part.Write(deadletter.Of(nil, deadletter.Record{Key: key, Op: "orders.create"})); err != nil {
			return err
		}
	}
	return os.Rename(name+".part", name)
}
