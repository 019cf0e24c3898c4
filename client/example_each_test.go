package client_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/deadletter"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Eight workers send contacts, and what is not delivered becomes a letter as soon as that is known.
func ExampleEach() {
	folder, err := os.MkdirTemp("", "letters")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	letters, err := deadletter.Open(filepath.Join(folder, "letters.jsonl"), deadletter.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer letters.Close()
	c, closeAll := newRDStation(slices.Repeat([]retrywisetest.Answer{
		func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/platform/contacts/email:not an address" {
				retrywisetest.JSON(400, `{"errors":{"email":[{"error_type":"INVALID","error_message":"x"}]}}`)(w, r)
				return
			}
			retrywisetest.JSON(200, `{}`)(w, r)
		},
	}, 3)...)
	defer closeAll()

	contacts := []Contact{{Email: "ana@example.com"}, {Email: "not an address"}, {Email: "bo@example.com"}}
	send := func(ctx context.Context, one Contact) error {
		_, err := client.Do[struct{}](ctx, c, client.Call{
			Method: http.MethodPatch, Path: "/platform/contacts/email:" + url.PathEscape(one.Email), Body: one,
			Options: client.CallOptions{Op: "contacts.upsert", RecordKey: one.Email},
		})
		return err
	}
	report, err := client.Each(context.Background(), slices.Values(contacts), send, client.EachOptions[Contact]{
		Workers: 8,
		Failed: func(one Contact, err error) error {
			return letters.Write(deadletter.Of(err, deadletter.Record{Key: one.Email}))
		},
	})
	fmt.Printf("delivered %d, surfaced %d, deferred %d, in doubt %d, left %d; %v\n",
		report.Delivered, report.Surfaced, report.Deferred, report.InDoubt, report.Left, err)
	// Output:
	// delivered 2, surfaced 1, deferred 0, in doubt 0, left 0; <nil>
}
