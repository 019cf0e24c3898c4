package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// For every seed, nothing is missing and nothing is executed twice.
func TestSyncAllAgreesWithTheLedgers(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := settings{seed: seed, faults: 0.05 + 0.2*float64(seed)/19}
				tr := newTestRun(t, s, seeded(s))
				tr.run(t.Context(), t)
				if !tr.report.agrees() || tr.step("contacts").Records != 1000 || tr.step("contacts").Results[delivered] < 800 {
					t.Errorf("seed %d, faults %.2f:\n%s", s.seed, s.faults, tr.describe(t))
				}
				for _, v := range tr.report.Vendors {
					if v.Requests != v.Counted || v.Canceled > 0 {
						t.Errorf("%s: %d requests reported, %d counted, %d calls canceled", v.Name, v.Requests, v.Counted, v.Canceled)
					}
				}
				if contacts, uploads := tr.fakes.rdstation.Peak(), tr.fakes.customergauge.PeakUploads(); contacts > tr.workers || uploads > 1 {
					t.Errorf("%d contacts and %d uploads at a time; want at most %d and 1", contacts, uploads, tr.workers)
				}
			})
		})
	}
}

// Without faults, exactly the bad records become dead letters, each with its reason.
func TestSyncAllWritesDeadLetters(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		tr := newTestRun(t, settings{}, noFaults)
		tr.run(t.Context(), t)
		if !tr.report.agrees() || tr.step("exports").RunAgain != 0 {
			t.Errorf("a run without faults:\n%s", tr.describe(t))
		}
		contacts := map[string]int{}
		var others []string
		for _, l := range tr.letters(t) {
			line := lineOf(t, l)
			if line == 0 && l.Record == "" || l.Hint == "" && l.Summary == "" {
				t.Errorf("a dead letter without a record or a reason: %+v", l)
			}
			if l.Op == stepContacts {
				contacts[reasonOf(l)]++
				continue
			}
			others = append(others, fmt.Sprintf("%s %d %s: %s", l.Op, line, l.Record, reasonOf(l)))
		}
		wantContacts := map[string]int{
			"surface|no|validation|name|CANNOT_BE_BLANK":                                                       5,
			"surface|no|validation|name|CANNOT_BE_NULL":                                                        3,
			"surface|no|validation|name|MUST_BE_STRING":                                                        4,
			"surface|no|validation|tags|VALUES_MUST_BE_LOWERCASE":                                              7,
			"surface|no|validation|linkedin|INVALID_FORMAT":                                                    4,
			"surface|no|validation|email|INVALID":                                                              2,
			"surface|no|validation|favourite_colour|INVALID_FIELDS":                                            4,
			"surface|no|validation|available_for_mailing|INVALID_FIELDS":                                       4,
			"surface|no|validation|linkedin name tags|INVALID_FORMAT CANNOT_BE_BLANK VALUES_MUST_BE_LOWERCASE": 3,
		}
		if diff := cmp.Diff(wantContacts, contacts); diff != "" {
			t.Errorf("dead letters of contacts mismatch (-want +got):\n%s", diff)
		}
		wantOthers := []string{
			"files 0 transactions-07.csv: surface|no|validation||400010",
			"files 0 refunds.csv: surface|no|validation||400115",
			"files 0 summary.pdf: surface|no|validation||400104",
			"files 0 transactions-01.csv: surface|no|already_exists||400103",
			"purchases 19 P-0018: surface|no|dependency||E0102",
			"purchases 25 P-0024: surface|no|configuration||E0103",
			"purchases 37 P-0036: surface|no|validation|products[0].quantity|",
			"purchases 46 P-0045: surface|no|dependency||E0102",
			"purchases 54 P-0053: surface|no|validation|products[0].unitPrice|",
			"purchases 66 P-0065: surface|no|validation|contactEmail|",
			"purchases 73 P-0072: surface|no|dependency||E0102",
			"purchases 90 P-0089: surface|no|configuration||E0103",
			"purchases 99 : surface|no|validation|purchaseId|",
		}
		if diff := cmp.Diff(wantOthers, others); diff != "" {
			t.Errorf("dead letters mismatch (-want +got):\n%s", diff)
		}
	})
}

// reasonOf returns what a letter says of the failure.
func reasonOf(l deadletter.Letter) string {
	var fields, codes []string
	for _, f := range l.Fields {
		fields, codes = append(fields, f.Path), append(codes, f.Code)
	}
	if strings.Join(codes, "") == "" {
		codes = []string{l.Code}
	}
	return fmt.Sprintf("%v|%v|%v|%s|%s", l.Action, l.Applied, l.Class, strings.Join(fields, " "), strings.Join(codes, " "))
}

// If a vendor refuses the credential, its step stops after a few requests. The other steps
// go on.
func TestSyncAllStopsAStepWithoutLogin(t *testing.T) {
	refused := func(n int) func(uint64) retrywisetest.Plan {
		return func(vendor uint64) retrywisetest.Plan {
			if vendor != uint64(n) {
				return retrywisetest.Plan{}
			}
			return retrywisetest.Sequence(slices.Repeat([]retrywisetest.Fault{testserver.ExpireToken}, 40)...)
		}
	}
	usual := map[string]int{"contacts": 964, "files": 7, "purchases": 111, "exports": 7, "campaigns": 1, "registrations": 12}
	for name, tt := range map[string]struct {
		vendor int
		stops  map[string]int // steps that stop, and how many records they have
	}{
		vendors.RDStation:     {0, map[string]int{"contacts": 1000}},
		vendors.CustomerGauge: {1, map[string]int{"files": 11}},
		vendors.Connectif:     {2, map[string]int{"purchases": 120, "exports": 7}},
		vendors.Playable:      {3, map[string]int{"campaigns": 1, "registrations": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				tr := newTestRun(t, settings{}, refused(tt.vendor))
				tr.run(t.Context(), t)
				for _, s := range tr.report.Steps {
					n, stops := tt.stops[s.Name]
					if stops && (s.Records != n || s.Results[failed] != n) || !stops && s.Results[delivered] != usual[s.Name] {
						t.Errorf("step %s: %+v", s.Name, s)
					}
				}
				if n := tr.fakes.counted(name); n > 60 || !tr.report.agrees() || tr.report.Took > time.Minute {
					t.Errorf("%d requests:\n%s", n, tr.describe(t))
				}
			})
		})
	}
}

// A deferred record is run again when it is due, unless that is after maxDelay. Otherwise
// the dead letters have the time.
func TestSyncAllRunsDeferredRecordsAgain(t *testing.T) {
	for wait, want := range map[time.Duration]map[result]int{
		10 * time.Minute: {delivered: 964, surfaced: 36},
		20 * time.Minute: {delivered: 4, deferred: 996},
	} {
		t.Run(wait.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				tr := newTestRun(t, settings{}, noFaults)
				tr.workers = 1
				const ok = retrywisetest.NoFault
				limited := retrywisetest.Sequence(ok, ok, ok, ok, retrywisetest.RateLimited)
				tr.fakes.rdstation = testserver.NewRDStation(testserver.Service{Faults: limited, LimitWait: wait})
				tr.fakes.rdstation.AllowContactCalls(0)
				tr.run(t.Context(), t)
				if diff := cmp.Diff(want, tr.step("contacts").Results); diff != "" || !tr.report.agrees() {
					t.Errorf("results (-want +got):\n%s\n%s", diff, tr.describe(t))
				}
				ranAgain := tr.step("contacts").RunAgain > 0
				if ranAgain != (wait < tr.maxDelay) || ranAgain && tr.report.Took < wait {
					t.Errorf("run again %d after %v", tr.step("contacts").RunAgain, tr.report.Took)
				}
			})
		})
	}
}

// When the job is stopped, at any time, every record has an outcome. Those that were
// delivered are there, and the dead letters have the others.
func TestSyncAllIsInterrupted(t *testing.T) {
	interrupt := errors.New("interrupt")
	for _, after := range []time.Duration{0, 2 * time.Millisecond, 50 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 11 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := settings{seed: 3, faults: 0.2}
				tr := newTestRun(t, s, seeded(s))
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(after, func() { cancel(interrupt) })
				tr.run(ctx, t)
				all, sent := tr.report.records()
				if all < 1000+11+120+7+1 || sent == all || sent == 0 && after > time.Second {
					t.Errorf("%d records, %d delivered", all, sent)
				}
				if letters := len(tr.letters(t)); letters != all-sent || !tr.report.agrees() {
					t.Errorf("%d dead letters for %d of %d records:\n%s", letters, all-sent, all, tr.describe(t))
				}
				if late := tr.report.Took - after; late > time.Second {
					t.Errorf("stopped after %v", late)
				}
			})
		})
	}
}
