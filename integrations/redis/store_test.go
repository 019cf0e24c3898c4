package retrywiseredis_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
)

// A fake is a Client with one reply.
type fake struct {
	reply any
	err   error

	keys, args []string
}

func (f *fake) Eval(_ context.Context, _ string, keys, args []string) (any, error) {
	f.keys, f.args = keys, args
	return f.reply, f.err
}

// empty is the reply to an Exchange that asks for nothing.
var empty = []any{int64(1), int64(0), []any{}, []any{}, []any{}}

func TestNewRefusesOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		client retrywiseredis.Client
		o      retrywiseredis.Options
		want   string
	}{
		"no client":          {nil, retrywiseredis.Options{}, "there is no client"},
		"a brace":            {&fake{}, retrywiseredis.Options{Prefix: "{a}"}, `prefix "{a}" has a brace`},
		"a negative timeout": {&fake{}, retrywiseredis.Options{Timeout: -1}, "timeout -1ns is negative"},
		"the client fails":   {&fake{err: errors.New("WRONGPASS")}, retrywiseredis.Options{}, "the server cannot be used: WRONGPASS"},
		"a strange reply":    {&fake{reply: "OK"}, retrywiseredis.Options{}, "the reply of the script has a string in place of a []interface {}"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := retrywiseredis.New(t.Context(), tt.client, tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || s != nil {
				t.Errorf("New = %v, %v; want nil and %q", s, err, tt.want)
			}
		})
	}
}

func TestExchange(t *testing.T) {
	f := &fake{reply: empty}
	s, err := retrywiseredis.New(t.Context(), f, retrywiseredis.Options{Prefix: "jobs:"})
	if err != nil {
		t.Fatal(err)
	}
	f.reply = []any{
		int64(3), int64(98),
		[]any{[]any{int64(1), int64(2), int64(3), int64(4), int64(5), int64(6), int64(7), []any{"0.1", int64(8)}, int64(1), []any{int64(9), int64(10), int64(11), int64(12), int64(1)}}},
		[]any{[]any{int64(2), int64(1_000_000), int64(40), "503", int64(500_000), int64(1)}, []any{int64(0), int64(0), int64(0), "", int64(0), int64(0)}},
		[]any{int64(0), int64(1_500_000)},
	}
	got, err := s.Exchange(t.Context(), traffic.Exchange{
		Account: "account", Process: "process",
		Limits:   []traffic.Take{{Limit: "limit", Close: time.Second}},
		Outages:  []traffic.Sight{{}, {Endpoint: "endpoint"}},
		Renewals: []traffic.Permit{{Rejected: "1"}, {Rejected: "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := traffic.Result{
		Processes: 3, Retries: 98,
		Limits: []traffic.Grant{{
			Now: 1, Later: 2, First: 3 * time.Microsecond, Apart: 4 * time.Microsecond,
			Hold: 5, Wait: 6 * time.Microsecond, Closed: 7 * time.Microsecond,
			Learned: traffic.Pace{PerSecond: 0.1, Burst: 8}, Leads: true,
			Evidence: traffic.Evidence{Accepted: 9, Refused: 10, Left: 11 * time.Microsecond, Wait: 12 * time.Microsecond, ByVendor: true},
		}},
		Outages: []traffic.View{
			{State: traffic.Held, Since: time.Second, Failures: 40, Cause: "503", NextProbe: 500 * time.Millisecond, Granted: true}, {},
		},
		Renewals: []time.Duration{0, 1500 * time.Millisecond},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mismatch (-want +got):\n%s", diff)
	}
	keys := []string{"jobs:1:{account}", "jobs:1:{account}:limit:limit", "jobs:1:{account}:outage:", "jobs:1:{account}:outage:endpoint"}
	if diff := cmp.Diff(keys, f.keys); diff != "" {
		t.Errorf("keys mismatch (-want +got):\n%s", diff)
	}
	if len(f.args) != 1 || !strings.Contains(f.args[0], `"close":1000000`) {
		t.Errorf("arguments %q; want one, without a time of this process", f.args)
	}
}

func TestExchangeErrors(t *testing.T) {
	down, zero := errors.New("connection refused"), int64(0)
	for name, tt := range map[string]struct {
		f    fake
		x    traffic.Exchange
		want string
	}{
		"the client's":       {fake{err: down}, traffic.Exchange{}, "connection refused"},
		"not a list":         {fake{reply: int64(1)}, traffic.Exchange{}, "has a int64 in place of a []interface {}"},
		"nothing":            {fake{}, traffic.Exchange{}, "has a <nil> in place of a []interface {}"},
		"an early end":       {fake{reply: []any{int64(1), int64(2)}}, traffic.Exchange{}, "ends before a []interface {}"},
		"a short grant":      {fake{reply: []any{int64(1), int64(0), []any{[]any{int64(1)}}, []any{}, []any{}}}, traffic.Exchange{}, "ends before a int64"},
		"a text for a count": {fake{reply: []any{"1", int64(0), []any{}, []any{}, []any{}}}, traffic.Exchange{}, "has a string in place of a int64"},
		"a text for a rate": {
			fake{reply: []any{int64(1), int64(0), []any{[]any{zero, zero, zero, zero, zero, zero, zero, []any{"fast", zero}}}, []any{}, []any{}}},
			traffic.Exchange{}, `has "fast" in place of a number`,
		},
		"a rate not a number": {
			fake{reply: empty}, traffic.Exchange{Limits: []traffic.Take{{PerSecond: math.NaN()}}}, "write the exchange",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{reply: empty}
			s, err := retrywiseredis.New(t.Context(), f, retrywiseredis.Options{})
			if err != nil {
				t.Fatal(err)
			}
			f.reply, f.err = tt.f.reply, tt.f.err
			r, err := s.Exchange(t.Context(), tt.x)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
			if diff := cmp.Diff(traffic.Result{}, r); diff != "" {
				t.Errorf("Result mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
