package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPrinter(t *testing.T) {
	rows := []row{
		&limitRow{title: title{"limit-known", "net/http"}, OK: 599, Lost: 1, Accepted: 599, Rejected429: 1, Seconds: 5.9, IdealSeconds: 5.89, Goodput: 0.998},
		&limitRow{title: title{"limit-known", "retrywise"}, OK: 600, Accepted: 600, Deferred: 3, Seconds: 60, IdealSeconds: 5.9, Goodput: 0.1, GoodputAfter10s: new(0.12), CutOff: true},
	}
	for name, tt := range map[string]struct {
		asJSON bool
		want   string
	}{
		"table": {false, `
scenario                  peer                          ok   lost  accepted  rejected429  deferred  seconds  ideal_seconds  goodput  after_10s
limit-known               net/http                     599      1       599            1         0     5.90           5.89    0.998
limit-known               retrywise                    600      0       600            0         3    60.00           5.90    0.100      0.120  cut off
`},
		"JSON": {true, `
{"scenario":"limit-known","peer":"net/http","ok":599,"lost":1,"accepted":599,"rejected429":1,"deferred":0,"seconds":5.9,"ideal_seconds":5.89,"goodput":0.998}
{"scenario":"limit-known","peer":"retrywise","ok":600,"lost":0,"accepted":600,"rejected429":0,"deferred":3,"seconds":60,"ideal_seconds":5.9,"goodput":0.1,"goodput_after_10s":0.12,"cut_off":true}
`},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			p := printer{out: &out, asJSON: tt.asJSON}
			for _, r := range rows {
				if err := p.print(r); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(tt.want, "\n"+out.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// After several runs, the table has the run in the middle of each peer.
func TestPrinterOfMedians(t *testing.T) {
	runs := func(peer string, goodputs ...float64) (all []row) {
		for _, g := range goodputs {
			all = append(all, &limitRow{title: title{Peer: peer}, Goodput: g})
		}
		return all
	}
	for name, tt := range map[string]struct {
		p    printer
		rows [][]row
		want []string // the beginnings of lines, without spaces
	}{
		"three runs": {printer{}, [][]row{runs("a", 0.7, 0.9, 0.8), runs("b", 0.1, 0.3, 0.2)}, []string{"scenario peer after_10s", "a, median 0.800", "b, median 0.200"}},
		"one run":    {printer{}, [][]row{runs("a", 0.7)}, nil},
		"as JSON":    {printer{asJSON: true}, [][]row{runs("a", 0.7, 0.9)}, nil},
	} {
		var out strings.Builder
		tt.p.out = &out
		if err := tt.p.printMedians(tt.rows); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(out.String()) {
			words := strings.Fields(line)
			got = append(got, strings.Join([]string{words[0], words[1], words[len(words)-1]}, " "))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: lines (-want +got):\n%s", name, diff)
		}
	}
}

// Rows with other columns have a head of their own.
func TestPrinterOfOtherRows(t *testing.T) {
	var out strings.Builder
	p := printer{out: &out}
	for _, r := range []row{
		&outageRow{title: title{"outage", "resty"}, RequestsInOutage: 1444, Calls: 15362, CallsInOutage: 385, Amplification: 3.7506, RecoverySeconds: new(1.0), OK: 14977, FailedCalls: 321, Seconds: 16},
		&outageRow{title: title{"outage-endpoint", "us"}, Deferred: 7, ServedInOutage: new(0.8), OfAllowed: new(0.95), CutOff: true},
		&duplicatesRow{title: title{"duplicates", "azcore"}, Calls: 1000, Created: 1131, Duplicates: 131, ReportedOK: 863, ReportedUnknown: 137, Seconds: 12.8},
		&hostileRow{title: title{"hostile", "us"}, Calls: 1000, FailedCalls: 1000, Typed: 1000, PeakHeap: 155993680, HeapBound: 262144000, Seconds: 1.14},
	} {
		if err := p.print(r); err != nil {
			t.Fatal(err)
		}
	}
	want := `
scenario                  peer                       requests_in_outage  calls  calls_in_outage  amplification  recovery_seconds     ok  failed_calls  deferred  served_in_outage  of_allowed  seconds
outage                    resty                                    1444  15362              385           3.75              1.00  14977           321         0                                  16.00
outage-endpoint           us                                          0      0                0           0.00                        0             0         7             0.800       0.950     0.00  cut off
scenario                  peer                       calls  created  duplicates  reported_ok  failed_calls  reported_unknown  resolved   lost  phantoms  seconds
duplicates                azcore                      1000     1131         131          863             0               137         0      0         0    12.80
scenario                  peer                       calls  failed_calls  typed  peak_heap  heap_bound  goroutines_left  seconds
hostile                   us                          1000          1000   1000  155993680   262144000                0     1.14
`
	if diff := cmp.Diff(want, "\n"+out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
