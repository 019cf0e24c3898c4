package client_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
)

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t,
			testserver.HTML(503), testserver.JSON(200, `{}`),
			testserver.Status(404, "X-Code", "GONE"),
			testserver.Status(400, "X-Code", "BAD"))
		var seen events
		c := newClient(t, srv, client.Config{Observe: seen.observe})
		_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
		_, _ = send(t.Context(), t, c, "DELETE", "/items/7", "")
		_, _ = send(client.WithCall(t.Context(), client.CallOptions{Op: "items.put"}), t, c, "PUT", "/items/7", "")

		const wait = 250 * time.Millisecond
		want := []client.Event{
			{Kind: client.EventAttempt, Vendor: "shop", Method: "GET", Attempt: 1, Status: 503, Class: apierrors.ServerError, Action: apierrors.Retry, Scope: apierrors.ScopeGlobal, Rule: "status 503", Wait: wait},
			{Kind: client.EventAttempt, Vendor: "shop", Method: "GET", Attempt: 2, Status: 200},
			{Kind: client.EventCall, Vendor: "shop", Method: "GET", Attempt: 2, Took: wait, Wait: wait},
			{Kind: client.EventAttempt, Vendor: "shop", Method: "DELETE", Attempt: 1, Status: 404, Class: apierrors.NotFound, Action: apierrors.Accept, Code: "GONE", Scope: apierrors.ScopeRecord, Rule: "shop code GONE"},
			{Kind: client.EventCall, Vendor: "shop", Method: "DELETE", Attempt: 1, Status: 404, Class: apierrors.NotFound, Action: apierrors.Accept, Code: "GONE", Scope: apierrors.ScopeRecord, Rule: "shop code GONE"},
			{Kind: client.EventAttempt, Vendor: "shop", Op: "items.put", Method: "PUT", Attempt: 1, Status: 400, Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Code: "BAD", Scope: apierrors.ScopeRecord, Rule: "shop code BAD"},
			{Kind: client.EventCall, Vendor: "shop", Op: "items.put", Method: "PUT", Attempt: 1, Status: 400, Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Code: "BAD", Scope: apierrors.ScopeRecord, Rule: "shop code BAD"},
		}
		if diff := cmp.Diff(want, seen.all, cmpopts.IgnoreFields(client.Event{}, "Err")); diff != "" {
			t.Errorf("events mismatch (-want +got):\n%s", diff)
		}
	})
}

// A log says what happened, quietly while it is being handled, and holds nothing of the
// record, the credential or the vendor's words.
func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		canary := testserver.JSON(422, `{"echo":"canary"}`, "X-Code", "BAD", "X-Echo", "canary")
		srv := testserver.New(t, testserver.HTML(503), canary, canary, canary)
		for level, want := range map[slog.Level]int{slog.LevelDebug: 4, slog.LevelInfo: 3, slog.LevelWarn: 1} {
			var out bytes.Buffer
			log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level}))
			c := newClient(t, srv, client.Config{Logger: log, Auth: client.Bearer("canary")})
			ctx := client.WithCall(t.Context(), client.CallOptions{Op: "items.put", RecordKey: "canary", IdempotencyKey: "canary"})
			_, _ = send(ctx, t, c, "PUT", "/items/canary@example.com?token=canary", `{"name":"canary"}`)
			if strings.Contains(out.String(), "canary") {
				t.Errorf("the log holds a canary:\n%s", out.String())
			}
			if lines := strings.Count(out.String(), "\n"); lines > want || lines == 0 {
				t.Errorf("%d lines at level %v; want at most %d:\n%s", lines, level, want, out.String())
			}
		}
	})
}
