package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestRun(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "letters.jsonl")
	if err := run(t.Context(), &out, file); err != nil {
		t.Fatal(err)
	}
	var steps []string
	for line := range strings.Lines(out.String()) {
		step, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ",")
		steps = append(steps, step)
	}
	want := []string{
		"P-1: the vendor has it", "P-2: the vendor has it", "P-3: look_up", "P-4: set_aside",
		"P-3: run_again", "P-3: the vendor has it", "P-4 is left",
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"P-4: validation, applied no"}, lettersIn(t, file)); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
	if err := run(t.Context(), &out, ""); err != nil {
		t.Error(err)
	}
}

// A purchase that a stopped job did not send is a letter, too.
func TestKeep(t *testing.T) {
	file := filepath.Join(t.TempDir(), "letters.jsonl")
	doubt := job{purchase: purchase{ID: "P-1"}, Step: jobs.Step{Next: jobs.LookUp, Err: &apierrors.Error{Class: apierrors.Timeout}}}
	if err := keep(file, []job{doubt, {purchase: purchase{ID: "P-2"}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"P-1: timeout, applied unknown", "P-2: none, applied no"}, lettersIn(t, file)); diff != "" {
		t.Errorf("letters (-want +got):\n%s", diff)
	}
	if err := keep(t.TempDir(), nil); err == nil {
		t.Error("letters in a folder")
	}
}

// lettersIn returns the open letters of a file in words.
func lettersIn(t *testing.T, file string) []string {
	t.Helper()
	var all []string
	for l, err := range deadletter.Letters(file) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s: %v, applied %v", l.Record, l.Class, l.Applied))
	}
	return all
}

// shop creates purchases and looks them up. It records those that it created.
func shop(ledger *retrywisetest.Ledger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /purchases/", func(w http.ResponseWriter, r *http.Request) {
		var p purchase
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			retrywisetest.Status(http.StatusBadRequest)(w, r)
			return
		}
		ledger.Record(p.ID, nil)
		retrywisetest.Status(http.StatusCreated)(w, r)
	})
	mux.HandleFunc("GET /purchases/purchase-id/{id}", func(w http.ResponseWriter, r *http.Request) {
		if ledger.Count(r.PathValue("id")) == 0 {
			retrywisetest.JSON(http.StatusNotFound, `{}`)(w, r)
			return
		}
		retrywisetest.JSON(http.StatusOK, fmt.Sprintf(`{"purchaseId":%q}`, r.PathValue("id")))(w, r)
	})
	return mux
}

func newJobs(n int) []job {
	var all []job
	for i := range n {
		all = append(all, job{purchase: purchase{ID: fmt.Sprint("P-", i)}})
	}
	return all
}

// Whatever fails, before and after the execution, and in look-ups as well: each purchase is
// created once.
func TestWorkCreatesEachPurchaseOnce(t *testing.T) {
	for seed := range uint64(5) {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			var ledger retrywisetest.Ledger
			faults := retrywisetest.Faults{Plan: retrywisetest.Seeded(seed, 0.3)}
			srv := retrywisetest.Handle(t, faults.Handler(shop(&ledger)))
			q := queue{client: newTestClient(t, srv.Transport()), out: io.Discard, maxWait: time.Hour}
			if left := q.work(t.Context(), newJobs(200)); len(left) > 0 || len(ledger.Keys()) != 200 || ledger.Duplicates() > 0 {
				t.Errorf("seed %d: %d left, %d created, %d duplicates; want 0, 200, 0", seed, len(left), len(ledger.Keys()), ledger.Duplicates())
			}
		})
	}
}

// What is left of two jobs, and why.
func TestWorkLeavesJobs(t *testing.T) {
	for name, tt := range map[string]struct {
		create, find retrywisetest.Answer
		want         []string
	}{
		"refused":               {retrywisetest.Status(422), nil, []string{"P-0 set_aside", "P-1 set_aside"}},
		"key revoked":           {retrywisetest.Status(401), nil, []string{"P-0 stop", "P-1 done"}},
		"limited for an hour":   {retrywisetest.Status(429, "Retry-After", "3600"), nil, []string{"P-0 run_again", "P-1 run_again"}},
		"in doubt for ever":     {retrywisetest.HTML(504), retrywisetest.Status(401), []string{"P-0 look_up", "P-1 look_up"}},
		"in doubt for an hour":  {retrywisetest.HTML(504), retrywisetest.Status(429, "Retry-After", "3600"), []string{"P-1 run_again", "P-0 look_up"}},
		"never executed":        {retrywisetest.HTML(504), retrywisetest.Status(404), []string{"P-0 run_again", "P-1 run_again"}},
		"refused unclearly":     {retrywisetest.Status(418), retrywisetest.Status(404), []string{"P-0 set_aside", "P-1 set_aside"}},
		"executed, not in time": {retrywisetest.HTML(504), retrywisetest.Status(200), nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				mux := http.NewServeMux()
				mux.Handle("POST /purchases/", tt.create)
				if tt.find != nil {
					mux.Handle("GET /purchases/purchase-id/{id}", tt.find)
				}
				q := queue{client: newTestClient(t, retrywisetest.Handle(t, mux).Transport()), out: io.Discard, maxWait: time.Minute}
				var got []string
				for _, j := range q.work(t.Context(), newJobs(2)) {
					got = append(got, fmt.Sprint(j.ID, " ", j.Next))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("left (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWorkEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := queue{out: io.Discard}
	if left := q.work(ctx, newJobs(2)); len(left) != 2 || left[0].steps != 0 {
		t.Errorf("left %+v; want both", left)
	}
}
