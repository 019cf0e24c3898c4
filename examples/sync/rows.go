package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A row is one line of a CSV file. Cells has the cells that are not empty, by column.
type row struct {
	Line  int
	Cells map[string]string
}

// readRows reads a CSV file. Its first line has the names of the columns; key is one of them.
func readRows(name string, r io.Reader, key string) ([]row, error) {
	lines := csv.NewReader(r)
	columns, err := lines.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: expected a line of column names: %w", name, err)
	}
	if !slices.Contains(columns, key) {
		return nil, fmt.Errorf("%s:1: expected a column %s; got %s", name, key, strings.Join(columns, ", "))
	}
	var rows []row
	for {
		cells, err := lines.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := lines.FieldPos(0)
		one := row{Line: line, Cells: map[string]string{}}
		for i, cell := range cells {
			if cell != "" {
				one.Cells[columns[i]] = cell
			}
		}
		rows = append(rows, one)
	}
}
