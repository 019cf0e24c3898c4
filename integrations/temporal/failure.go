package retrywisetemporal

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
)

// A Failure is what a workflow learns about the call of an activity that failed: see [FailureOf].
// Temporal stores it, as JSON, so it holds neither a credential nor personal data.
type Failure struct {
	// Next is what to do with the activity.
	Next jobs.Next `json:"next"`

	// IfAbsent is what to do once a look-up has shown that the vendor did not execute the call.
	IfAbsent jobs.Next `json:"if_absent,omitempty"`

	// The failure, as in apierrors.Error.
	Vendor    string            `json:"vendor,omitempty"`
	Op        string            `json:"op,omitempty"`
	Class     apierrors.Class   `json:"class"`
	Status    int               `json:"status,omitempty"`
	Code      string            `json:"code,omitempty"`
	Hint      string            `json:"hint,omitempty"`
	Applied   apierrors.Applied `json:"applied"`
	RequestID string            `json:"request_id,omitempty"`

	// RetryAt is when the vendor takes calls again; zero: that is not known.
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// FailureOf returns what is known of the call that failed an activity. It reports whether err, of
// ExecuteActivity or of a workflow that failed with it, holds a Failure: other errors of
// activities have none. It is deterministic, so workflows may call it.
func FailureOf(err error) (Failure, bool) {
	if e, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return read(e)
	}
	if e, ok := errors.AsType[*temporal.CanceledError](err); ok {
		return read(e)
	}
	return Failure{}, false
}

// detailed is an error of Temporal with details.
type detailed interface {
	HasDetails() bool
	Details(...any) error
}

func read(e detailed) (f Failure, ok bool) {
	defer func() {
		if recover() != nil { // an error that a test made of details of another type
			f, ok = Failure{}, false
		}
	}()
	if !e.HasDetails() || e.Details(&f) != nil || f.Class == apierrors.None {
		return Failure{}, false
	}
	return f, true
}

func newFailure(step jobs.Step) Failure {
	e := step.Err.Printable()
	return Failure{
		Next: step.Next, IfAbsent: step.IfAbsent, Vendor: e.Vendor, Op: e.Op, Class: e.Class, Status: e.Status,
		Code: e.Code, Hint: e.Hint, Applied: e.Applied, RequestID: e.RequestID, RetryAt: e.RetryAt,
	}
}
