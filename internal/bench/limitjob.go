package main

import "fmt"

// A limitJob is a job against a vendor that enforces a limit: GETs in a closed loop of workers.
type limitJob struct {
	name    string
	about   string
	calls   int
	workers int

	// declared is the limit in the vendor's documents, which the client is told. nil: the
	// limit is not known.
	declared *declared

	// newVendor returns a vendor that has not been called.
	newVendor func() *vendor

	// lasts says that the job is long enough to say what is reached after the first 10 s. Of a
	// window, a whole quota of which may come at 10 s, nothing can be said.
	lasts bool

	// compares says that the scenario is about the cost of what the vendor announces: its
	// job also runs against the same vendor without that.
	compares bool
}

// A declared limit is one that a vendor's documents have.
type declared struct {
	perSecond int
	burst     int
	records   int // 0: the limit is for the account; else each of so many records has one
}

func (l limitJob) scenario() scenario {
	about := fmt.Sprintf("%d GETs, %d workers: %s", l.calls, l.workers, l.about)
	return scenario{name: l.name, about: about, measure: l.measure}
}

// record returns what the nth call is about, or "" if the limit is not for each record.
func (l limitJob) record(n int) string {
	if l.declared == nil || l.declared.records == 0 {
		return ""
	}
	return fmt.Sprint(n % l.declared.records)
}
