package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func inVirtualTime(t *testing.T, s settings, vendor *testserver.RDStation) ([]result, report) {
	t.Helper()
	contacts, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	srv := testserver.Handle(t, vendor)
	results, r, err := syncContacts(t.Context(), s, vendor, srv.URL(), srv.Transport(), contacts, func(result) {})
	if err != nil {
		t.Fatal(err)
	}
	return results, r
}

// Whatever the weather, nothing is missing and nothing is done twice.
func TestTheJobAndTheLedgerAgree(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := settings{seed: seed, faults: 0.05 + 0.01*float64(seed), workers: 8}
				vendor := newVendor(s)
				_, r := inVirtualTime(t, s, vendor)
				var text bytes.Buffer
				if err := r.print(&text); err != nil {
					t.Fatal(err)
				}
				if !r.agrees() || r.Contacts != 1000 || r.Fates[delivered] < 800 {
					t.Errorf("seed %d, faults %.2f:\n%s", s.seed, s.faults, text.String())
				}
				if vendor.Peak() > s.workers {
					t.Errorf("%d requests at a time; want at most %d", vendor.Peak(), s.workers)
				}
			})
		})
	}
}

// On a clear day, exactly the bad rows are set aside, each with its reason.
func TestDeadLettersTellTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		results, r := inVirtualTime(t, settings{workers: 8}, testserver.NewRDStation(testserver.Service{}))
		if !r.agrees() || r.Fates[delivered] != 964 || r.Fates[surfaced] != 36 {
			t.Errorf("fates %v", r.Fates)
		}
		var out bytes.Buffer
		if err := writeDeadLetters(&out, results); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, row := range rows[1:] {
			got[strings.Join(row[2:6], "|")]++
			if row[1] == "" || row[6] == "" {
				t.Errorf("a dead letter without a record or a hint: %v", row)
			}
		}
		want := map[string]int{
			"surfaced|validation|name|CANNOT_BE_BLANK":                                                       5,
			"surfaced|validation|name|CANNOT_BE_NULL":                                                        3,
			"surfaced|validation|name|MUST_BE_STRING":                                                        4,
			"surfaced|validation|tags|VALUES_MUST_BE_LOWERCASE":                                              7,
			"surfaced|validation|linkedin|INVALID_FORMAT":                                                    4,
			"surfaced|validation|email|INVALID":                                                              2,
			"surfaced|validation|favourite_colour|INVALID_FIELDS":                                            4,
			"surfaced|validation|available_for_mailing|INVALID_FIELDS":                                       4,
			"surfaced|validation|linkedin name tags|INVALID_FORMAT CANNOT_BE_BLANK VALUES_MUST_BE_LOWERCASE": 3,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("dead letters mismatch (-want +got):\n%s", diff)
		}
	})
}

// A job whose credential is refused stops: it does not try the next thousand records.
func TestAJobThatCannotLogInStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var weather []testserver.Fault
		for range 40 {
			weather = append(weather, testserver.ExpireToken)
		}
		vendor := testserver.NewRDStation(testserver.Service{Weather: testserver.Scripted(weather...)})
		began := time.Now()
		results, r := inVirtualTime(t, settings{workers: 8}, vendor)
		if r.Seen > 60 || len(results) != 1000 || !r.agrees() {
			t.Errorf("%d results:\n%+v", len(results), r)
		}
		stopped := slices.ContainsFunc(results, func(r result) bool { return r.fate() == failed && stopsTheJob(r.Err) })
		if !stopped || time.Since(began) > time.Minute {
			t.Errorf("stopped %v after %v", stopped, time.Since(began))
		}
	})
}

func TestReadContactsTellsWhatIsWrong(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":          {"", "c.csv: expected a line of column names: EOF"},
		"no e-mail":      {"name\nAna\n", "c.csv:1: expected a column email; got name"},
		"an empty one":   {"email,name\na@b.c,Ana\n,Bruno\n", "c.csv:3: expected an e-mail address"},
		"a short line":   {"email,name\na@b.c\n", "c.csv: record on line 2: wrong number of fields"},
		"a broken quote": {"email\n\"a\n", `c.csv: parse error on line 2, column 4: extraneous or missing " in quoted-field`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readContacts("c.csv", strings.NewReader(tt.text))
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v; want %s", err, tt.want)
			}
		})
	}
}

// Once over real sockets, with a part of the contacts, as the command does it.
func TestRunOverTCP(t *testing.T) {
	dir := t.TempDir()
	few := filepath.Join(dir, "few.csv")
	lines := strings.SplitAfter(contactsCSV, "\n")
	if err := os.WriteFile(few, []byte(strings.Join(lines[:60], "")), 0o600); err != nil {
		t.Fatal(err)
	}
	letters := filepath.Join(dir, "dead-letters.csv")
	var out bytes.Buffer
	err := run(t.Context(), settings{seed: 3, faults: 0.05, workers: 4, contacts: few, deadLetters: letters}, &out)
	if err != nil || !strings.Contains(out.String(), "ledger agree") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if _, err := os.Stat(letters); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), settings{}, &out); err == nil {
		t.Error("a job without workers was run")
	}
}

// The report notices when the job tells another story than the ledger.
func TestAReportThatDisagrees(t *testing.T) {
	ana := contact{Email: "ana@example.com", Fields: map[string]any{"name": "Ana"}}
	notApplied := &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}
	for name, tt := range map[string]struct {
		before  int // times that the vendor was given the contact
		result  result
		missing int
		phantom int
		twice   int
	}{
		"delivered, but not there":        {0, result{Contact: ana}, 1, 0, 0},
		"delivered as something else":     {1, result{Contact: contact{Email: ana.Email, Fields: map[string]any{"name": "Bruno"}}}, 1, 0, 0},
		"said to be refused, but there":   {1, result{ana, notApplied}, 0, 1, 0},
		"done again after it was told so": {2, result{Contact: ana}, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			vendor := testserver.NewRDStation(testserver.Service{})
			for range tt.before {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, "/platform/contacts/email:ana@example.com", strings.NewReader(`{"name":"Ana"}`))
				req.Header.Set("Authorization", "Bearer "+vendor.Token())
				req.Header.Set("Content-Type", "application/json")
				vendor.ServeHTTP(httptest.NewRecorder(), req)
			}
			told := &tally{requests: tt.before, byClass: map[string]int{}}
			r := newReport([]result{tt.result}, told, vendor, 0)
			if r.agrees() || r.Missing != tt.missing || r.Phantom != tt.phantom || r.Duplicate != tt.twice {
				t.Errorf("agrees %v: %+v", r.agrees(), r)
			}
		})
	}
	if r := newReport(nil, &tally{requests: 1}, testserver.NewRDStation(testserver.Service{}), 0); r.agrees() {
		t.Error("a request that the vendor never saw was not noticed")
	}
}
