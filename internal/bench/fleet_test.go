package main

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMain is the main function of a process of a fleet, too.
func TestMain(m *testing.M) {
	if job := os.Getenv(jobVariable); job != "" {
		work(job)
		return
	}
	os.Exit(m.Run())
}

// Processes of a fleet get their job and hand over their calls as JSON.
func TestFleetJSON(t *testing.T) {
	same := cmp.AllowUnexported(declared{}, call{}, span{})
	job := fleetJob{Peer: "net/http", Declared: &declared{perSecond: 100, burst: 10, records: 3}, Total: time.Second}
	calls := []call{{7, span{time.Second, 2 * time.Second}, deferred}, {8, span{0, 1}, succeeded}}
	var gotJob fleetJob
	var gotCalls []call
	for value, to := range map[any]any{&job: &gotJob, &calls: &gotCalls} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, to); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(job, gotJob, same); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(calls, gotCalls, same); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// Each process makes calls, and all are counted.
func TestFleetRuns(t *testing.T) {
	v := tellsWait(newBucket(1_000_000, 1_000_000))
	h, err := startHost(v)
	if err != nil {
		t.Fatal(err)
	}
	defer h.refuse()
	f := fleet{2, fleetJob{Peer: "net/http", URL: h.url(), Workers: 2, Start: time.Now(), Total: 2 * time.Second}}
	calls, err := f.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := &fleetRow{Processes: 2}
	r.OK, r.Lost, r.Deferred = countEnds(calls)
	r.count(v, 2*time.Second)
	r.operated(100, 2*time.Second)
	if r.OK > r.Accepted || r.OK < r.Accepted-4 || r.Operations != 25 {
		t.Errorf("the counts do not add up: %+v", r)
	}
}

// A process of another peer keeps to its part of a limit.
func TestDeclaredShare(t *testing.T) {
	var none *declared
	if none.share(16) != nil {
		t.Error("a limit that is not known has a share")
	}
	if diff := cmp.Diff(&declared{perSecond: 6, burst: 1}, (&declared{perSecond: 100, burst: 10}).share(16), cmp.AllowUnexported(declared{})); diff != "" {
		t.Errorf("share (-want +got):\n%s", diff)
	}
}
