package client_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A connection that the test kit refuses proves what a real one does: a POST was not sent.
func TestProofOfARefusedConnectionOfTheTestKit(t *testing.T) {
	for name, tt := range map[string]struct {
		answers  []retrywisetest.Answer
		applied  apierrors.Applied // of the error; AppliedYes: a success
		attempts int
		requests int
	}{
		"refused once":        {[]retrywisetest.Answer{retrywisetest.Refused(), retrywisetest.Status(200)}, apierrors.AppliedYes, 2, 1},
		"refused for good":    {[]retrywisetest.Answer{retrywisetest.Refused(), retrywisetest.Refused(), retrywisetest.Refused(), retrywisetest.Refused()}, apierrors.AppliedNo, 4, 0},
		"reset is no refusal": {[]retrywisetest.Answer{retrywisetest.Reset()}, apierrors.AppliedUnknown, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				var seen events
				c := newClient(t, srv, client.Config{Observer: seen.observer()})
				_, err := send(t.Context(), t, c, "POST", "/items", "x")
				applied := apierrors.AppliedYes
				if err != nil {
					applied = failure(t, err).Applied
				}
				if diff := cmp.Diff([]any{tt.applied, tt.attempts, tt.requests}, []any{applied, len(seen.attempts), len(srv.Requests())}); diff != "" {
					t.Errorf("applied, attempts, requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Behind the chaos transport nothing is proved but what the transport below proves, so a write that
// met a reset is not repeated.
func TestProofBehindFaultsOfTheTestKit(t *testing.T) {
	for name, tt := range map[string]struct {
		fault    retrywisetest.Fault
		refuse   int
		applied  apierrors.Applied
		requests int
	}{
		"none":                    {retrywisetest.NoFault, 0, apierrors.AppliedYes, 1},
		"before the execution":    {retrywisetest.ResetBefore, 0, apierrors.AppliedUnknown, 0},
		"after the execution":     {retrywisetest.ResetAfter, 0, apierrors.AppliedUnknown, 1},
		"a response, and no more": {retrywisetest.GatewayTimeoutAfter, 0, apierrors.AppliedUnknown, 1},
		"a refused connection":    {retrywisetest.NoFault, 2, apierrors.AppliedYes, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(200))
				srv.RefuseDials(tt.refuse)
				wire := client.NewTransport()
				wire.DialContext = srv.Transport().DialContext
				faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(tt.fault)}
				c := newClient(t, srv, client.Config{Transport: faults.Transport(wire)})
				defer wire.CloseIdleConnections()
				_, err := send(t.Context(), t, c, "POST", "/items", "x")
				applied := apierrors.AppliedYes
				if err != nil {
					applied = failure(t, err).Applied
				}
				if diff := cmp.Diff([]any{tt.applied, tt.requests}, []any{applied, len(srv.Requests())}); diff != "" {
					t.Errorf("applied, requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}
