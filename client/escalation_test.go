package client_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// After EscalateAfter surfaced failures in a row with the same code, the next is fail_fast.
func TestEscalation(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		bad := retrywisetest.Status(400, "X-Code", "BAD")
		srv := retrywisetest.New(t, bad, bad, retrywisetest.Status(200), bad, bad, retrywisetest.Status(503), bad)
		p := shopPolicy(t).WithRetry(policy.Retry{EscalateAfter: new(2)})
		c := newClient(t, srv, client.Config{Policy: &p})
		var got []apierrors.Action
		for range 7 {
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			e, _ := errors.AsType[*apierrors.Error](err)
			if e == nil {
				e = &apierrors.Error{}
			}
			got = append(got, e.Action)
		}
		want := []apierrors.Action{
			apierrors.Surface, apierrors.Surface, apierrors.ActionNone, apierrors.Surface, apierrors.Surface, apierrors.Retry, apierrors.FailFast,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("actions mismatch (-want +got):\n%s", diff)
		}
	})
}

// A success of a foreign origin does not end a row of failures.
func TestEscalationIgnoresForeignResponses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		vendor := retrywisetest.Handle(t, retrywisetest.Status(400, "X-Code", "BAD"))
		storage := retrywisetest.Handle(t, retrywisetest.Status(200))
		strictly := shopPolicy(t).WithRetry(policy.Retry{EscalateAfter: new(2)})
		c := newClient(t, nil, client.Config{
			Policy: &strictly, BaseURL: "https://vendor.test",
			Transport: origins{"https://vendor.test": vendor, "https://storage.test": storage},
		})
		for i, want := range []apierrors.Action{apierrors.Surface, apierrors.Surface, apierrors.FailFast} {
			_, err := send(t.Context(), t, c, "POST", "https://vendor.test/items", "")
			if e := failure(t, err); e.Action != want {
				t.Errorf("record %d: %v; want %v", i+1, e.Action, want)
			}
			_, _ = send(t.Context(), t, c, "GET", "https://storage.test/f", "")
		}
	})
}
