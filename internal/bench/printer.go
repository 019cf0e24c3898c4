package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A printer writes rows of all kinds as they come: as JSON, or as a table, which has a new head
// if the columns are others.
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
