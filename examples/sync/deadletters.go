package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// writeDeadLetters writes what was not delivered: which record, what about it, and who
// has to do what. The file is the owner's own: it may name the record.
func writeDeadLetters(w io.Writer, results []result) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"line", "record", "fate", "class", "field", "code", "hint", "retry_at"}}
	for _, r := range results {
		if r.Err != nil {
			rows = append(rows, deadLetter(r))
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	return nil
}

func deadLetter(r result) []string {
	e, ok := errors.AsType[*apierrors.Error](r.Err)
	if !ok {
		return []string{fmt.Sprint(r.Contact.Line), r.Contact.Email, string(r.fate()), "", "", "", r.Err.Error(), ""}
	}
	var fields, codes []string
	for _, f := range e.Fields {
		fields, codes = append(fields, f.Path), append(codes, f.Code)
	}
	if len(codes) == 0 {
		codes = []string{e.Code}
	}
	retryAt := ""
	if !e.RetryAt.IsZero() {
		retryAt = e.RetryAt.UTC().Format(time.RFC3339)
	}
	return []string{
		fmt.Sprint(r.Contact.Line), r.Contact.Email, string(r.fate()), e.Class.String(),
		strings.Join(fields, " "), strings.Join(codes, " "), e.Hint, retryAt,
	}
}
