package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// small is a scenario of a second or two, or less for a peer that keeps the limit.
func small(d *declared) scenario {
	return scenario{
		name: "small", calls: 20, workers: 4, declared: d,
		newVendor: func() *vendor { return bare(http.StatusServiceUnavailable, newBucket(100, 10)) },
	}
}

// rowOf runs a scenario with one peer, over loopback.
func rowOf(ctx context.Context, s scenario, p peer) (r row, err error) {
	var out strings.Builder
	if err := (settings{scenarios: []scenario{s}, peers: []peer{p}, runs: 1, asJSON: true}).run(ctx, &out); err != nil {
		return row{}, err
	}
	err = json.Unmarshal([]byte(out.String()), &r)
	return r, err
}

func TestEachPeerHasARowThatAddsUp(t *testing.T) {
	var all sync.WaitGroup
	check := func(s scenario, p peer) {
		all.Go(func() {
			r, err := rowOf(t.Context(), s, p)
			switch {
			case err != nil:
				t.Error(err)
			case r.OK+r.Lost != s.calls || r.OK != r.Accepted || r.OK < 10:
				t.Errorf("the counts of %d calls do not add up: %+v", s.calls, r)
			case r.Scenario != s.name || r.Peer != p.name || r.Seconds <= 0 || r.Goodput <= 0 || r.Goodput > 1 || r.CutOff:
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
	found, _, err := findScenarios("limit-plenty")
	if err != nil {
		t.Fatal(err)
	}
	s := found[0]
	s.calls, s.workers = 2, 2
	r, err := rowOf(t.Context(), s, peers[0])
	if want := pairs * s.calls; err != nil || r.OK != want || r.Accepted != want || r.Goodput <= 0 {
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

// No two scenarios have one name, and the calls of each are about the records of its vendor.
func TestScenariosAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range scenarios {
		v := s.newVendor()
		if seen[s.name] || s.about == "" || s.calls == 0 || s.workers == 0 || v.status == 0 || v.limit == nil {
			t.Errorf("scenario %q is not complete", s.name)
		}
		seen[s.name] = true
		records, isForRecords := v.limit.(*records)
		if isForRecords != (s.record(0) != "") || isForRecords && s.declared.records != records.count {
			t.Errorf("scenario %q: its calls are not about the records of its vendor", s.name)
		}
	}
}
