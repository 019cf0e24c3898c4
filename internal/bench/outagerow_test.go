package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A vendor that served 100 per second, was down from 4 s to 6 s, and then served 50 and 100 per
// second again.
func TestOutageRowCounts(t *testing.T) {
	v := &failing{outage: outage{name: "outage", lasts: 10 * time.Second, from: 4 * time.Second, until: 6 * time.Second}}
	add := func(times *[]time.Duration, from, until time.Duration, apart time.Duration) {
		for at := from; at < until; at += apart {
			*times = append(*times, at)
		}
	}
	for _, times := range []*[]time.Duration{&v.requests, &v.served} {
		add(times, 0, 4*time.Second, 10*time.Millisecond)
		add(times, 6*time.Second, 7*time.Second, 20*time.Millisecond)
		add(times, 7*time.Second, 10*time.Second, 10*time.Millisecond)
	}
	add(&v.requests, 4*time.Second, 6*time.Second, 500*time.Millisecond)
	calls := make([]finished, len(v.served)+2)
	for i := range v.served {
		calls[i].ok = true
	}
	want := outageRow{
		Scenario: "outage", Peer: "x", Calls: 752, FailedCalls: 2, Requests: 754, RequestsInOutage: 4,
		Amplification: 754 / 752.0, RecoverySeconds: new(1.25),
	}
	if diff := cmp.Diff(want, v.row(peer{name: "x"}, calls)); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestOutagePrinter(t *testing.T) {
	r := outageRow{Scenario: "outage", Peer: "x", Calls: 10, FailedCalls: 1, Requests: 12, RequestsInOutage: 3, Amplification: 1.2, RecoverySeconds: new(0.5)}
	for asJSON, want := range map[bool]string{
		false: `scenario          peer                calls  failed_calls  requests  requests_in_outage  amplification  recovery_seconds  served_in_outage
outage            x                      10             1        12                   3          1.200              0.50             0.000
`,
		true: `{"scenario":"outage","peer":"x","calls":10,"failed_calls":1,"requests":12,"requests_in_outage":3,"amplification":1.2,"recovery_seconds":0.5,"served_in_outage":0}
`,
	} {
		var out strings.Builder
		p := printer{out: &out, asJSON: asJSON}
		if err := p.print(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("as JSON %v (-want +got):\n%s", asJSON, diff)
		}
	}
}

// A job against a vendor that fails at random ends, and its row adds up.
func TestOutageIsMeasured(t *testing.T) {
	o := outage{name: "small", lasts: 50 * time.Millisecond, fails: share(0), paths: []string{"/a", "/b"}}
	for _, p := range peers {
		r, err := o.measure(t.Context(), p)
		if err != nil || r.Calls < outageWorkers || r.FailedCalls > 0 || r.Requests != r.Calls {
			t.Errorf("%s: %+v, error %v", p.name, r, err)
		}
	}
}
