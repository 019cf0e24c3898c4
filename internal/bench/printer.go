package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A tableRow is a row that knows its table.
type tableRow interface {
	layout() string // of a line, for fmt
	columns() []any // their names, as in JSON
	cells() []any
}

// A printer writes rows of one kind as they come: as JSON, or as a table.
type printer struct {
	out     io.Writer
	asJSON  bool
	started bool // the table has its head
}

func (p *printer) print(r tableRow) error {
	if p.asJSON {
		return json.NewEncoder(p.out).Encode(r)
	}
	if !p.started {
		p.started = true
		if err := p.line(r.layout(), r.columns()); err != nil {
			return err
		}
	}
	return p.line(r.layout(), r.cells())
}

// printMedians prints, of several runs of each peer, the one in the middle by goodput.
func (p *printer) printMedians(byPeer [][]row) error {
	for _, runs := range byPeer {
		if p.asJSON || len(runs) < 2 {
			continue
		}
		slices.SortFunc(runs, func(a, b row) int { return cmp.Compare(a.Goodput, b.Goodput) })
		median := runs[len(runs)/2]
		median.Peer += ", median"
		if err := p.print(median); err != nil {
			return err
		}
	}
	return nil
}

// line writes a line of the table.
func (p *printer) line(layout string, cells []any) error {
	_, err := fmt.Fprintln(p.out, strings.TrimRight(fmt.Sprintf(layout, cells...), " "))
	return err
}
