package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
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

// The levels of the events, and what a line has of each.
func TestLogLevels(t *testing.T) {
	type line struct {
		Level, Msg, Class, Action, Code, For string
		Status                               int
	}
	once := client.CallOptions{MaxAttempts: 1}
	for name, tt := range map[string]struct {
		answers script
		auth    client.Auth
		limit   bool // one call per second
		calls   int
		want    []line
	}{
		"success": {
			script{retrywisetest.Status(200)}, nil, false, 1,
			[]line{{Level: "DEBUG", Msg: "retrywise attempt", Status: 200}, {Level: "DEBUG", Msg: "retrywise call"}},
		},
		"accepted failure": {
			script{retrywisetest.Status(404, "X-Code", "GONE")}, nil, false, 1,
			[]line{
				{Level: "INFO", Msg: "retrywise attempt", Status: 404, Class: "not_found", Action: "accept", Code: "GONE"},
				{Level: "INFO", Msg: "retrywise call", Status: 404, Class: "not_found", Action: "accept", Code: "GONE"},
			},
		},
		"failure": {
			script{retrywisetest.Status(503)}, nil, false, 1,
			[]line{
				{Level: "INFO", Msg: "retrywise attempt", Status: 503, Class: "server_error", Action: "retry"},
				{Level: "WARN", Msg: "retrywise call"},
			},
		},
		"wait": {
			script{retrywisetest.Status(200), retrywisetest.Status(200)}, nil, true, 2,
			[]line{
				{Level: "DEBUG", Msg: "retrywise attempt", Status: 200}, {Level: "DEBUG", Msg: "retrywise call"},
				{Level: "DEBUG", Msg: "retrywise wait", For: "limit account"},
				{Level: "DEBUG", Msg: "retrywise attempt", Status: 200}, {Level: "DEBUG", Msg: "retrywise call"},
			},
		},
		"renewal": {
			script{retrywisetest.Status(200)}, renewable("", func(context.Context) (string, error) { return "token", nil }), false, 1,
			[]line{{Level: "DEBUG", Msg: "retrywise renewal"}, {Level: "DEBUG", Msg: "retrywise attempt", Status: 200}, {Level: "DEBUG", Msg: "retrywise call"}},
		},
		"failed renewal": {
			nil, renewable("", func(context.Context) (string, error) { return "", client.ErrRefused }), false, 1,
			[]line{
				{Level: "WARN", Msg: "retrywise renewal", Class: "authentication"},
				{Level: "INFO", Msg: "retrywise attempt", Class: "authentication", Action: "fail_fast"},
				{Level: "WARN", Msg: "retrywise call"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var out bytes.Buffer
				p := shopPolicy(t)
				if tt.limit {
					p = p.WithLimit(policy.Limit{Name: "account", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}})
				}
				c := newClient(t, retrywisetest.New(t, tt.answers...), client.Config{
					Auth: tt.auth, Policy: &p, Logger: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				for range tt.calls {
					_, _ = send(t.Context(), t, c, "DELETE", "/items/7", "", once)
				}
				var got []line
				for decoder := json.NewDecoder(&out); decoder.More(); {
					var l line
					if err := decoder.Decode(&l); err != nil {
						t.Fatal(err)
					}
					got = append(got, l)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("log (-want +got):\n%s", diff)
				}
			})
		})
	}
}
