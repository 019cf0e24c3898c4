package deadletter_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What a letter has of an error and of the caller's record.
func TestOf(t *testing.T) {
	key := &apierrors.Error{IdempotencyKey: "k-1", KeyExpires: moment.Add(time.Hour), Class: apierrors.Network}
	for name, tt := range map[string]struct {
		err    error
		record deadletter.Record
		want   deadletter.Letter
	}{
		"a refusal, wrapped": {
			fmt.Errorf("order 7: %w", &apierrors.Error{
				Vendor: "shop", Op: "orders.create", Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent,
				Status: 422, Code: "BAD", Summary: "It is bad.", Hint: "Mend it.", RequestID: "r-1", Applied: apierrors.AppliedNo,
				Fields: []apierrors.Field{{Path: "name", Code: "BLANK", Message: "Ana"}}, Attempts: make([]apierrors.Attempt, 2),
				RetryAt: moment.Local(), Message: "Ana", Body: []byte("Ana"), Rule: "a rule",
			}),
			deadletter.Record{Key: "7", Payload: json.RawMessage(`{}`)},
			deadletter.Letter{
				Record: "7", Op: "orders.create", Vendor: "shop", Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent,
				Status: 422, Code: "BAD", Summary: "It is bad.", Hint: "Mend it.", RequestID: "r-1", Applied: apierrors.AppliedNo,
				Fields: []deadletter.Field{{Path: "name", Code: "BLANK"}}, Attempts: 2, RetryAt: moment, Payload: json.RawMessage(`{}`),
			},
		},
		"the error's key":           {key, deadletter.Record{}, deadletter.Letter{IdempotencyKey: "k-1", KeyUntil: moment.Add(time.Hour), Class: apierrors.Network}},
		"the record's key":          {key, deadletter.Record{IdempotencyKey: "k-2"}, deadletter.Letter{IdempotencyKey: "k-2", Class: apierrors.Network}},
		"the record's key's expiry": {key, deadletter.Record{KeyUntil: moment}, deadletter.Letter{IdempotencyKey: "k-1", KeyUntil: moment, Class: apierrors.Network}},
		"the record's op": {
			&apierrors.Error{Op: "a", Class: apierrors.Network}, deadletter.Record{Op: "b"}, deadletter.Letter{Op: "b", Class: apierrors.Network},
		},
		"repeatable, says the error":  {&apierrors.Error{Repeatable: true}, deadletter.Record{}, deadletter.Letter{Repeatable: true}},
		"repeatable, says the record": {&apierrors.Error{}, deadletter.Record{Repeatable: true}, deadletter.Letter{Repeatable: true}},
		"another error":               {errors.New("Ana"), deadletter.Record{Key: "7"}, deadletter.Letter{Record: "7", Class: apierrors.Unknown}},
		"not sent yet":                {nil, deadletter.Record{Key: "7"}, deadletter.Letter{Record: "7", Applied: apierrors.AppliedNo}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				got := deadletter.Of(tt.err, tt.record)
				if got.At != time.Now().UTC() {
					t.Errorf("at %v; want now", got.At)
				}
				got.At = time.Time{}
				type plain deadletter.Letter // which cmp compares field by field
				if diff := cmp.Diff(plain(tt.want), plain(got)); diff != "" {
					t.Errorf("letter (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Logs and messages have a letter's failure, and nothing that may be personal data.
func TestLetterPrintsNoPersonalData(t *testing.T) {
	l := full()
	l.Record, l.IdempotencyKey, l.Payload = "canary", "canary", json.RawMessage(`"canary"`)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("left", "letter", l, "pointer", &l)
	for name, out := range map[string]string{
		"String": l.String(), "%v": fmt.Sprintf("%v", l), "%+v": fmt.Sprintf("%+v", l), "%#v": fmt.Sprintf("%#v", &l), "%q": fmt.Sprintf("%q", l), "slog": log.String(),
	} {
		if strings.Contains(out, "canary") || !strings.Contains(out, "422") {
			t.Errorf("%s: got personal data, or no failure: %s", name, out)
		}
	}
	const want = "connectif purchases.create: validation (422 BAD): It is bad.; fields name; retry at 2026-11-26T07:01:00Z; request id r-1"
	if l.String() != want {
		t.Errorf("String() = %s; want %s", l, want)
	}
	if !strings.Contains(log.String(), `"applied":"unknown"`) {
		t.Errorf("a letter that is being sent is not in doubt: %s", log.String())
	}
}

func TestOutcomeIsAClosedSet(t *testing.T) {
	for o := deadletter.Left; o <= deadletter.InDoubt; o++ {
		text, err := o.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var again deadletter.Outcome
		if err := again.UnmarshalText(text); err != nil || again != o || o.String() != string(text) {
			t.Errorf("%v was read as %v, %v", o, again, err)
		}
	}
	if _, err := (deadletter.InDoubt + 1).MarshalText(); err == nil {
		t.Error("no error for an outcome outside the set")
	}
}
