package client_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Each transition of policy.Outcome happens on the wire: an attempt leads to the outcome
// before, and a second one shows what the transition is about.
func TestOutcomeOnTheWire(t *testing.T) {
	success := retrywisetest.JSON(200, `{"size":3}`)
	before := map[policy.Outcome]script{
		policy.NotApplied: {retrywisetest.Status(408, "Connection", "close")},
		policy.InDoubt:    {retrywisetest.Reset()},
		policy.Applied:    {retrywisetest.Cut(success)},
	}
	for name, tt := range map[string]struct {
		answers script // nil: the connection is refused
		shown   apierrors.Applied
	}{
		"refused connection":       {nil, apierrors.AppliedNo},
		"refused by a code":        {script{retrywisetest.JSON(400, `{"code":"BAD"}`)}, apierrors.AppliedNo},
		"reset connection":         {script{retrywisetest.Reset()}, apierrors.AppliedUnknown},
		"server error":             {script{retrywisetest.Status(503)}, apierrors.AppliedUnknown},
		"response that breaks off": {script{retrywisetest.Cut(success)}, apierrors.AppliedYes},
		"success":                  {script{success}, apierrors.AppliedYes},
	} {
		for o, first := range before {
			t.Run(o.String()+", "+name, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					got := appliedAfter(t, append(first[:1:1], tt.answers...))
					if want := o.After(tt.shown).Applied(); got != want {
						t.Errorf("applied %v; want %v", got, want)
					}
				})
			})
		}
	}
}

// appliedAfter makes a call whose requests get the answers, and then no connection. It
// returns what the error and the observer say of it.
func appliedAfter(t *testing.T, answers script) apierrors.Applied {
	t.Helper()
	srv := retrywisetest.New(t, answers...)
	dials, dial := 0, srv.Transport().DialContext
	transport := srv.Transport().Clone()
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials > len(answers) {
			return nil, errors.New("connection refused")
		}
		return dial(ctx, network, address)
	}
	defer transport.CloseIdleConnections()
	var event client.CallEvent
	c := newClient(t, srv, client.Config{Transport: transport, Observer: client.Observer{
		CallEnd: func(_ context.Context, e client.CallEvent) { event = e },
	}})
	_, err := client.Do[item](t.Context(), c, client.Call{
		Method: "PUT", Path: "/items/7", Body: item{Size: 3}, Options: client.CallOptions{MaxAttempts: 2},
	})
	if err != nil {
		if diff := cmp.Diff(event.Applied, failure(t, err).Applied); diff != "" {
			t.Errorf("of the event and the error (-event +error):\n%s", diff)
		}
	}
	return event.Applied
}
