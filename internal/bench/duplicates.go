package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// duplicates is a scenario: POSTs, each about another record, to a vendor that cuts
// connections.
type duplicates struct {
	name    string
	about   string
	calls   int
	workers int
	keyed   bool // each call has a key, which the vendor honors
	lookups bool // the vendor has a GET for each record
}

var duplicateJobs = []duplicates{
	{"duplicates", "the connection of 40% is cut", 1000, 64, false, false},
	{"duplicates-lookup", "the connection of 40% is cut; the vendor has a GET for each record", 1000, 64, false, true},
	{"duplicates-keyed", "the connection of 40% is cut; with a key, which the vendor honors", 1000, 64, true, false},
}

func (d duplicates) scenario() scenario {
	about := fmt.Sprintf("%d POSTs, %d workers: %s", d.calls, d.workers, d.about)
	return scenario{name: d.name, about: about, measure: d.measure}
}

// measure makes the calls with one peer. No call is run again: its outcome is what counts.
func (d duplicates) measure(ctx context.Context, p peer) (row, error) {
	v := newCutter(d.keyed)
	s, err := p.serve(v, d.workers, setup{keys: d.keyed, lookups: d.lookups})
	if err != nil {
		return nil, err
	}
	short, stop := withinLongest(ctx)
	defer stop()
	start, reports := time.Now(), make([]report, d.calls)
	each(short, d.calls, d.workers, func(i int) {
		r := request{method: http.MethodPost, record: strconv.Itoa(i), body: "a record"}
		if d.keyed {
			r.key = "key-" + r.record
		}
		reports[i] = reportOf(short, s.send(short, r))
	})
	took, isCutOff := time.Since(start), short.Err() != nil
	s.close() // what is being executed is complete then
	row := newDuplicatesRow(title{d.name, p.name}, reports, &v.created)
	row.Seconds, row.CutOff = took.Seconds(), isCutOff
	if r, ok := s.caller.(resolver); ok {
		row.Resolved = r.resolved()
	}
	return row, context.Cause(ctx)
}

// A report is what a client says about a write.
type report uint8

const (
	notEnded        report = iota
	reportedOK             // it was executed
	reportedFailed         // it was not executed
	reportedUnknown        // an error that does not say; no peer's error does
)

func reportOf(ctx context.Context, err error) report {
	e, ok := errors.AsType[*apierrors.Error](err)
	switch {
	case ctx.Err() != nil:
		return notEnded
	case err == nil, ok && e.Applied == apierrors.AppliedYes:
		return reportedOK
	case ok && e.Applied == apierrors.AppliedNo:
		return reportedFailed
	}
	return reportedUnknown
}
