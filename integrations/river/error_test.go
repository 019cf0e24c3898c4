package retrywiseriver_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

func TestError(t *testing.T) {
	if err := retrywiseriver.Error(nil, jobs.Options{}); err != nil {
		t.Errorf("%v of a success", err)
	}
	plain := &apierrors.Error{Action: apierrors.Retry, Applied: apierrors.AppliedNo}
	if err := retrywiseriver.Error(plain, jobs.Options{}); !errors.Is(err, error(plain)) {
		t.Errorf("%v; want the error as it is", err)
	}
	deferred := &apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(time.Hour)}
	err := retrywiseriver.Error(deferred, jobs.Options{MaxDelay: time.Minute})
	snooze, ok := errors.AsType[*river.JobSnoozeError](err)
	if e, _ := errors.AsType[*apierrors.Error](err); !ok || e != deferred || snooze.Duration < time.Minute || snooze.Duration > 70*time.Second {
		t.Errorf("%v; want a snooze of a minute", err)
	}
}

// River runs a canceled job again whose error is that of its context.
func TestErrorOfAContext(t *testing.T) {
	inDoubt := &apierrors.Error{Class: apierrors.Canceled, Err: context.Canceled}
	err := retrywiseriver.Error(inDoubt, jobs.Options{})
	e, _ := errors.AsType[*apierrors.Error](err)
	if !errors.Is(err, &river.JobCancelError{}) || e != inDoubt || errors.Is(err, context.Canceled) {
		t.Errorf("%v; want a cancellation that is not that of the context", err)
	}
}

func TestNewWithoutADatabase(t *testing.T) {
	if _, err := retrywiseriver.New(riversqlite.New(nil), retrywiseriver.Options{Schema: strings.Repeat("x", 100)}); err == nil {
		t.Error("no error for a name that is too long")
	}
}

// A database that fails is reported, and jobs end as they would without a pause.
func TestMiddlewareWithoutTables(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	var log bytes.Buffer
	told := make(chan error, 1)
	m, err := retrywiseriver.New(riversqlite.New(db), retrywiseriver.Options{
		Queues: []string{vendorQueue},
		Valve:  jobs.ValveOptions{OnError: func(err error) { told <- err }, Interval: time.Hour},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-told; !strings.Contains(err.Error(), "no such table") {
		t.Errorf("told %v; want that there are no tables", err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, metadata := range []string{"{}", "broken"} {
		job := &rivertype.JobRow{Queue: vendorQueue, Metadata: []byte(metadata)}
		err = m.Work(t.Context(), job, func(context.Context) error { return held(time.Now().Add(time.Hour)) })
		if _, ok := errors.AsType[*river.JobSnoozeError](err); !ok {
			t.Errorf("%v; want a snooze", err)
		}
	}
	for _, want := range []string{"the pause of a queue was not read or ended", "a queue was not paused or resumed", "the metadata of a job was not written"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, &log)
		}
	}
}

// Arguments that cannot be read are a failure of the look-up, and not a proof of absence.
func TestLookUpOfBrokenArguments(t *testing.T) {
	m, err := retrywiseriver.New(riversqlite.New(nil), retrywiseriver.Options{LookUps: []retrywiseriver.LookUp{
		retrywiseriver.LookUpOf(func(context.Context, *river.Job[delivery]) (bool, error) { return false, nil }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	job := &rivertype.JobRow{Kind: "delivery", EncodedArgs: []byte(`7`), Metadata: []byte(`{"retrywise":{"next":"look_up"}}`)}
	err = m.Work(t.Context(), job, func(context.Context) error {
		t.Error("the job ran")
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "arguments of a look-up") {
		t.Errorf("got %v", err)
	}
}
