package apierrors_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
)

func TestErrorDetail(t *testing.T) {
	e := full()
	e.Attempts = append(e.Attempts, apierrors.Attempt{Wait: time.Second, Class: apierrors.Network})
	const want = `rdstation contacts.upsert: validation (422 MUST_BE_STRING): Name must be string.; fields name; 2 attempts; request id abc-123
request: PATCH https://api.rd.services/platform/contacts/email:canary@example.com
rule: rdstation code MUST_BE_STRING
hint: Send text.
vendor said: canary is not a string
field name: MUST_BE_STRING canary
detail echo: canary
attempt 1: 422 validation after a wait of 0s, took 1s
attempt 2: network after a wait of 1s, took 0s
body: {"name":"canary"}
cause: canary
`
	if diff := cmp.Diff(want, e.Detail()); diff != "" {
		t.Errorf("Detail mismatch (-want +got):\n%s", diff)
	}
}

// A nil *Error is a programming error elsewhere, but must not panic in a log.
func TestErrorNil(t *testing.T) {
	var e *apierrors.Error
	if e.Error() != "<nil>" || e.Detail() != "<nil>" || e.Timeout() || errors.Is(e, apierrors.None) || errors.Unwrap(e) != nil {
		t.Errorf("Error %q, Detail %q, Timeout %v, Is %v, Unwrap %v", e.Error(), e.Detail(), e.Timeout(), errors.Is(e, apierrors.None), errors.Unwrap(e))
	}
}
