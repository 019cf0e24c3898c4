package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inMemory serves without sockets, for virtual time.
func inMemory(t *testing.T) serving {
	return func(h http.Handler) (*retrywisetest.Server, error) { return retrywisetest.Handle(t, h), nil }
}

// compared runs the three in virtual time.
func compared(t *testing.T, s settings) []column {
	t.Helper()
	columns, err := compare(t.Context(), s, inMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// A day has the parts of a column that depend on the faults alone: no times.
type day struct {
	Name                string
	Pulled              int
	Purchases, Contacts balance
	Failed, Requests    int
}

func days(columns []column) []day {
	var all []day
	for _, c := range columns {
		all = append(all, day{c.Name, c.Pulled, c.Purchases, c.Contacts, len(c.Failed), c.Requests})
	}
	return all
}

// For every seed, retrywise does nothing twice and reports every loss. net/http loses
// more, and go-retryablehttp executes some purchases twice.
func TestWhatEachWayLoses(t *testing.T) {
	twice := 0
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := usual()
				s.seed = seed
				columns := compared(t, s)
				raw, peer, ours := columns[0], columns[1], columns[2]
				if err := ours.verdict(); err != nil {
					t.Error(err)
				}
				if raw.Purchases.Lost == 0 || raw.Contacts.Lost <= ours.Contacts.Lost || raw.Purchases.Lost < ours.Purchases.Lost {
					t.Errorf("net/http lost %+v and %+v, retrywise %+v and %+v: no comparison",
						raw.Purchases, raw.Contacts, ours.Purchases, ours.Contacts)
				}
				for _, c := range columns {
					if c.untold() != 0 || c.Purchases.Missing != 0 || c.Contacts.Missing != 0 {
						t.Errorf("%s: the job's account does not add up: %+v", c.Name, days(columns))
					}
				}
				twice += peer.Purchases.Twice
			})
		})
	}
	if twice == 0 {
		t.Error("go-retryablehttp did nothing twice: no comparison")
	}
}

// These numbers are in the README.
func TestTheUsualDay(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		want := []day{
			{
				Name: "net/http", Pulled: 90, Failed: 19, Requests: 190,
				Purchases: balance{Delivered: 81, Lost: 15, Phantom: 4}, Contacts: balance{Delivered: 81, Lost: 17, Phantom: 2},
			},
			{
				Name: "go-retryablehttp", Pulled: 100, Failed: 4, Requests: 229,
				Purchases: balance{Delivered: 98, Phantom: 2, Twice: 2}, Contacts: balance{Delivered: 98, Phantom: 2},
			},
			{
				Name: "retrywise", Pulled: 100, Failed: 10, Requests: 223,
				Purchases: balance{Delivered: 92, Lost: 4, Phantom: 4}, Contacts: balance{Delivered: 98, Phantom: 2},
			},
		}
		if diff := cmp.Diff(want, days(compared(t, usual()))); diff != "" {
			t.Errorf("columns mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestAClearDayIsEqualForAll(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := usual()
		s.faults, s.rows = 0, 25
		all := balance{Delivered: 25}
		want := []day{
			{"net/http", 25, all, all, 0, 3 + 2*25},
			{"go-retryablehttp", 25, all, all, 0, 3 + 2*25},
			{"retrywise", 25, all, all, 0, 3 + 2*25},
		}
		if diff := cmp.Diff(want, days(compared(t, s))); diff != "" {
			t.Errorf("columns mismatch (-want +got):\n%s", diff)
		}
	})
}

// When nothing works, everything is lost, and every loss is reported.
func TestAStormIsTold(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := usual()
		s.faults = 1
		var out bytes.Buffer
		if err := run(t.Context(), s, inMemory(t), &out); err != nil {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
}

func TestBalance(t *testing.T) {
	for name, tt := range map[string]struct {
		delivered, there []int
		want             balance
	}{
		"all":               {[]int{1, 2}, []int{1, 2}, balance{Delivered: 2}},
		"none":              {nil, nil, balance{Lost: 2}},
		"not told":          {[]int{1}, []int{1, 2}, balance{Delivered: 1, Phantom: 1}},
		"told, but not so":  {[]int{1, 2}, []int{2}, balance{Delivered: 1, Missing: 1}},
		"one for the other": {[]int{1}, []int{2}, balance{Missing: 1, Phantom: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			isThere := func(id int) bool { return strings.Contains(fmt.Sprint(tt.there), fmt.Sprint(id)) }
			if diff := cmp.Diff(tt.want, balanceOf([]int{1, 2}, tt.delivered, isThere)); diff != "" {
				t.Errorf("balance mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// The verdict finds each kind of disagreement.
func TestVerdict(t *testing.T) {
	known := &apierrors.Error{Class: apierrors.ServerError}
	refused := &apierrors.Error{Class: apierrors.Validation, Applied: apierrors.AppliedNo}
	lost := balance{Delivered: 1, Lost: 1}
	good := balance{Delivered: 2}
	for name, tt := range map[string]struct {
		column column
		want   string
	}{
		"all is well":         {column{Rows: 2, Pulled: 2, Purchases: good, Contacts: good}, "<nil>"},
		"a loss that is told": {column{Rows: 2, Pulled: 2, Purchases: lost, Contacts: good, Failed: []told{{failure: failure{Step: stepPurchase}, Why: known}}}, "<nil>"},
		"a page that is told": {column{Rows: 2, Pulled: 1, Purchases: lost, Contacts: lost, Failed: []told{{failure: failure{Step: stepPage}, Why: known}}}, "<nil>"},
		"twice":               {column{Rows: 2, Pulled: 2, Purchases: balance{Delivered: 2, Twice: 1}, Contacts: good}, ": 1 done twice"},
		"missing":             {column{Rows: 2, Pulled: 2, Purchases: good, Contacts: balance{Delivered: 1, Missing: 1}}, ": 1 told to be delivered, but not there"},
		"silent":              {column{Rows: 2, Pulled: 2, Purchases: lost, Contacts: good}, ": 1 lost without a failure"},
		"a page in silence":   {column{Rows: 2, Pulled: 1, Purchases: lost, Contacts: lost}, ": 1 lost without a failure"},
		"a wrong reason":      {column{Rows: 2, Pulled: 2, Purchases: balance{Delivered: 1, Phantom: 1}, Contacts: good, Failed: []told{{failure: failure{Step: stepPurchase}, Why: refused, There: true}}}, ": 1 there, though told not to be"},
		"without a reason":    {column{Rows: 2, Pulled: 2, Purchases: lost, Contacts: good, Failed: []told{{failure: failure{Step: stepPurchase}}}}, ": 1 failed without a reason"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(tt.column.verdict()); got != tt.want {
				t.Errorf("verdict %s; want %s", got, tt.want)
			}
		})
	}
}

// The text under the table says what to do, and does not identify a row.
func TestHints(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		ours := compared(t, usual())[2]
		var out bytes.Buffer
		if err := printHints(&out, ours); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"purchase: server_error, 503, stop unsafe, applied unknown\n       The vendor may have executed the request: find out", "purchase: malformed_response, 201, stop unsafe, applied yes\n       The vendor executed the request"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in:\n%s", want, out.String())
			}
		}
		if strings.Contains(out.String(), "player") || strings.Contains(out.String(), "7000") {
			t.Errorf("a row is named in:\n%s", out.String())
		}
	})
}

// Over real sockets, with few rows and without faults, so that it takes no time.
func TestRunOverTCP(t *testing.T) {
	s := usual()
	s.faults, s.rows = 0, 12
	var out bytes.Buffer
	err := run(t.Context(), s, retrywisetest.Start, &out)
	if err != nil || !strings.Contains(out.String(), "12 of 12") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := run(t.Context(), settings{}, retrywisetest.Start, &out); err == nil {
		t.Error("a job without rows was run")
	}
}
