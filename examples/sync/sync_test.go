package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A day is a run of the whole job in virtual time.
type day struct {
	settings
	sources
	fakes   *fakes
	results []result
	report  report
}

// newDay creates the vendors, which fail by faults. Call run in the same virtual time.
func newDay(t *testing.T, s settings, faults func(uint64) retrywisetest.Plan) *day {
	t.Helper()
	s.workers, s.patience, s.campaigns = 8, 15*time.Minute, 12
	src, err := open(s)
	if err != nil {
		t.Fatal(err)
	}
	return &day{settings: s, sources: src, fakes: newFakesWith(s, src.purchases, faults)}
}

func noFaults(uint64) retrywisetest.Plan { return retrywisetest.Plan{} }

// internet connects to the server of each host. It is a transport of net/http itself,
// because the client cannot stop the hidden retries of one that is wrapped.
func internet(servers map[string]*retrywisetest.Server) *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 100, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return servers[address].Transport().DialContext(ctx, network, address)
	}}
}

func (d *day) run(t *testing.T) {
	t.Helper()
	servers, sites := map[string]*retrywisetest.Server{}, map[string]string{}
	for name, handler := range d.fakes.handlers() {
		servers[name+".test:80"] = retrywisetest.Handle(t, handler)
		sites[name] = "http://" + name + ".test"
	}
	wire := internet(servers)
	defer wire.CloseIdleConnections()
	var err error
	d.results, d.report, err = syncAll(t.Context(), d.settings, d.sources, d.fakes, sites, wire, func(result) {})
	if err != nil {
		t.Fatal(err)
	}
}

// step returns the line of a step in the report.
func (d *day) step(name string) stepLine {
	i := slices.IndexFunc(d.report.Steps, func(s stepLine) bool { return s.Name == name })
	return d.report.Steps[i]
}

// letters returns the dead letters, without those of the steps leftOut.
func (d *day) letters(t *testing.T, leftOut ...string) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := writeDeadLetters(&out, d.results); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(rows[1:], func(row []string) bool { return slices.Contains(leftOut, row[0]) })
}

// story describes a day that went wrong.
func (d *day) story(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	if err := d.report.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, row := range d.letters(t, "contacts") {
		fmt.Fprintln(&text, strings.Join(row, " | "))
	}
	return text.String()
}

// For every seed, nothing is missing and nothing is executed twice.
func TestTheJobAndTheLedgersAgree(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := settings{seed: seed, faults: 0.05 + 0.2*float64(seed)/19}
				d := newDay(t, s, seeded(s))
				d.run(t)
				if !d.report.agrees() || d.step("contacts").Records != 1000 || d.step("contacts").Fates[delivered] < 800 {
					t.Errorf("seed %d, faults %.2f:\n%s", s.seed, s.faults, d.story(t))
				}
				for _, v := range d.report.Vendors {
					if v.Requests != v.Seen || v.Canceled > 0 {
						t.Errorf("%s: %d requests told, %d counted, %d calls given up", v.Name, v.Requests, v.Seen, v.Canceled)
					}
				}
				if contacts, uploads := d.fakes.rdstation.Peak(), d.fakes.customergauge.PeakUploads(); contacts > d.workers || uploads > 1 {
					t.Errorf("%d contacts and %d uploads at a time; want at most %d and 1", contacts, uploads, d.workers)
				}
			})
		})
	}
}

// Without faults, exactly the bad records become dead letters, each with its reason.
func TestDeadLettersTellTheReason(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		d := newDay(t, settings{}, noFaults)
		d.run(t)
		if !d.report.agrees() || d.step("exports").Rerun != 2 {
			t.Errorf("a day without faults:\n%s", d.story(t))
		}
		contacts := map[string]int{}
		var others []string
		for _, row := range d.letters(t) {
			if row[1]+row[2] == "" || row[9] == "" {
				t.Errorf("a dead letter without a record or a hint: %v", row)
			}
			reason := strings.Join(row[3:8], "|")
			if row[0] == "contacts" {
				contacts[reason]++
				continue
			}
			others = append(others, fmt.Sprintf("%s %s %s: %s", row[0], row[1], row[2], reason))
		}
		wantContacts := map[string]int{
			"surfaced|no|validation|name|CANNOT_BE_BLANK":                                                       5,
			"surfaced|no|validation|name|CANNOT_BE_NULL":                                                        3,
			"surfaced|no|validation|name|MUST_BE_STRING":                                                        4,
			"surfaced|no|validation|tags|VALUES_MUST_BE_LOWERCASE":                                              7,
			"surfaced|no|validation|linkedin|INVALID_FORMAT":                                                    4,
			"surfaced|no|validation|email|INVALID":                                                              2,
			"surfaced|no|validation|favourite_colour|INVALID_FIELDS":                                            4,
			"surfaced|no|validation|available_for_mailing|INVALID_FIELDS":                                       4,
			"surfaced|no|validation|linkedin name tags|INVALID_FORMAT CANNOT_BE_BLANK VALUES_MUST_BE_LOWERCASE": 3,
		}
		if diff := cmp.Diff(wantContacts, contacts); diff != "" {
			t.Errorf("dead letters of contacts mismatch (-want +got):\n%s", diff)
		}
		wantOthers := []string{
			"files  transactions-07.csv: surfaced|no|validation||400010",
			"files  refunds.csv: surfaced|no|validation||400115",
			"files  summary.pdf: surfaced|no|validation||400104",
			"files  transactions-01.csv: surfaced|no|already_exists||400103",
			"purchases 19 P-0018: surfaced|no|dependency||E0102",
			"purchases 25 P-0024: surfaced|no|configuration||E0103",
			"purchases 37 P-0036: surfaced|no|validation|products[0].quantity|",
			"purchases 46 P-0045: surfaced|no|dependency||E0102",
			"purchases 54 P-0053: surfaced|no|validation|products[0].unitPrice|",
			"purchases 66 P-0065: surfaced|no|validation|contactEmail|",
			"purchases 73 P-0072: surfaced|no|dependency||E0102",
			"purchases 90 P-0089: surfaced|no|configuration||E0103",
			"purchases 99 : surfaced|no|validation|purchaseId|",
		}
		if diff := cmp.Diff(wantOthers, others); diff != "" {
			t.Errorf("dead letters mismatch (-want +got):\n%s", diff)
		}
	})
}

// A vendor that refuses the credential stops its step after a few requests. The other
// steps are not affected.
func TestAStepThatCannotLogInStopsAlone(t *testing.T) {
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
				d := newDay(t, settings{}, refused(tt.vendor))
				d.run(t)
				for _, s := range d.report.Steps {
					n, stops := tt.stops[s.Name]
					if stops && (s.Records != n || s.Fates[failed] != n) || !stops && s.Fates[delivered] != usual[s.Name] {
						t.Errorf("step %s: %+v", s.Name, s)
					}
				}
				if seen := d.fakes.seen(name); seen > 60 || !d.report.agrees() || d.report.Took > time.Minute {
					t.Errorf("%d requests:\n%s", seen, d.story(t))
				}
			})
		})
	}
}

// A deferred record is run again at its time if that is within the job's patience.
// Otherwise the dead letters have the time.
func TestTheJobComesBackAtTheTimeTold(t *testing.T) {
	for wait, want := range map[time.Duration]map[fate]int{
		10 * time.Minute: {delivered: 964, surfaced: 36},
		20 * time.Minute: {delivered: 4, deferred: 996},
	} {
		t.Run(wait.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				d := newDay(t, settings{}, noFaults)
				d.workers = 1
				const ok = retrywisetest.NoFault
				limited := retrywisetest.Sequence(ok, ok, ok, ok, retrywisetest.RateLimited)
				d.fakes.rdstation = testserver.NewRDStation(testserver.Service{Faults: limited, LimitWait: wait})
				d.run(t)
				if diff := cmp.Diff(want, d.step("contacts").Fates); diff != "" || !d.report.agrees() {
					t.Errorf("fates (-want +got):\n%s\n%s", diff, d.story(t))
				}
				cameBack := d.step("contacts").Rerun > 0
				if cameBack != (wait < d.patience) || cameBack && d.report.Took < wait {
					t.Errorf("run again %d after %v", d.step("contacts").Rerun, d.report.Took)
				}
			})
		})
	}
}

// Over real sockets, as the command, with a part of the records.
func TestRunOverTCP(t *testing.T) {
	dir := t.TempDir()
	few := func(name, text string, lines int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(strings.SplitAfter(text, "\n")[:lines], "")), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := settings{
		seed: 3, faults: 0.05, workers: 4, patience: 5 * time.Second, campaigns: 4,
		contacts: few("contacts.csv", contactsCSV, 60), purchases: few("purchases.csv", purchasesCSV, 30),
		deadLetters: filepath.Join(dir, "dead-letters.csv"),
	}
	var out bytes.Buffer
	if err := run(t.Context(), s, &out); err != nil || !strings.Contains(out.String(), "ledgers agree") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if _, err := os.Stat(s.deadLetters); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), settings{}, &out); err == nil {
		t.Error("a job without workers was run")
	}
}

func TestReadingTellsWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct {
		of, text, want string
	}{
		"empty":            {"contacts", "", "c.csv: expected a line of column names: EOF"},
		"no e-mail":        {"contacts", "name\nAna\n", "c.csv:1: expected a column email; got name"},
		"an empty one":     {"contacts", "email,name\na@b.c,Ana\n,Bruno\n", "c.csv:3: expected an e-mail address"},
		"a short line":     {"contacts", "email,name\na@b.c\n", "c.csv: record on line 2: wrong number of fields"},
		"a broken quote":   {"contacts", "email\n\"a\n", `c.csv: parse error on line 2, column 4: extraneous or missing " in quoted-field`},
		"no purchase":      {"purchases", "email\na@b.c\n", "c.csv:1: expected a column purchase_id; got email"},
		"a purchase twice": {"purchases", "purchase_id\nP-1\nP-2\nP-1\n", "c.csv:4: the purchase P-1 is there already"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readContacts("c.csv", strings.NewReader(tt.text))
			if tt.of == "purchases" {
				_, err = readPurchases("c.csv", strings.NewReader(tt.text))
			}
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v; want %s", err, tt.want)
			}
		})
	}
}
