package main

import (
	"strconv"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A duplicatesRow is what one peer reached in one run of duplicates.
type duplicatesRow struct {
	title
	Calls int `json:"calls"`

	// Created counts the executions of the vendor, and Duplicates those beyond the first of a
	// record.
	Created    int `json:"created"`
	Duplicates int `json:"duplicates"`

	// ReportedOK, FailedCalls and ReportedUnknown are what the client said of its calls: the
	// write was executed, it was not, or an error that does not say.
	ReportedOK      int `json:"reported_ok"`
	FailedCalls     int `json:"failed_calls"`
	ReportedUnknown int `json:"reported_unknown"`

	// Resolved counts the writes in doubt of which a look-up of the client found out whether they
	// were executed.
	Resolved int `json:"resolved"`

	// Lost counts records that were reported as executed and were not, and Phantoms those that
	// were reported as not executed and were.
	Lost     int `json:"lost"`
	Phantoms int `json:"phantoms"`

	// Seconds is the time that the calls took.
	Seconds float64 `json:"seconds"`

	// CutOff says that the calls did not end within a minute.
	CutOff bool `json:"cut_off,omitempty"`
}

// newDuplicatesRow compares the reports about the records 0, 1, and so on with what was
// executed.
func newDuplicatesRow(t title, reports []report, created *retrywisetest.Ledger) *duplicatesRow {
	r := &duplicatesRow{title: t, Calls: len(reports), Created: created.Total(), Duplicates: created.Duplicates()}
	for record, reported := range reports {
		isThere := created.Count(strconv.Itoa(record)) > 0
		switch reported {
		case reportedOK:
			r.ReportedOK++
			if !isThere {
				r.Lost++
			}
		case reportedFailed:
			r.FailedCalls++
			if isThere {
				r.Phantoms++
			}
		case reportedUnknown:
			r.ReportedUnknown++
		case notEnded:
		}
	}
	return r
}

func (r *duplicatesRow) columns() []column {
	return []column{
		count("calls", r.Calls), count("created", r.Created), count("duplicates", r.Duplicates),
		count("reported_ok", r.ReportedOK), count("failed_calls", r.FailedCalls), count("reported_unknown", r.ReportedUnknown),
		count("resolved", r.Resolved),
		count("lost", r.Lost), count("phantoms", r.Phantoms), decimal("seconds", 2, r.Seconds), note(r.CutOff),
	}
}

func (r *duplicatesRow) order() float64 { return float64(r.Duplicates) }
