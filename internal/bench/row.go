package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A row is what one peer reached in one run of a scenario. Its JSON begins with its title.
type row interface {
	head() title
	columns() []column // of the table, after those of the title
	order() float64    // the median of several runs is found by it
}

// A title says what a row is about.
type title struct {
	Scenario string `json:"scenario"`
	Peer     string `json:"peer"`
}

func (t title) head() title { return t }

// A column is a cell of a row, and what stands above it.
type column struct{ name, value string }

// count and decimal return a column with a number; decimal has so many digits after the point.
func count(name string, n int) column { return column{name, fmt.Sprint(n)} }

func decimal(name string, digits int, f float64) column {
	return column{name, fmt.Sprintf("%.*f", digits, f)}
}

// maybe is decimal, or an empty cell for nil.
func maybe(name string, digits int, f *float64) column {
	if f == nil {
		return column{name: name}
	}
	return decimal(name, digits, *f)
}

// note returns the last column, without a name.
func note(cutOff bool) column {
	if cutOff {
		return column{value: "cut off"}
	}
	return column{}
}

// A printer writes rows as they come: as JSON, or as a table, which has a new head if the
// columns are others.
type printer struct {
	out      io.Writer
	asJSON   bool
	lastHead string
}

func (p *printer) print(r row) error {
	if p.asJSON {
		return json.NewEncoder(p.out).Encode(r)
	}
	return p.line(r.head(), r.columns())
}

// printMedians prints, of several runs of each peer, the one in the middle.
func (p *printer) printMedians(byPeer [][]row) error {
	for _, runs := range byPeer {
		if p.asJSON || len(runs) < 2 {
			continue
		}
		slices.SortFunc(runs, func(a, b row) int { return cmp.Compare(a.order(), b.order()) })
		median := runs[len(runs)/2]
		of := median.head()
		of.Peer += ", median"
		if err := p.line(of, median.columns()); err != nil {
			return err
		}
	}
	return nil
}

// line writes a line of the table and, if need be, its head before it.
func (p *printer) line(t title, columns []column) error {
	const left = "%-24s  %-25s"
	head, line := fmt.Sprintf(left, "scenario", "peer"), fmt.Sprintf(left, t.Scenario, t.Peer)
	for _, c := range columns {
		width := max(5, len(c.name))
		if c.name == "" {
			width = 0
		}
		head += fmt.Sprintf("  %*s", width, c.name)
		line += fmt.Sprintf("  %*s", width, c.value)
	}
	text := strings.TrimRight(line, " ")
	if head != p.lastHead {
		p.lastHead = head
		text = strings.TrimRight(head, " ") + "\n" + text
	}
	_, err := fmt.Fprintln(p.out, text)
	return err
}
