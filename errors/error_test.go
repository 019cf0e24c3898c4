package apierrors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
)

var start = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// full has a value in every field, and the word canary wherever personal data may be.
func full() *apierrors.Error {
	return &apierrors.Error{
		Vendor: "rdstation", Op: "contacts.upsert", Method: "PATCH",
		URL:   "https://api.rd.services/platform/contacts/email:canary@example.com",
		Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent,
		Rule: "rdstation code MUST_BE_STRING", Hint: "Send text.",
		Status: 422, Code: "MUST_BE_STRING", Summary: "Name must be string.", Message: "canary is not a string",
		Fields:    []apierrors.Field{{Path: "name", Code: "MUST_BE_STRING", Message: "canary"}},
		Details:   map[string]any{"echo": "canary"},
		RequestID: "abc-123", Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord,
		Attempts: []apierrors.Attempt{{Start: start, Took: time.Second, Status: 422, Class: apierrors.Validation, Code: "MUST_BE_STRING"}},
		Body:     []byte(`{"name":"canary"}`), Err: errors.New("canary"),
	}
}

func TestErrorText(t *testing.T) {
	for name, tt := range map[string]struct {
		err  *apierrors.Error
		want string
	}{
		"nil":            {nil, "<nil>"},
		"zero":           {&apierrors.Error{}, "none"},
		"everything set": {full(), "rdstation contacts.upsert: validation (422 MUST_BE_STRING): Name must be string.; fields name; request id abc-123"},
		"without an op, the masked path": {
			&apierrors.Error{Method: "GET", URL: "https://h/v4.1/contacts/email:a@b.c", Class: apierrors.NotFound, Status: 404},
			"GET https://h/v4.1/contacts/{}: not_found (404)",
		},
		"deferred": {
			&apierrors.Error{Vendor: "v", Op: "o", Class: apierrors.RateLimited, Status: 429, RetryAt: start, Stop: apierrors.StopMaxWait},
			"v o: rate_limited (429); retry at 2026-11-22T14:05:00Z; the wait is longer than allowed",
		},
		"a write that may have been applied": {
			&apierrors.Error{Vendor: "v", Op: "o", Class: apierrors.Network, Stop: apierrors.StopUnsafe},
			"v o: network; not retried, as a repeat is not known to be safe; applied: unknown",
		},
		"a write that was looked up": {
			&apierrors.Error{Vendor: "v", Op: "o", Class: apierrors.Network, Stop: apierrors.StopUnsafe, Lookup: "unclear (200)"},
			"v o: network; not retried, as a repeat is not known to be safe; applied: unknown; look-up: unclear (200)",
		},
		"text in place of a code is not printed": {
			&apierrors.Error{Vendor: "v", Class: apierrors.Unknown, Status: 400, Code: "who@example.com said no", RequestID: "a b"},
			"v: unknown (400)",
		},
		"a failed response to an executed write": {
			&apierrors.Error{Class: apierrors.MalformedResponse, Status: 201, Applied: apierrors.AppliedYes},
			"malformed_response (201); applied: yes",
		},
		"many attempts": {
			&apierrors.Error{Vendor: "v", Class: apierrors.ServerError, Status: 503, Attempts: make([]apierrors.Attempt, 4), Stop: apierrors.StopAttempts},
			"v: server_error (503); 4 attempts; no attempts left",
		},
		"many fields": {
			&apierrors.Error{Class: apierrors.Validation, Fields: []apierrors.Field{{Path: "a"}, {Path: "b"}, {Path: "a"}, {Path: "c"}, {Path: "d"}, {Path: "e"}, {Path: "f"}, {Path: "x@y"}}},
			"validation; fields a, b, c, d, e and 1 more",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.err.Error()); diff != "" {
				t.Errorf("Error() mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorPrintsNoPersonalData(t *testing.T) {
	e := full()
	var text, jsonLog bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&text, nil), slog.NewJSONHandler(&jsonLog, nil)} {
		slog.New(h).Error("call failed", "err", e, "copy", *e)
	}
	pointer, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	value, err := json.Marshal(*e)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{
		"Error": e.Error(), "%v": fmt.Sprintf("%v", e), "%+v": fmt.Sprintf("%+v", e), "%#v": fmt.Sprintf("%#v", e),
		"%q": fmt.Sprintf("%q", e), "copy %+v": fmt.Sprintf("%+v", *e), "copy %#v": fmt.Sprintf("%#v", *e),
		"slog text": text.String(), "slog JSON": jsonLog.String(), "JSON": string(pointer), "JSON of a copy": string(value),
	} {
		if strings.Contains(out, "canary") {
			t.Errorf("%s prints personal data: %s", name, out)
		}
		if !strings.Contains(out, "validation") {
			t.Errorf("%s does not print the class: %s", name, out)
		}
	}
	if !strings.Contains(e.Detail(), "canary is not a string") {
		t.Errorf("Detail does not print the vendor's message:\n%s", e.Detail())
	}
}

func TestErrorMarshalJSON(t *testing.T) {
	e := full()
	e.RetryAt = start
	got, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"vendor":"rdstation","op":"contacts.upsert","method":"PATCH","url":"https://api.rd.services/platform/contacts/{}",` +
		`"class":"validation","action":"surface","stop":"permanent","applied":"no","scope":"record","status":422,"code":"MUST_BE_STRING",` +
		`"summary":"Name must be string.","rule":"rdstation code MUST_BE_STRING","hint":"Send text.","fields":["name"],"request_id":"abc-123",` +
		`"retry_at":"2026-11-22T14:05:00Z","attempts":[{"start":"2026-11-22T14:05:00Z","took_seconds":1,"wait_seconds":0,"status":422,"class":"validation","code":"MUST_BE_STRING"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON mismatch (-want +got):\n%s", diff)
	}
}

func TestErrorLogValue(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key != "err" {
			return slog.Attr{}
		}
		return a
	}}))
	e := full()
	e.RetryAt = start
	log.Info("call failed", "err", e)
	const want = `err.class=validation err.action=surface err.vendor=rdstation err.op=contacts.upsert err.method=PATCH ` +
		`err.url=https://api.rd.services/platform/contacts/{} err.status=422 err.code=MUST_BE_STRING err.stop=permanent err.applied=no ` +
		`err.scope=record err.summary="Name must be string." err.rule="rdstation code MUST_BE_STRING" err.hint="Send text." ` +
		`err.fields=name err.request_id=abc-123 err.retry_at=2026-11-22T14:05:00.000Z err.attempts=1` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("log mismatch (-want +got):\n%s", diff)
	}
}

func TestErrorIsMatchesTheClass(t *testing.T) {
	last := &apierrors.Error{Class: apierrors.ServerError}
	outer := &apierrors.Error{Class: apierrors.Canceled, Err: errors.Join(context.Canceled, last)}
	wrapped := fmt.Errorf("sync contact: %w", outer)
	for target, want := range map[error]bool{
		apierrors.Canceled: true, apierrors.ServerError: true, context.Canceled: true,
		apierrors.Validation: false, context.DeadlineExceeded: false,
	} {
		if got := errors.Is(wrapped, target); got != want {
			t.Errorf("errors.Is(err, %v) = %v; want %v", target, got, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want apierrors.Class
	}{
		"nil":              {nil, apierrors.None},
		"ours":             {&apierrors.Error{Class: apierrors.Conflict}, apierrors.Conflict},
		"ours, wrapped":    {fmt.Errorf("x: %w", &apierrors.Error{Class: apierrors.Conflict}), apierrors.Conflict},
		"a bare class":     {apierrors.TooLarge, apierrors.TooLarge},
		"foreign":          {io.EOF, apierrors.Unknown},
		"the outer of two": {&apierrors.Error{Class: apierrors.Canceled, Err: &apierrors.Error{Class: apierrors.Network}}, apierrors.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			if got := apierrors.ClassOf(tt.err); got != tt.want {
				t.Errorf("ClassOf = %v; want %v", got, tt.want)
			}
		})
	}
}

func TestRetryAtAndTemporary(t *testing.T) {
	type answer struct {
		At        time.Time
		Known     bool
		Temporary bool
	}
	for name, tt := range map[string]struct {
		err  error
		want answer
	}{
		"nil":                   {nil, answer{}},
		"foreign":               {io.EOF, answer{}},
		"deferred":              {&apierrors.Error{Action: apierrors.Defer, RetryAt: start}, answer{start, true, true}},
		"retries used up":       {&apierrors.Error{Action: apierrors.Retry, Stop: apierrors.StopAttempts}, answer{Temporary: true}},
		"a one-shot body":       {&apierrors.Error{Action: apierrors.Retry, Stop: apierrors.StopBodySpent}, answer{Temporary: true}},
		"may have been applied": {&apierrors.Error{Action: apierrors.Retry, Stop: apierrors.StopUnsafe}, answer{}},
		"refused":               {&apierrors.Error{Action: apierrors.Surface}, answer{}},
		"the job must stop":     {&apierrors.Error{Action: apierrors.FailFast}, answer{}},
		"refused for a while":   {&apierrors.Error{Action: apierrors.Surface, RetryAt: start}, answer{start, true, true}},
		"stopped for a while":   {&apierrors.Error{Action: apierrors.FailFast, RetryAt: start}, answer{start, true, true}},
		"renewal did not help":  {&apierrors.Error{Action: apierrors.Refresh}, answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			at, known := apierrors.RetryAt(tt.err)
			if diff := cmp.Diff(tt.want, answer{at, known, apierrors.Temporary(tt.err)}); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorTimeout(t *testing.T) {
	for name, tt := range map[string]struct {
		err  *apierrors.Error
		want bool
	}{
		"nil":             {nil, false},
		"class timeout":   {&apierrors.Error{Class: apierrors.Timeout}, true},
		"caller deadline": {&apierrors.Error{Class: apierrors.Canceled, Err: context.DeadlineExceeded}, true},
		"caller canceled": {&apierrors.Error{Class: apierrors.Canceled, Err: context.Canceled}, false},
		"server error":    {&apierrors.Error{Class: apierrors.ServerError}, false},
	} {
		if got := tt.err.Timeout(); got != tt.want {
			t.Errorf("%s: Timeout() = %v; want %v", name, got, tt.want)
		}
	}
}
