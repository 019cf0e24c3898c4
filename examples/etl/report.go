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

// A column is what one run of the job said, laid beside what the vendors' ledgers say.
type column struct {
	Name      string
	Rows      int // that there are
	Pulled    int
	Purchases balance
	Contacts  balance
	Requests  int // that the vendors counted
	Waited    time.Duration
	Took      time.Duration
	Failed    []told // what the job said that failed
}

// A balance is what became of all rows at one vendor.
type balance struct {
	Delivered int // told to be delivered, and there
	Lost      int // not there, and told so: the call failed, or the row's page
	Phantom   int // told to have failed, but there
	Twice     int // done again
	Missing   int // told to be delivered, but not there
}

// newColumn compares the job's account with the truth.
func newColumn(w way, v *allVendors, a account) column {
	rows := v.rows()
	c := column{
		Name: w.name(), Rows: len(rows), Pulled: a.Pulled, Requests: v.requests(), Waited: w.waited(), Took: a.Took,
		Purchases: balanceOf(rows, a.Purchases, v.hasPurchase),
		Contacts:  balanceOf(rows, a.Contacts, v.hasContact),
	}
	c.Purchases.Twice, c.Contacts.Twice = v.connectif.Purchases().Duplicates(), v.rdstation.Duplicates()
	for _, f := range a.Failed {
		isThere := f.Step == stepPurchase && v.hasPurchase(f.ID) || f.Step == stepContact && v.hasContact(f.ID)
		c.Failed = append(c.Failed, tell(w, f, isThere))
	}
	return c
}

func balanceOf(rows, delivered []int, isThere func(id int) bool) balance {
	var b balance
	for _, id := range rows {
		saysSo, is := slices.Contains(delivered, id), isThere(id)
		switch {
		case saysSo && is:
			b.Delivered++
		case saysSo:
			b.Missing++
		case is:
			b.Phantom++
		default:
			b.Lost++
		}
	}
	return b
}

// untold is how many rows are not delivered without a failure of the row or of a page.
func (c column) untold() int {
	unpulled := c.Rows - c.Pulled
	n := 0
	if c.failures(stepPage) == 0 {
		n += unpulled
	}
	n += c.Purchases.Lost + c.Purchases.Phantom - unpulled - c.failures(stepPurchase)
	n += c.Contacts.Lost + c.Contacts.Phantom - unpulled - c.failures(stepContact)
	return n
}

func (c column) failures(s step) int { return c.count(func(t told) bool { return t.Step == s }) }

// count is how many failures are of a kind.
func (c column) count(is func(told) bool) int {
	n := 0
	for _, f := range c.Failed {
		if is(f) {
			n++
		}
	}
	return n
}

// verdict is nil if nothing was done twice, nothing is missing, and every loss was told
// with its reason.
func (c column) verdict() error {
	var problems []error
	for _, p := range []struct {
		n    int
		what string
	}{
		{c.Purchases.Twice + c.Contacts.Twice, "done twice"},
		{c.Purchases.Missing + c.Contacts.Missing, "told to be delivered, but not there"},
		{c.count(told.isWrong), "there, though told not to be"},
		{c.untold(), "lost without a failure"},
		{c.count(func(t told) bool { return t.Why == nil }), "failed without a reason"},
	} {
		if p.n != 0 {
			problems = append(problems, fmt.Errorf("%s: %d %s", c.Name, p.n, p.what))
		}
	}
	return errors.Join(problems...)
}

// printTable writes the columns side by side.
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
	row("  twice", func(c column) any { return c.Purchases.Twice })
	row("  told failed, but there", func(c column) any { return c.Purchases.Phantom })
	row("contacts delivered", func(c column) any { return c.Contacts.Delivered })
	row("  lost", func(c column) any { return c.Contacts.Lost })
	row("  twice", func(c column) any { return c.Contacts.Twice })
	row("  told failed, but there", func(c column) any { return c.Contacts.Phantom })
	row("failures told", func(c column) any { return len(c.Failed) })
	row("  with class and hint", func(c column) any { return c.count(func(t told) bool { return t.Why != nil }) })
	row("  of these, to look up first", func(c column) any { return c.count(told.saysLookFirst) })
	row("requests", func(c column) any { return c.Requests })
	row("waited, all calls", func(c column) any { return c.Waited.Round(100 * time.Millisecond) })
	row("took", func(c column) any { return c.Took.Round(100 * time.Millisecond) })
	return t.Flush()
}
