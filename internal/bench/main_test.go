package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// small is a scenario of a second or two, or less for a peer that keeps the limit.
func small(d *declared) limitJob {
	return limitJob{
		name: "small", calls: 20, workers: 4, declared: d,
		newVendor: func() *vendor { return bare(http.StatusServiceUnavailable, newBucket(100, 10)) },
	}
}

// rowOf runs a scenario with one peer, over loopback.
func rowOf[R any](ctx context.Context, s scenario, p peer) (r R, err error) {
	var out strings.Builder
	if err := (settings{scenarios: []scenario{s}, peers: []peer{p}, runs: 1, asJSON: true}).run(ctx, &out); err != nil {
		return r, err
	}
	err = json.Unmarshal([]byte(out.String()), &r)
	return r, err
}

func TestEachPeerHasARowThatAddsUp(t *testing.T) {
	var all sync.WaitGroup
	check := func(l limitJob, p peer) {
		all.Go(func() {
			r, err := rowOf[limitRow](t.Context(), l.scenario(), p)
			switch {
			case err != nil:
				t.Error(err)
			case r.OK+r.Lost != l.calls || r.OK != r.Accepted || r.OK < 10:
				t.Errorf("the counts of %d calls do not add up: %+v", l.calls, r)
			case r.Scenario != l.name || r.Peer != p.name || r.Seconds <= 0 || r.Goodput <= 0 || r.Goodput > 1 || r.CutOff:
				t.Errorf("unexpected row: %+v", r)
			}
		})
	}
	ours, netHTTP := peers[0], peers[1]
	for _, p := range peers {
		check(small(&declared{perSecond: 100, burst: 10}), p)
	}
	check(small(nil), ours)
	check(small(nil), netHTTP)
	check(small(&declared{perSecond: 100, burst: 10, records: 1}), ours)
	check(small(&declared{perSecond: 100, burst: 10, records: 1}), netHTTP)
	all.Wait()
}

func TestComparisonHasARowThatAddsUp(t *testing.T) {
	l := limitJobs[slices.IndexFunc(limitJobs, func(l limitJob) bool { return l.compares })]
	l.calls, l.workers = 2, 2
	r, err := rowOf[limitRow](t.Context(), l.scenario(), peers[0])
	if want := pairs * l.calls; err != nil || r.OK != want || r.Accepted != want || r.Goodput <= 0 {
		t.Errorf("unexpected row of %d calls: %+v, error %v", want, r, err)
	}
}

func TestParseArgs(t *testing.T) {
	const scenario = "expected -scenario to be one of these; got "
	for name, tt := range map[string]struct {
		args string
		want string // in what is written to the user; empty: nothing is
	}{
		"all peers":         {"-scenario limit-known", ""},
		"several scenarios": {"-scenario limit-headers", ""},
		"brown-outs":        {"-scenario brownout", ""},
		"one peer":          {"-scenario limit-known -peer net/http -runs 3 -json", ""},
		"no scenario":       {"", scenario + `""`},
		"unknown scenario":  {"-scenario limits", scenario + `"limits"`},
		"unknown peer":      {"-scenario limit-known -peer curl", `expected -peer to be one of retrywise, net/http, go-retryablehttp, failsafe-go, rehttp, resty, azcore; got "curl"`},
		"no runs":           {"-scenario limit-known -runs 0", "expected -runs to be at least 1; got 0"},
		"argument":          {"-scenario limit-known json", "unexpected argument: json"},
		"unknown flag":      {"-scenarios limit-known", "flag provided but not defined: -scenarios"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			_, err := parseArgs(strings.Fields(tt.args), &out)
			if (err != nil) != (tt.want != "") || !strings.Contains(out.String(), tt.want) {
				t.Errorf("error %v, output %q; want %q", err, out.String(), tt.want)
			}
		})
	}
}

func TestScenariosHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios() {
		if seen[s.name] || s.name == "" || s.about == "" || s.measure == nil {
			t.Errorf("scenario %q is not complete, or there are two", s.name)
		}
		seen[s.name] = true
	}
}

// The calls of each job are about the records of its vendor.
func TestLimitJobsAreComplete(t *testing.T) {
	for _, l := range limitJobs {
		v := l.newVendor()
		if l.calls == 0 || l.workers == 0 || v.status == 0 || v.limit == nil {
			t.Errorf("%q is not complete", l.name)
		}
		records, isForRecords := v.limit.(*records)
		if isForRecords != (l.record(0) != "") || isForRecords && l.declared.records != records.count {
			t.Errorf("%q: its calls are not about the records of its vendor", l.name)
		}
	}
}
