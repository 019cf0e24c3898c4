package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

//go:embed contacts.csv
var contactsCSV string

// A contact is one record of the source: its key and its fields as they are sent.
type contact struct {
	Line   int
	Email  string
	Fields map[string]any
}

// readContacts reads the source. As in a spreadsheet, a cell of digits is a number,
// NULL is null, an empty cell is no field; tags are separated by semicolons, and the
// column more holds a further field as key=value.
func readContacts(name string, r io.Reader) ([]contact, error) {
	rows := csv.NewReader(r)
	columns, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: expected a line of column names: %w", name, err)
	}
	if !slices.Contains(columns, "email") {
		return nil, fmt.Errorf("%s:1: expected a column email; got %s", name, strings.Join(columns, ", "))
	}
	var contacts []contact
	for {
		cells, err := rows.Read()
		if err == io.EOF {
			return contacts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := rows.FieldPos(0)
		c := contact{Line: line, Fields: map[string]any{}}
		for i, cell := range cells {
			c.set(columns[i], cell)
		}
		if c.Email == "" {
			return nil, fmt.Errorf("%s:%d: expected an e-mail address", name, line)
		}
		contacts = append(contacts, c)
	}
}

func (c *contact) set(column, cell string) {
	switch {
	case cell == "":
	case column == "email":
		c.Email = cell
	case column == "tags":
		c.Fields[column] = strings.Split(cell, ";")
	case column == "more":
		key, value, _ := strings.Cut(cell, "=")
		c.Fields[key] = value
	default:
		c.Fields[column] = valueOf(cell)
	}
}

func valueOf(cell string) any {
	if cell == "NULL" {
		return nil
	}
	if n, err := strconv.Atoi(cell); err == nil {
		return n
	}
	return cell
}
