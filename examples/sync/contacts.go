package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/retrywise/retrywise/client"
)

//go:embed contacts.csv
var contactsCSV string

// A contact is one record of the source.
type contact struct {
	Line   int
	Email  string
	Fields map[string]any // as they are sent
}

// contactStep creates or updates each contact in RD Station. The client does the retries,
// the waits, the limits and the renewal of the token.
func contactStep(c *client.Client, contacts []contact, workers int) step {
	return step{name: stepContacts, workers: workers, records: func() []record {
		var records []record
		for _, one := range contacts {
			records = append(records, record{one.Line, one.Email, one.Fields, func(ctx context.Context) error {
				return upsertContact(ctx, c, one)
			}})
		}
		return records
	}}
}

func upsertContact(ctx context.Context, c *client.Client, one contact) error {
	_, err := client.Do[struct{}](ctx, c, client.Call{
		Method:  http.MethodPatch,
		Path:    "/platform/contacts/email:" + url.PathEscape(one.Email),
		Body:    one.Fields,
		Options: client.CallOptions{Op: "contacts.upsert", RecordKey: one.Email},
	})
	return err
}

// readContacts reads the source. A cell of digits is a number, NULL is null, and an empty
// cell is no field. Semicolons separate tags. The column more has an additional field as
// key=value.
func readContacts(name string, r io.Reader) ([]contact, error) {
	rows, err := readRows(name, r, "email")
	if err != nil {
		return nil, err
	}
	var contacts []contact
	for _, row := range rows {
		c := contact{Line: row.Line, Email: row.Cells["email"], Fields: map[string]any{}}
		if c.Email == "" {
			return nil, fmt.Errorf("%s:%d: expected an e-mail address", name, row.Line)
		}
		for column, cell := range row.Cells {
			c.set(column, cell)
		}
		contacts = append(contacts, c)
	}
	return contacts, nil
}

// set adds the field of a cell.
func (c *contact) set(column, cell string) {
	switch column {
	case "email":
	case "tags":
		c.Fields[column] = strings.Split(cell, ";")
	case "more":
		key, value, _ := strings.Cut(cell, "=")
		c.Fields[key] = value
	default:
		c.Fields[column] = cellValue(cell)
	}
}

func cellValue(cell string) any {
	if cell == "NULL" {
		return nil
	}
	if n, err := strconv.Atoi(cell); err == nil {
		return n
	}
	return cell
}
