package deadletter

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Letter is a record that was not delivered. Times are in UTC. The verbs of fmt and slog print
// it without Record, IdempotencyKey and Payload, which may be personal data; JSON has all.
type Letter struct {
	// ID identifies the letter in its file. Write gives each letter a new one.
	ID string `json:"id"`

	// At is when the letter was made: after the last attempt had ended.
	At time.Time `json:"at"`

	// Replaces is the former ID of a letter that was read and written again, or that failed again:
	// this one settles it.
	Replaces string `json:"replaces,omitempty"`

	// Record, Op, IdempotencyKey, Repeatable and Payload are those of Record.
	Record         string          `json:"record,omitempty"`
	Op             string          `json:"op,omitempty"`
	IdempotencyKey string          `json:"key,omitempty"`
	Repeatable     bool            `json:"repeatable,omitempty"`
	Payload        json.RawMessage `json:"payload,omitempty"`

	// KeyUntil is when the vendor forgets IdempotencyKey at the earliest. Zero means that the key
	// makes nothing safe.
	KeyUntil time.Time `json:"key_until,omitzero"`

	// Applied says whether the vendor executed the record, in any attempt so far.
	Applied apierrors.Applied `json:"applied"`

	// Begun is when a run began to send the letter of which no end is known; zero: there is none.
	// It has the letter in doubt, whatever Applied says.
	Begun time.Time `json:"begun,omitzero"`

	// The failure, as in apierrors.Error. Class is none if the record was not sent yet.
	Vendor    string           `json:"vendor,omitempty"`
	Class     apierrors.Class  `json:"class"`
	Action    apierrors.Action `json:"action"`
	Stop      apierrors.Stop   `json:"stop"`
	Status    int              `json:"status,omitempty"`
	Code      string           `json:"code,omitempty"`
	Summary   string           `json:"summary,omitempty"`
	Hint      string           `json:"hint,omitempty"`
	Fields    []Field          `json:"fields,omitempty"`
	RequestID string           `json:"request_id,omitempty"`

	// RetryAt is when to send the letter at the earliest; zero: at any time.
	RetryAt time.Time `json:"retry_at,omitzero"`

	// Attempts is how many requests were made so far.
	Attempts int `json:"attempts,omitempty"`
}

// A Field is one part of a record that the vendor refused.
type Field struct {
	Path string `json:"path,omitempty"`
	Code string `json:"code,omitempty"`
}

// A Record is what the caller knows of a record that is, or was, to be delivered. Any field may be
// unset.
type Record struct {
	// Key identifies the record for the caller. It may be personal data.
	Key string

	// Op is the caller's name for the call. Empty: that of the error.
	Op string

	// IdempotencyKey is the key of the call, and KeyUntil is when the vendor forgets it at the
	// earliest. Empty and zero: those of the error.
	IdempotencyKey string
	KeyUntil       time.Time

	// Repeatable says that sending the record twice does no harm. The error may say so, too.
	Repeatable bool

	// Payload is JSON from which the caller makes the record again. Nil: the letter has none. It
	// may be personal data.
	Payload json.RawMessage
}

// Of returns the letter of a record for which a call ended with err. What may be personal data in
// an *apierrors.Error is left out. Of any other error, only the class is known: the record may
// have been executed, unless the caller sets Applied. A nil error is that of a record that was not
// sent yet.
//
// The error speaks of one call. If a record takes several, set the letter's Applied and Repeatable
// to what holds for all of them: that a look-up may be repeated says nothing about the write.
func Of(err error, r Record) Letter {
	l := Letter{
		At: time.Now().UTC(), Record: r.Key, Op: r.Op, Payload: r.Payload,
		IdempotencyKey: r.IdempotencyKey, KeyUntil: utc(r.KeyUntil), Repeatable: r.Repeatable, Class: apierrors.ClassOf(err),
	}
	if err == nil {
		l.Applied = apierrors.AppliedNo
		return l
	}
	full, ok := errors.AsType[*apierrors.Error](err)
	if !ok {
		return l
	}
	e := full.Printable()
	l.Op, l.Repeatable, l.Applied = cmp.Or(r.Op, e.Op), r.Repeatable || e.Repeatable, e.Applied
	l.IdempotencyKey = cmp.Or(r.IdempotencyKey, full.IdempotencyKey)
	if l.KeyUntil.IsZero() && l.IdempotencyKey == full.IdempotencyKey {
		l.KeyUntil = utc(e.KeyExpires)
	}
	l.Vendor, l.Class, l.Action, l.Stop = e.Vendor, e.Class, e.Action, e.Stop
	l.Status, l.Code, l.Summary, l.Hint, l.RequestID = e.Status, e.Code, e.Summary, e.Hint, e.RequestID
	l.RetryAt, l.Attempts = utc(e.RetryAt), len(e.Attempts)
	for _, f := range e.Fields {
		l.Fields = append(l.Fields, Field{f.Path, f.Code})
	}
	return l
}

// utc returns a moment as a file has it.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

// after returns what becomes of l, as sending it ended with err. A refusal does not prove
// that what was in doubt before was not executed.
func (l Letter) after(err error) Letter {
	next := Of(err, Record{
		Key: l.Record, Op: l.Op, IdempotencyKey: l.IdempotencyKey, KeyUntil: l.KeyUntil, Repeatable: l.Repeatable, Payload: l.Payload,
	})
	if next.Applied == apierrors.AppliedNo && l.InDoubt() {
		next.Applied = apierrors.AppliedUnknown
	}
	if l.Applied == apierrors.AppliedYes {
		next.Applied = apierrors.AppliedYes
	}
	next.Attempts += l.Attempts
	next.ID = l.ID
	return next
}

// renewed returns the letter that replaces l, or that is new if l has no ID.
func (l Letter) renewed() Letter {
	l.ID, l.Replaces = rand.Text(), l.ID
	return l
}

// InDoubt reports whether the vendor may have executed the record, or has: nothing proves that it
// did not.
func (l Letter) InDoubt() bool { return l.Applied != apierrors.AppliedNo || !l.Begun.IsZero() }

// String returns the failure on one line, as apierrors.Error prints it.
func (l Letter) String() string { return l.failure().Error() }

// Format prints the text of String for every verb; %q quotes it.
func (l Letter) Format(s fmt.State, verb rune) {
	text := l.String()
	if verb == 'q' {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(s, text)
}

// LogValue returns the failure, as apierrors.Error logs it.
func (l Letter) LogValue() slog.Value { return l.failure().LogValue() }

// failure returns the failure that the letter is about.
func (l Letter) failure() *apierrors.Error {
	e := &apierrors.Error{
		Vendor: l.Vendor, Op: l.Op, Class: l.Class, Action: l.Action, Stop: l.Stop, Status: l.Status, Code: l.Code,
		Summary: l.Summary, Hint: l.Hint, RequestID: l.RequestID, RetryAt: l.RetryAt, Applied: l.Applied,
	}
	if !l.Begun.IsZero() {
		e.Applied = apierrors.AppliedUnknown
	}
	for _, f := range l.Fields {
		e.Fields = append(e.Fields, apierrors.Field{Path: f.Path, Code: f.Code})
	}
	return e
}
