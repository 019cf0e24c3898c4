package retrywisetemporal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywisetemporal "github.com/retrywise/retrywise/integrations/temporal"
	"github.com/retrywise/retrywise/jobs"
)

// What Temporal does with an activity whose first attempt ends with an error.
func TestInterceptor(t *testing.T) {
	again := func(delay time.Duration) run { return run{Starts: []time.Duration{0, delay}, Result: "created"} }
	once := run{Starts: []time.Duration{0}}
	for name, test := range map[string]struct {
		err  error
		want run
		text string // of the failure, as the UI shows it
	}{
		"an error of the program": {err: errors.New("no such row"), want: again(time.Second)},
		"a temporary failure":     {err: &apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Applied: apierrors.AppliedNo}, want: again(time.Second)},
		"a time of the vendor":    {err: limitedFor(6 * time.Hour), want: again(6 * time.Hour)},
		"a time beside a refusal": {err: &apierrors.Error{Class: apierrors.Permission, Action: apierrors.FailFast, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(time.Hour)}, want: again(time.Hour)},
		"an error that is wrapped": {
			err:  fmt.Errorf("order 7: %w", limitedFor(6*time.Hour)),
			want: again(6 * time.Hour),
		},
		"a refused record": {
			err:  &apierrors.Error{Vendor: "shop", Op: "orders.create", Class: apierrors.Validation, Status: 422, Code: "TOO_LONG", Action: apierrors.Surface, Applied: apierrors.AppliedNo, Message: "Ana is too long"},
			want: once,
			text: "set_aside: shop orders.create: validation (422 TOO_LONG) (type: validation, retryable: false)",
		},
		"a refused credential": {
			err:  &apierrors.Error{Class: apierrors.Authentication, Status: 401, Action: apierrors.FailFast, Applied: apierrors.AppliedNo},
			want: once,
			text: "stop: authentication (401) (type: authentication, retryable: false)",
		},
		"in doubt": {
			err:  &apierrors.Error{Class: apierrors.Timeout, Status: 504, Action: apierrors.Retry},
			want: once,
			text: "look_up: timeout (504) (type: timeout, retryable: false)",
		},
		"an error of Temporal": {
			err:  temporal.NewNonRetryableApplicationError("mine", "mine", &apierrors.Error{Class: apierrors.NotFound}),
			want: once,
			text: "mine (type: mine, retryable: false): not_found (type: Error, retryable: true)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := runActivity(t, retrywisetemporal.Options{}, func(ctx context.Context) (string, error) {
				if activity.GetInfo(ctx).Attempt > 1 {
					return "created", nil
				}
				return "", test.err
			})
			text := ""
			if failure, ok := errors.AsType[*temporal.ApplicationError](got.Err); ok {
				text = failure.Error()
			}
			got.Err = nil
			for i := range got.Starts { // delays are spread by a minute at most
				if got.Starts[i] > time.Minute {
					got.Starts[i] = got.Starts[i].Truncate(2 * time.Minute)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if text != test.text {
				t.Errorf("failure %q, want %q", text, test.text)
			}
		})
	}
}

// limitedFor is the error of a call that all calls of the account have to wait for.
func limitedFor(wait time.Duration) error {
	return &apierrors.Error{
		Class: apierrors.RateLimited, Status: 429, Action: apierrors.Defer, Applied: apierrors.AppliedNo,
		Scope: apierrors.ScopeAccount, RetryAt: time.Now().Add(wait + time.Second),
	}
}

// A workflow learns from the error of its activity what to do.
func TestFailureOf(t *testing.T) {
	at := time.Now().Add(time.Hour).UTC().Round(0)
	err := &apierrors.Error{
		Vendor: "shop", Op: "orders.create", Class: apierrors.Timeout, Status: 504, Code: "SLOW", Action: apierrors.Retry,
		Hint: "Ask for less.", RequestID: "r-1", RetryAt: at, Message: "Ana", IdempotencyKey: "k",
	}
	got := runActivity(t, retrywisetemporal.Options{}, func(context.Context) (string, error) { return "", err })
	f, ok := retrywisetemporal.FailureOf(got.Err)
	want := retrywisetemporal.Failure{
		Next: jobs.LookUp, IfAbsent: jobs.RunAgain, Vendor: "shop", Op: "orders.create", Class: apierrors.Timeout, Status: 504, Code: "SLOW",
		Hint: "Ask for less.", RequestID: "r-1", RetryAt: at,
	}
	if diff := cmp.Diff(want, f); diff != "" || !ok {
		t.Errorf("%v, (-want +got):\n%s", ok, diff)
	}
	for _, err := range []error{
		nil, errors.New("other"), temporal.NewApplicationError("other", "other"), temporal.NewCanceledError(),
		temporal.NewApplicationError("other", "other", "details"), temporal.NewApplicationError("other", "other", map[string]any{"next": "stop"}),
	} {
		if f, ok := retrywisetemporal.FailureOf(err); ok {
			t.Errorf("FailureOf(%v) = %+v", err, f)
		}
	}
}

func TestError(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"success":              {nil, "<nil>"},
		"of the program":       {errors.New("no such row"), "no such row"},
		"of Temporal":          {temporal.NewCanceledError(), "canceled"},
		"of a client":          {&apierrors.Error{Class: apierrors.ServerError, Status: 500, Action: apierrors.Retry, Applied: apierrors.AppliedNo}, "run_again: server_error (500) (type: server_error, retryable: true)"},
		"of a client, doubted": {&apierrors.Error{Class: apierrors.ServerError, Status: 500, Action: apierrors.Retry}, "look_up: server_error (500) (type: server_error, retryable: false)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(retrywisetemporal.Error(test.err, jobs.Options{})); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A limit of the vendor is not an error to alert about.
func TestErrorIsBenignIfItIsALimit(t *testing.T) {
	for class, want := range map[apierrors.Class]temporal.ApplicationErrorCategory{
		apierrors.RateLimited: temporal.ApplicationErrorCategoryBenign,
		apierrors.ServerError: temporal.ApplicationErrorCategoryUnspecified,
	} {
		err := &apierrors.Error{Class: class, Action: apierrors.Retry, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(time.Hour)}
		got, ok := errors.AsType[*temporal.ApplicationError](retrywisetemporal.Error(err, jobs.Options{}))
		if !ok || got.Category() != want || got.NextRetryDelay() < time.Hour-time.Second {
			t.Errorf("%v: category %v, delay %v", class, got.Category(), got.NextRetryDelay())
		}
	}
}
