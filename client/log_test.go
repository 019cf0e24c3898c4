package client_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A log has one line for each event at its level, without data of the record, credentials or
// the vendor's text.
func TestLog(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		canary := retrywisetest.JSON(422, `{"echo":"canary"}`, "X-Code", "BAD", "X-Echo", "canary")
		srv := retrywisetest.New(t, retrywisetest.HTML(503), canary, canary, canary)
		for level, want := range map[slog.Level]int{slog.LevelDebug: 4, slog.LevelInfo: 3, slog.LevelWarn: 1} {
			var out bytes.Buffer
			log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
			c := newClient(t, srv, client.Config{Logger: log, Auth: client.Bearer("canary")})
			o := client.CallOptions{Op: "items.put", Account: "canary", RecordKey: "canary", IdempotencyKey: "canary"}
			_, _ = send(t.Context(), t, c, "PUT", "/items/canary@example.com?token=canary", `{"name":"canary"}`, o)
			if strings.Contains(out.String(), "canary") {
				t.Errorf("the log has a secret:\n%s", out.String())
			}
			if lines := strings.Count(out.String(), "\n"); lines > want || lines == 0 {
				t.Errorf("%d lines at level %v; want 1 to %d:\n%s", lines, level, want, out.String())
			}
		}
	})
}
