package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/vendors"
)

// A tally counts what the clients of one vendor tell. It may be told by many goroutines.
type tally struct {
	mu       sync.Mutex
	requests int
	repeats  int
	looks    int // at the vendor's records, as an outcome was in doubt
	canceled int // calls given up in flight: of their requests the vendor may have seen none
	waited   time.Duration
	byClass  map[string]int // failed attempts
}

func newTally() *tally { return &tally{byClass: map[string]int{}} }

// observer counts what the clients of the vendor do.
func (t *tally) observer() client.Observer {
	return client.Observer{AttemptEnd: t.attempt, CallEnd: t.call}
}

func (t *tally) attempt(_ context.Context, e client.AttemptEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if e.Number > 1 {
		t.repeats++
	}
	if e.Class != apierrors.None {
		t.byClass[e.Class.String()]++
	}
}

func (t *tally) call(_ context.Context, e client.CallEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waited += e.Waited
	if strings.HasSuffix(e.Op, ".look") {
		t.looks++
	}
	if e.Class == apierrors.Canceled {
		t.canceled++
	}
}

// A report lays what the job says beside what the vendors' ledgers say.
type report struct {
	Steps   []stepLine
	Vendors []vendorLine
	ByClass map[string]int // failed attempts
	Took    time.Duration
}

type stepLine struct {
	Name    string
	Records int
	Fates   map[fate]int
	Rerun   int // records that were run again later
	finding
}

type vendorLine struct {
	Name     string
	Requests int // that the clients tell of
	Seen     int // requests that the vendor counted
	Repeats  int
	Looks    int
	Canceled int
	Waited   time.Duration // of all workers together
	Tokens   int
	Leaked   int // requests that brought a credential where it does not belong
}

func newReport(steps []string, results []result, told map[string]*tally, f *fakes, books map[string]ledger) report {
	r := report{ByClass: map[string]int{}}
	for _, name := range steps {
		r.Steps = append(r.Steps, newStepLine(name, results, books[name]))
	}
	tokens := map[string]func() int{
		vendors.RDStation: f.rdstation.Renewals, vendors.CustomerGauge: f.customergauge.Renewals,
		vendors.Connectif: func() int { return 0 }, vendors.Playable: f.playable.Renewals,
	}
	leaked := map[string]int{vendors.Connectif: f.connectif.LeakedCredentials()} // the only one with a second origin
	for _, name := range slices.Sorted(maps.Keys(told)) {
		t := told[name]
		r.Vendors = append(r.Vendors, vendorLine{
			Name: name, Requests: t.requests, Seen: f.seen(name), Repeats: t.repeats, Looks: t.looks, Canceled: t.canceled,
			Waited: t.waited, Tokens: tokens[name](), Leaked: leaked[name],
		})
		for class, n := range t.byClass {
			r.ByClass[class] += n
		}
	}
	return r
}

func newStepLine(name string, results []result, book ledger) stepLine {
	var own []result
	line := stepLine{Name: name, Fates: map[fate]int{}}
	for _, r := range results {
		if r.Step != name {
			continue
		}
		own = append(own, r)
		line.Fates[r.fate()]++
		if r.Runs > 1 {
			line.Rerun++
		}
	}
	line.Records, line.finding = len(own), book.compare(own)
	return line
}

// agrees reports whether job and ledgers tell the same story: nothing is missing, nothing
// was done twice, every request was told, no credential got away.
func (r report) agrees() bool {
	for _, s := range r.Steps {
		if s.finding != (finding{}) {
			return false
		}
	}
	for _, v := range r.Vendors {
		told := v.Requests == v.Seen || (v.Canceled > 0 && v.Requests > v.Seen)
		if !told || v.Leaked > 0 {
			return false
		}
	}
	return true
}

// undelivered counts the dead letters.
func (r report) undelivered() int {
	n := 0
	for _, s := range r.Steps {
		n += s.Records - s.Fates[delivered]
	}
	return n
}

// print writes the two tables: what became of the records, and of the requests.
func (r report) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...any) {
		var text []string
		for _, c := range cells {
			text = append(text, fmt.Sprint(c))
		}
		_, _ = fmt.Fprintln(t, strings.Join(text, "\t"))
	}
	row("step", "records", "delivered", "surfaced", "deferred", "failed", "run again", "| missing", "duplicates", "phantom")
	for _, s := range r.Steps {
		row(s.Name, s.Records, s.Fates[delivered], s.Fates[surfaced], s.Fates[deferred], s.Fates[failed], s.Rerun,
			fmt.Sprint("| ", s.Missing), s.Duplicates, s.Phantom)
	}
	_, _ = fmt.Fprintln(t)
	row("vendor", "requests", "sent again", "in doubt", "waited", "tokens", "| counted", "leaked")
	for _, v := range r.Vendors {
		row(v.Name, v.Requests, v.Repeats, v.Looks, v.Waited.Round(time.Millisecond), v.Tokens, fmt.Sprint("| ", v.Seen), v.Leaked)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var classes []string
	for _, class := range slices.Sorted(maps.Keys(r.ByClass)) {
		classes = append(classes, fmt.Sprintf("%s %d", class, r.ByClass[class]))
	}
	_, err := fmt.Fprintf(w, "\nfailed attempts: %s\ntook %v\n", strings.Join(classes, ", "), r.Took.Round(time.Millisecond))
	return err
}
