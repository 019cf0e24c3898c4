package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inMemory starts servers without sockets, for virtual time.
func inMemory(t *testing.T) startServer {
	return func(h http.Handler) (*retrywisetest.Server, error) { return retrywisetest.Handle(t, h), nil }
}

// runAll runs the job with all variants, in virtual time.
func runAll(t *testing.T, s settings) []column {
	t.Helper()
	columns, err := compare(t.Context(), s, inMemory(t))
	if err != nil {
		t.Fatal(err)
	}
	return columns
}

// totals are the fields of a column that depend on the faults only.
type totals struct {
	Name                string
	Pulled              int
	Purchases, Contacts balance
	Failed, Requests    int
}

func totalsOf(columns []column) []totals {
	var all []totals
	for _, c := range columns {
		all = append(all, totals{c.Name, c.Pulled, c.Purchases, c.Contacts, len(c.Failed), c.Requests})
	}
	return all
}

// For every seed, retrywise executes nothing twice and reports every loss. net/http loses
// more, and go-retryablehttp executes some purchases twice.
func TestCompareForSeveralSeeds(t *testing.T) {
	twice := 0
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := defaultSettings()
				s.seed = seed
				columns := runAll(t, s)
				raw, peer, ours := columns[0], columns[1], columns[2]
				if err := ours.verdict(); err != nil {
					t.Error(err)
				}
				if raw.Purchases.Lost == 0 || raw.Contacts.Lost <= ours.Contacts.Lost || raw.Purchases.Lost < ours.Purchases.Lost {
					t.Errorf("net/http lost %+v and %+v, retrywise %+v and %+v: no comparison",
						raw.Purchases, raw.Contacts, ours.Purchases, ours.Contacts)
				}
				for _, c := range columns {
					if c.unreported() != 0 || c.Purchases.Missing != 0 || c.Contacts.Missing != 0 {
						t.Errorf("%s: the report does not add up: %+v", c.Name, totalsOf(columns))
					}
				}
				twice += peer.Purchases.Twice
			})
		})
	}
	if twice == 0 {
		t.Error("go-retryablehttp executed nothing twice: no comparison")
	}
}

// README.md has these numbers.
func TestCompareWithDefaults(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		want := []totals{
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
		if diff := cmp.Diff(want, totalsOf(runAll(t, defaultSettings()))); diff != "" {
			t.Errorf("columns mismatch (-want +got):\n%s", diff)
		}
	})
}

func TestCompareWithoutFaults(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := defaultSettings()
		s.faults, s.rows = 0, 25
		all := balance{Delivered: 25}
		want := []totals{
			{"net/http", 25, all, all, 0, 3 + 2*25},
			{"go-retryablehttp", 25, all, all, 0, 3 + 2*25},
			{"retrywise", 25, all, all, 0, 3 + 2*25},
		}
		if diff := cmp.Diff(want, totalsOf(runAll(t, s))); diff != "" {
			t.Errorf("columns mismatch (-want +got):\n%s", diff)
		}
	})
}

// When nothing works, everything is lost, and every loss is reported.
func TestRunReportsEveryLoss(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := defaultSettings()
		s.faults = 1
		var out bytes.Buffer
		if err := run(t.Context(), s, inMemory(t), &out); err != nil {
			t.Errorf("%v\n%s", err, out.String())
		}
	})
}

// Real sockets: few rows and no faults make it quick.
func TestRunOverTCP(t *testing.T) {
	s := defaultSettings()
	s.faults, s.rows = 0, 12
	var out bytes.Buffer
	err := run(t.Context(), s, retrywisetest.Start, &out)
	if err != nil || !strings.Contains(out.String(), "12 of 12") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := run(t.Context(), settings{}, retrywisetest.Start, &out); err == nil {
		t.Error("a job without rows ran")
	}
}

// When the context ends, the table is still printed.
func TestRunIsInterrupted(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		interrupt := errors.New("interrupt")
		time.AfterFunc(100*time.Millisecond, func() { cancel(interrupt) })
		var out bytes.Buffer
		if err := run(ctx, defaultSettings(), inMemory(t), &out); !errors.Is(err, interrupt) {
			t.Errorf("error %v; want %v", err, interrupt)
		}
		if !strings.Contains(out.String(), "purchases delivered") {
			t.Errorf("no table in:\n%s", out.String())
		}
	})
}

func TestParseArgs(t *testing.T) {
	for name, tt := range map[string]struct {
		args    []string
		want    settings
		problem string // the first line that is printed
		err     bool
	}{
		"no flags":         {nil, settings{seed: 35, faults: 0.1, rows: 100}, "", false},
		"flags":            {[]string{"-seed", "7", "-faults=0.2", "-rows", "9"}, settings{seed: 7, faults: 0.2, rows: 9}, "", false},
		"help":             {[]string{"-h"}, settings{}, "Usage of etl:", true},
		"a stray argument": {[]string{"-seed", "7", "now"}, settings{}, "unexpected argument: now", true},
		"a wrong value":    {[]string{"-rows", "many"}, settings{}, `invalid value "many" for flag -rows: parse error`, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			got, err := parseArgs(tt.args, &out)
			got.log = nil
			problem, _, _ := strings.Cut(out.String(), "\n")
			if got != tt.want || problem != tt.problem || (err != nil) != tt.err {
				t.Errorf("settings %+v, printed %q, error %v; want %+v", got, out.String(), err, tt)
			}
			if tt.err && !strings.Contains(out.String(), "Usage of etl:") {
				t.Errorf("no usage in %q", out.String())
			}
		})
	}
}
