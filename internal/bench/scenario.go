package main

import (
	"errors"
	"fmt"
	"strings"
)

// A scenario is a job against a vendor: GETs in a closed loop of workers.
type scenario struct {
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

// record returns what the nth call is about, or "" if the limit is not for each record.
func (s scenario) record(n int) string {
	if s.declared == nil || s.declared.records == 0 {
		return ""
	}
	return fmt.Sprint(n % s.declared.records)
}

// named returns the one called name or, if there is none, those whose name begins with it and a
// hyphen.
func named[T any](all []T, name string, nameOf func(T) string) (found []T) {
	for _, one := range all {
		if nameOf(one) == name {
			return []T{one}
		}
		if strings.HasPrefix(nameOf(one), name+"-") {
			found = append(found, one)
		}
	}
	return found
}

// findScenarios returns the scenarios and the outages that name stands for. The error lists all.
func findScenarios(name string) ([]scenario, []outage, error) {
	limits := named(scenarios, name, func(s scenario) string { return s.name })
	outages := named(outages, name, func(o outage) string { return o.name })
	if limits != nil || outages != nil {
		return limits, outages, nil
	}
	return nil, nil, errors.New(listOf(name))
}

// listOf lists what a name may be.
func listOf(name string) string {
	var list strings.Builder
	fmt.Fprintf(&list, "expected -scenario to be one of these; got %q", name)
	for _, s := range scenarios {
		fmt.Fprintf(&list, "\n  %-24s  %d GETs, %d workers: %s", s.name, s.calls, s.workers, s.about)
	}
	for _, o := range outages {
		fmt.Fprintf(&list, "\n  %-24s  GETs of %d workers: %s", o.name, outageWorkers, o.about)
	}
	return list.String()
}
