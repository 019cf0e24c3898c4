package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newTestClient returns a client of a server in memory.
func newTestClient(t *testing.T, transport http.RoundTripper) *client.Client {
	t.Helper()
	c, err := newClient(client.Config{BaseURL: "http://vendor.test", Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Each end of a call has its task. That a purchase may have been executed comes first,
// whatever the action is.
func TestDeliver(t *testing.T) {
	const inDoubt = "look_up; if absent, run_again"
	absent, there := retrywisetest.JSON(404, `{"status":404}`), retrywisetest.JSON(200, `{"purchaseId":"P-1"}`)
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		found  retrywisetest.Answer // by the client's look-up
		want   string
	}{
		"created":                  {retrywisetest.Status(201), absent, "done"},
		"gateway timeout":          {retrywisetest.HTML(504), absent, inDoubt},
		"executed, and found":      {retrywisetest.HTML(504), there, "done"},
		"connection reset":         {retrywisetest.Reset(), absent, inDoubt},
		"truncated response":       {retrywisetest.Cut(retrywisetest.JSON(201, `{"purchaseId":"P-1"}`)), absent, "look_up; if absent, set_aside"}, // a 201 is a yes
		"canceled":                 {retrywisetest.Hang(), absent, inDoubt},
		"refused in unknown words": {retrywisetest.JSON(418, `{"code":"E9999"}`), absent, "look_up; if absent, set_aside"},
		"refused":                  {retrywisetest.JSON(422, `{"status":422}`), absent, "set_aside"},
		"no such contact":          {retrywisetest.JSON(400, `{"status":400,"code":"E0101"}`), absent, "set_aside"},
		"key revoked":              {retrywisetest.Status(401), absent, "stop"},
		"limited for an hour":      {retrywisetest.Status(429, "Retry-After", "3600"), absent, "run_again in 1h"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				mux := http.NewServeMux()
				mux.Handle("POST /purchases/", tt.answer)
				mux.Handle("GET /purchases/purchase-id/P-1", tt.found)
				c := newTestClient(t, retrywisetest.Handle(t, mux).Transport())
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				if got := describe(deliver(ctx, c, purchase{ID: "P-1"})); got != tt.want {
					t.Errorf("%s; want %s", got, tt.want)
				}
			})
		})
	}
}

// describe returns a step on one line, with whole hours.
func describe(what jobs.Step) string {
	text := what.Next.String()
	if hours := int(what.Delay.Hours()); hours > 0 {
		text += fmt.Sprintf(" in %dh", hours)
	}
	if what.Next == jobs.LookUp {
		text += "; if absent, " + what.IfAbsent.String()
	}
	return text
}

// A purchase that certainly did not leave is run again without a look-up.
func TestDeliverWithoutAConnection(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		down := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("down") }}
		got := deliver(t.Context(), newTestClient(t, down), purchase{ID: "P-1"})
		if text := describe(got); text != "run_again" {
			t.Errorf("%s; want run_again", text)
		}
	})
}

// The README has the function.
func TestReadmeHasDeliver(t *testing.T) {
	code, err := os.ReadFile("deliver.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, functions, _ := strings.Cut(string(code), "\n// deliver ")
	functions, _, ok := strings.Cut(functions, "\n// isThere ")
	if !ok || !strings.Contains(string(readme), "```go\n// deliver "+functions+"```\n") {
		t.Error("README.md does not have deliver of examples/worker/deliver.go as it is")
	}
}
