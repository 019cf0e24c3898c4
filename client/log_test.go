package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A log has no data of the record, no credential and no text of the vendor, at any level.
func TestLogHasNoSecret(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		canary := retrywisetest.JSON(422, `{"echo":"canary"}`, "X-Code", "BAD", "X-Echo", "canary")
		srv := retrywisetest.New(t, retrywisetest.HTML(503), canary, canary, canary)
		for level, want := range map[slog.Level]int{slog.LevelDebug: 4, slog.LevelInfo: 2, slog.LevelWarn: 1} {
			var out bytes.Buffer
			c := newClient(t, srv, client.Config{Logger: newLog(&out, level), Auth: client.Bearer("canary")})
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

// newLog returns a log of text lines without their time and without hints.
func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "hint" {
			return slog.Attr{}
		}
		return a
	}}))
}

// What happens has one line at its level. A failure has the same keys everywhere, and no
// key is empty.
func TestLogLines(t *testing.T) {
	get := []string{"GET", "DELETE"}
	refused := func(context.Context) (string, error) { return "", client.ErrRefused }
	slow := func(context.Context) (string, error) {
		time.Sleep(10 * time.Second) // virtual
		return "new", nil
	}
	for name, tt := range map[string]struct {
		answers script
		auth    client.Auth
		methods []string // of the calls, one after the other
		want    []string
	}{
		"success": {script{retrywisetest.Status(200)}, nil, get[:1], []string{
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=GET attempt=1 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=GET status=200 attempts=1`,
		}},
		"accepted failure": {script{retrywisetest.Status(404, "X-Code", "GONE")}, nil, get[1:], []string{
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=DELETE attempt=1 status=404 class=not_found action=accept code=GONE rule="shop code GONE"`,
			`level=INFO msg="retrywise call" vendor=shop op=items method=DELETE status=404 class=not_found action=accept code=GONE rule="shop code GONE" attempts=1`,
		}},
		"refused record": {script{retrywisetest.Status(422, "X-Code", "BAD")}, nil, get[:1], []string{
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=GET attempt=1 status=422 class=validation action=surface code=BAD rule="shop code BAD"`,
			`level=WARN msg="retrywise call" class=validation action=surface vendor=shop op=items method=GET url=http://vendor.test/items/{} status=422 code=BAD stop=permanent applied=no scope=record summary="It is bad." rule="shop code BAD" attempts=1`,
		}},
		"retry": {script{retrywisetest.Status(503), retrywisetest.Status(200)}, nil, get[:1], []string{
			`level=INFO msg="retrywise attempt" vendor=shop op=items method=GET attempt=1 status=503 class=server_error action=retry rule="status 503" delay=250ms`,
			`level=DEBUG msg="retrywise wait" vendor=shop op=items method=GET for=backoff took=250ms`,
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=GET attempt=2 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=GET status=200 attempts=2 took=250ms waited=250ms`,
		}},
		"long wait at a gate": {script{retrywisetest.Status(429, "Retry-After", "20"), retrywisetest.Status(200)}, nil, get[:1], []string{
			`level=INFO msg="retrywise attempt" vendor=shop op=items method=GET attempt=1 status=429 class=rate_limited action=throttle rule="status 429" delay=20s`,
			`level=INFO msg="retrywise wait" vendor=shop op=items method=GET for="gate account" took=20s`,
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=GET attempt=2 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=GET status=200 attempts=2 took=20s waited=20s`,
		}},
		"limit": {script{retrywisetest.Status(200), retrywisetest.Status(200)}, nil, []string{"PUT", "PUT"}, []string{
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=PUT attempt=1 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=PUT status=200 attempts=1`,
			`level=DEBUG msg="retrywise wait" vendor=shop op=items method=PUT for="limit puts" took=5s`,
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=PUT attempt=1 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=PUT status=200 attempts=1 took=5s waited=5s`,
		}},
		"long wait": {script{retrywisetest.Status(200), retrywisetest.Status(200)}, nil, []string{"PATCH", "PATCH"}, []string{
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=PATCH attempt=1 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=PATCH status=200 attempts=1`,
			`level=INFO msg="retrywise wait" vendor=shop op=items method=PATCH for="limit patches" took=10s`,
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=PATCH attempt=1 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=PATCH status=200 attempts=1 took=10s waited=10s`,
		}},
		"renewal": {script{retrywisetest.Status(401), retrywisetest.Status(200)}, renewable("old", slow), get[:1], []string{
			`level=INFO msg="retrywise attempt" vendor=shop op=items method=GET attempt=1 status=401 class=token_expired action=refresh rule="status 401"`,
			`level=DEBUG msg="retrywise renewal" vendor=shop took=10s`,
			`level=INFO msg="retrywise wait" vendor=shop op=items method=GET for=renewal took=10s`,
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=GET attempt=2 status=200`,
			`level=DEBUG msg="retrywise call" vendor=shop op=items method=GET status=200 attempts=2 took=10s`,
		}},
		"failed renewal": {nil, renewable("", refused), get[:1], []string{
			`level=WARN msg="retrywise renewal" vendor=shop class=authentication cause="client: the token server refused to renew the credential"`,
			`level=DEBUG msg="retrywise attempt" vendor=shop op=items method=GET attempt=1 class=authentication action=fail_fast rule="class authentication"`,
			`level=WARN msg="retrywise call" class=authentication action=fail_fast vendor=shop op=items method=GET url=http://vendor.test/items/{} stop=permanent applied=no scope=account rule="class authentication" attempts=1`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var out strings.Builder
				p := shopPolicy(t).
					WithLimit(policy.Limit{Name: "puts", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: 5 * time.Second}, Methods: []string{"PUT"}}).
					WithLimit(policy.Limit{Name: "patches", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: 10 * time.Second}, Methods: []string{"PATCH"}})
				c := newClient(t, retrywisetest.New(t, tt.answers...), client.Config{Auth: tt.auth, Policy: &p, Logger: newLog(&out, slog.LevelDebug)})
				for _, method := range tt.methods {
					_, _ = send(t.Context(), t, c, method, "/items/7", "", client.CallOptions{Op: "items"})
				}
				if diff := cmp.Diff(tt.want, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
					t.Errorf("log (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The line of a failed renewal has the cause, unless its text may hold a credential.
func TestLogNamesTheCauseOfAFailedRenewal(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	for name, tt := range map[string]struct {
		err  error
		want string // class and cause
	}{
		"ours":         {fmt.Errorf("canary: %w", &apierrors.Error{Op: "token.renew", Class: apierrors.ServerError, Status: 503, Message: "canary"}), `class=server_error cause="token.renew: server_error (503)"`},
		"OAuth's code": {errors.New(`oauth2: "invalid_grant" "Token of canary has been revoked."`), `class=authentication cause=invalid_grant`},
		"refused":      {fmt.Errorf("canary: %w", client.ErrRefused), `class=authentication cause="client: the token server refused to renew the credential"`},
		"cut":          {fmt.Errorf("canary: %w", io.ErrUnexpectedEOF), `class=network cause="unexpected EOF"`},
		"no response":  {fmt.Errorf("canary: %w", context.DeadlineExceeded), `class=timeout cause="context deadline exceeded"`},
		"not reached":  {fmt.Errorf("canary: %w", refused), `class=network cause="connect: connection refused"`},
		"no such host": {fmt.Errorf("canary: %w", &net.DNSError{Name: "canary", IsNotFound: true}), `class=network cause="an error of type *net.DNSError"`},
		"a text":       {errors.New("token: status 503: canary"), `class=server_error cause="an error of type *errors.errorString"`},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var out strings.Builder
				auth := renewable("", func(context.Context) (string, error) { return "", tt.err })
				once := shopPolicy(t).WithRetry(policy.Retry{MaxAttempts: 1})
				c := newClient(t, retrywisetest.New(t), client.Config{Auth: auth, Policy: &once, Logger: newLog(&out, slog.LevelWarn)})
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
				line, _, _ := strings.Cut(out.String(), "\n")
				if want := `level=WARN msg="retrywise renewal" vendor=shop ` + tt.want; line != want {
					t.Errorf("line %s; want %s", line, want)
				}
				if strings.Contains(out.String(), "canary") {
					t.Errorf("the log has a secret:\n%s", out.String())
				}
			})
		})
	}
}
