package main

import (
	"context"
	"sync"
	"testing"
	"time"
)

// smallOutage is an outage of 0.4 s of 0.8 s.
func smallOutage(kind failure) outage {
	const ms = time.Millisecond
	return outage{
		name: "small", about: "small", workers: 4, work: 5 * ms, kind: kind,
		down: span{200 * ms, 600 * ms}, total: 800 * ms,
	}
}

// How much is served in so short a time depends on the machine; what is counted when is tested by
// TestOutageRowCounts and TestLoop.
func TestOutagesHaveRowsThatAddUp(t *testing.T) {
	onePath, slow, hang := smallOutage(unavailable), smallOutage(unavailable), smallOutage(silent)
	onePath.paths, slow.comesBack, hang.timeout = []string{"/a", "/b"}, 200*time.Millisecond, 50*time.Millisecond
	var all sync.WaitGroup
	for name, o := range map[string]outage{
		"503": smallOutage(unavailable), "refused": smallOutage(refused), "silent": hang, "one path": onePath, "slow": slow,
	} {
		for _, p := range peers {
			all.Go(func() {
				r, err := rowOf[outageRow](t.Context(), o.scenario(), p)
				switch ended := r.OK + r.FailedCalls + r.Deferred; {
				case err != nil:
					t.Errorf("%s, %s: %v", name, p.name, err)
				case ended > r.Calls || ended < r.Calls-o.workers || r.CallsInOutage > r.Calls:
					t.Errorf("%s, %s: the counts do not add up: %+v", name, p.name, r)
				case r.Scenario != o.name || r.Peer != p.name || r.ServedInOutage != nil && o.paths == nil:
					t.Errorf("%s, %s: unexpected row: %+v", name, p.name, r)
				}
			})
		}
	}
	all.Wait()
}

func TestBrownoutsHaveRowsThatAddUp(t *testing.T) {
	for _, percent := range []int{0, 10} {
		b := brownout{percent: percent, calls: 40, workers: 40}
		for _, p := range peers {
			r, err := rowOf[outageRow](t.Context(), b.scenario(), p)
			switch {
			case err != nil:
				t.Errorf("%d%%, %s: %v", percent, p.name, err)
			case r.OK+r.FailedCalls != b.calls || r.Calls != b.calls+r.Deferred || r.RequestsInOutage < b.calls || r.CutOff:
				t.Errorf("%d%%, %s: the counts do not add up: %+v", percent, p.name, r)
			case percent == 0 && (r.OK != b.calls || r.RequestsInOutage != b.calls):
				t.Errorf("%s: not each call was one request: %+v", p.name, r)
			}
		}
	}
}

func TestDuplicatesHaveRowsThatAddUp(t *testing.T) {
	var all sync.WaitGroup
	for _, keyed := range []bool{false, true} {
		for _, p := range peers {
			all.Go(func() {
				d := duplicates{name: "small", about: "small", calls: 20, workers: 20, keyed: keyed}
				r, err := rowOf[duplicatesRow](t.Context(), d.scenario(), p)
				switch {
				case err != nil:
					t.Errorf("%s: %v", p.name, err)
				case r.ReportedOK+r.FailedCalls+r.ReportedUnknown != d.calls || r.ReportedOK == 0 || r.Lost+r.Phantoms > 0 || r.CutOff:
					t.Errorf("%s: the counts do not add up: %+v", p.name, r)
				case keyed && r.Duplicates > 0 || p.name == "retrywise" && r.Duplicates > 0:
					t.Errorf("%s: %d duplicates: %+v", p.name, r.Duplicates, r)
				}
			})
		}
	}
	all.Wait()
}

func TestHostileHasARow(t *testing.T) {
	h := hostile{calls: 4, members: 2}
	for _, p := range peers {
		r, err := h.run(context.WithoutCancel(t.Context()), p, 1<<30)
		if err != nil || r.FailedCalls != h.calls || r.CutOff || (r.Typed == h.calls) != (p.name == "retrywise") {
			t.Errorf("%s: unexpected row: %+v, error %v", p.name, r, err)
		}
	}
}
