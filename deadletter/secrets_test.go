package deadletter_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

const canary = "c4n4ry-s3cret"

// What the vendor says and what authorizes a call is in no letter, whatever goes wrong; nor is the
// record, unless the caller puts it there.
func TestSecretsAreNotKept(t *testing.T) {
	echo := fmt.Sprintf(`{"errors":{%q:[{"error_type":%q,"error_message":"%s"}],"name":[{"error_type":"CANNOT_BE_BLANK","error_message":%q}]}}`,
		"a "+canary+"@b", canary+" is no code", canary, canary)
	for name, answer := range map[string]retrywisetest.Answer{
		"refused":     retrywisetest.JSON(400, echo, "X-Request-Id", "a "+canary),
		"failed":      retrywisetest.JSON(500, echo, "X-Echo", canary),
		"limited":     retrywisetest.JSON(429, echo, "Retry-After", "7200"),
		"a redirect":  retrywisetest.Status(302, "Location", "https://h/?k="+canary),
		"no response": retrywisetest.Reset(),
		"HTML":        retrywisetest.Text(200, canary),
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, answer)
				err := callWithSecrets(t, srv)
				if err == nil {
					t.Fatal("no error")
				}
				folder := t.TempDir()
				var log bytes.Buffer
				w, openErr := deadletter.Open(filepath.Join(folder, "letters"), deadletter.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				if openErr != nil {
					t.Fatal(openErr)
				}
				defer w.Close()
				write(t, w, deadletter.Of(err, deadletter.Record{Key: "P-1"}))
				_, replayErr := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{
					Send:   func(context.Context, deadletter.Letter) error { return err },
					LookUp: func(context.Context, deadletter.Letter) (apierrors.Applied, error) { return 0, err },
					Observe: func(l deadletter.Letter, o deadletter.Outcome, _ error) {
						fmt.Fprintf(&log, "%v %+v %#v %v\n", l, l, l, o)
					},
				})
				fmt.Fprintln(&log, replayErr)
				if kept := filesIn(t, folder) + log.String(); strings.Contains(kept, canary) || !strings.Contains(kept, "P-1") {
					t.Errorf("got the secret, or no record, in:\n%s", kept)
				}
			})
		})
	}
}

// callWithSecrets makes a call with the secret in every part of it.
func callWithSecrets(t *testing.T, srv *retrywisetest.Server) error {
	t.Helper()
	vendor, err := vendors.Lookup(vendors.RDStation)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Config{Vendor: vendor, BaseURL: srv.URL(), Transport: srv.Transport(), Auth: client.Bearer(canary)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = client.Do[struct{ ID string }](t.Context(), c, client.Call{
		Method: http.MethodPost, Path: "/platform/" + canary, Query: url.Values{"key": {canary}}, Header: http.Header{"X-Api-Key": {canary}},
		Body: map[string]string{"name": canary}, Options: client.CallOptions{Op: "items.create", RecordKey: canary, Account: canary},
	})
	return errors.Join(errors.New(canary), err)
}

// filesIn returns what the files of a folder have, one after the other.
func filesIn(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range entries {
		all.WriteString(text(t, filepath.Join(folder, e.Name())))
	}
	return all.String()
}

// A letter has neither a payload nor a record key that the caller did not give.
func TestPayloadIsOptIn(t *testing.T) {
	name := newFile(t)
	write(t, open(t, name), deadletter.Of(errors.New(canary), deadletter.Record{}))
	if got := text(t, name); strings.Contains(got, "payload") || strings.Contains(got, "record") || strings.Contains(got, canary) {
		t.Errorf("line %s", got)
	}
}
