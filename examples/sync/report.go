package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/retrywise/retrywise/vendors"
)

// A report compares what the job reports with what the vendors' ledgers have.
type report struct {
	Steps   []stepLine
	Vendors []vendorLine
	ByClass map[string]int // failed attempts
	Took    time.Duration
}

// A stepLine is the line of a step in the report.
type stepLine struct {
	Name     string
	Records  int
	Results  map[result]int
	RunAgain int // records that ran more than once
	finding
}

// A vendorLine is the line of a vendor in the report.
type vendorLine struct {
	Name     string
	Requests int // counted by the clients
	Counted  int // requests counted by the vendor
	Retries  int
	Lookups  int
	Canceled int
	Waited   time.Duration // sum over all workers
	Tokens   int
	Leaked   int // requests with a credential to a server that must not get it
}

func newReport(steps []string, outcomes []outcome, tallies map[string]*tally, f *fakes, ledgers map[string]ledger) report {
	r := report{ByClass: map[string]int{}}
	for _, name := range steps {
		r.Steps = append(r.Steps, newStepLine(name, outcomes, ledgers[name]))
	}
	tokens := map[string]func() int{
		vendors.RDStation: f.rdstation.Renewals, vendors.CustomerGauge: f.customergauge.Renewals,
		vendors.Connectif: func() int { return 0 }, vendors.Playable: f.playable.Renewals,
	}
	leaked := map[string]int{vendors.Connectif: f.connectif.LeakedCredentials()} // only Connectif has a second server
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		t := tallies[name]
		r.Vendors = append(r.Vendors, vendorLine{
			Name: name, Requests: t.requests, Counted: f.counted(name), Retries: t.retries, Lookups: t.lookups, Canceled: t.canceled,
			Waited: t.waited, Tokens: tokens[name](), Leaked: leaked[name],
		})
		for class, n := range t.byClass {
			r.ByClass[class] += n
		}
	}
	return r
}

func newStepLine(name string, outcomes []outcome, l ledger) stepLine {
	var own []outcome
	line := stepLine{Name: name, Results: map[result]int{}}
	for _, o := range outcomes {
		if o.Step != name {
			continue
		}
		own = append(own, o)
		line.Results[o.result()]++
		if o.Runs > 1 {
			line.RunAgain++
		}
	}
	line.Records, line.finding = len(own), l.compare(own)
	return line
}

// agrees reports whether job and ledgers agree: nothing is missing, nothing was executed
// twice, the clients counted every request, and no credential leaked.
func (r report) agrees() bool {
	for _, s := range r.Steps {
		if s.finding != (finding{}) {
			return false
		}
	}
	for _, v := range r.Vendors {
		sameCount := v.Requests == v.Counted || (v.Canceled > 0 && v.Requests > v.Counted)
		if !sameCount || v.Leaked > 0 {
			return false
		}
	}
	return true
}

// records returns the number of all records and of those that were delivered.
func (r report) records() (all, sent int) {
	for _, s := range r.Steps {
		all += s.Records
		sent += s.Results[delivered]
	}
	return all, sent
}

// print writes a table of the records and a table of the requests.
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
		row(s.Name, s.Records, s.Results[delivered], s.Results[surfaced], s.Results[deferred], s.Results[failed], s.RunAgain,
			fmt.Sprint("| ", s.Missing), s.Duplicates, s.Phantom)
	}
	_, _ = fmt.Fprintln(t)
	row("vendor", "requests", "retries", "lookups", "waited", "tokens", "| counted", "leaked")
	for _, v := range r.Vendors {
		row(v.Name, v.Requests, v.Retries, v.Lookups, v.Waited.Round(time.Millisecond), v.Tokens, fmt.Sprint("| ", v.Counted), v.Leaked)
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
