package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A column compares the job's report with the ledgers of the vendors, for one variant.
type column struct {
	Name      string
	Rows      int // in the campaign
	Pulled    int
	Purchases balance
	Contacts  balance
	Requests  int // counted by the vendors
	Waited    time.Duration
	Took      time.Duration
	Failed    []explainedFailure
}

// A balance says what happened to all rows at one vendor.
type balance struct {
	Delivered int // reported as delivered, and there
	Lost      int // reported as failed, and not there
	Phantom   int // reported as failed, but there
	Twice     int // executions after the first one of a row
	Missing   int // reported as delivered, but not there
}

// newColumn compares the job's report with the ledgers.
func newColumn(v variant, f *fakes, s summary) column {
	rows := f.rows()
	c := column{
		Name: v.name(), Rows: len(rows), Pulled: s.Pulled, Requests: f.requests(), Waited: v.waited(), Took: s.Took,
		Purchases: newBalance(rows, s.Purchases, f.hasPurchase),
		Contacts:  newBalance(rows, s.Contacts, f.hasContact),
	}
	c.Purchases.Twice, c.Contacts.Twice = f.connectif.Purchases().Duplicates(), f.rdstation.Duplicates()
	for _, one := range s.Failed {
		executed := one.Step == stepPurchase && f.hasPurchase(one.ID) || one.Step == stepContact && f.hasContact(one.ID)
		c.Failed = append(c.Failed, newExplainedFailure(v, one, executed))
	}
	return c
}

// newBalance compares the rows that were reported as delivered with those that are there.
func newBalance(rows, delivered []int, isThere func(id int) bool) balance {
	var b balance
	for _, id := range rows {
		reported, there := slices.Contains(delivered, id), isThere(id)
		switch {
		case reported && there:
			b.Delivered++
		case reported:
			b.Missing++
		case there:
			b.Phantom++
		default:
			b.Lost++
		}
	}
	return b
}

// unreported returns the number of rows that were not delivered although no failure was
// reported, neither for the row nor for its page.
func (c column) unreported() int {
	unpulled := c.Rows - c.Pulled
	n := 0
	if c.failures(stepPage) == 0 {
		n += unpulled
	}
	n += c.Purchases.Lost + c.Purchases.Phantom - unpulled - c.failures(stepPurchase)
	n += c.Contacts.Lost + c.Contacts.Phantom - unpulled - c.failures(stepContact)
	return n
}

// failures returns the number of failures of a step.
func (c column) failures(s step) int {
	return c.count(func(f explainedFailure) bool { return f.Step == s })
}

// count returns the number of failures that match.
func (c column) count(match func(explainedFailure) bool) int {
	n := 0
	for _, f := range c.Failed {
		if match(f) {
			n++
		}
	}
	return n
}

// verdict returns nil if nothing was executed twice, nothing is missing, and every loss
// was reported with its reason.
func (c column) verdict() error {
	var problems []error
	for _, p := range []struct {
		n    int
		what string
	}{
		{c.Purchases.Twice + c.Contacts.Twice, "executed twice"},
		{c.Purchases.Missing + c.Contacts.Missing, "reported as delivered, but not there"},
		{c.count(explainedFailure.isWrong), "reported as not applied, but there"},
		{c.unreported(), "lost without a reported failure"},
		{c.failuresWithoutReason(), "failed without a reason"},
	} {
		if p.n != 0 {
			problems = append(problems, fmt.Errorf("%s: %d %s", c.Name, p.n, p.what))
		}
	}
	return errors.Join(problems...)
}

func (c column) failuresWithoutReason() int {
	return c.count(func(f explainedFailure) bool { return f.Reason == nil })
}

// printTable prints the columns side by side.
func printTable(w io.Writer, columns []column) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(label string, cell func(column) any) {
		cells := []string{label}
		for _, c := range columns {
			cells = append(cells, fmt.Sprint(cell(c)))
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	row("", func(c column) any { return c.Name })
	row("rows pulled", func(c column) any { return fmt.Sprintf("%d of %d", c.Pulled, c.Rows) })
	row("purchases delivered", func(c column) any { return c.Purchases.Delivered })
	row("  lost", func(c column) any { return c.Purchases.Lost })
	row("  executed twice", func(c column) any { return c.Purchases.Twice })
	row("  reported as failed, but there", func(c column) any { return c.Purchases.Phantom })
	row("contacts delivered", func(c column) any { return c.Contacts.Delivered })
	row("  lost", func(c column) any { return c.Contacts.Lost })
	row("  executed twice", func(c column) any { return c.Contacts.Twice })
	row("  reported as failed, but there", func(c column) any { return c.Contacts.Phantom })
	row("failures", func(c column) any { return len(c.Failed) })
	row("  with class and hint", func(c column) any { return len(c.Failed) - c.failuresWithoutReason() })
	row("  of these, to look up first", func(c column) any { return c.count(explainedFailure.needsLookup) })
	row("requests", func(c column) any { return c.Requests })
	row("waited, all calls", func(c column) any { return c.Waited.Round(100 * time.Millisecond) })
	row("took", func(c column) any { return c.Took.Round(100 * time.Millisecond) })
	return t.Flush()
}
