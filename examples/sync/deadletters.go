package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// saveDeadLetters writes the dead letters to a file.
func saveDeadLetters(file string, outcomes []outcome) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(writeDeadLetters(f, outcomes), f.Close())
}

// writeDeadLetters writes a line for each record that was not delivered: why, and who has
// to do what. The file identifies the record, so it is for the owner of the data.
func writeDeadLetters(w io.Writer, outcomes []outcome) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"step", "line", "record", "result", "applied", "class", "fields", "codes", "details", "hint", "retry_at"}}
	for _, o := range outcomes {
		if o.Err != nil {
			rows = append(rows, deadLetter(o))
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	return nil
}

// deadLetter returns the cells of one line.
func deadLetter(o outcome) []string {
	line := ""
	if o.Line > 0 {
		line = strconv.Itoa(o.Line)
	}
	cells := []string{o.Step, line, o.Key, string(o.result()), o.applied().String()}
	e, ok := errors.AsType[*apierrors.Error](o.Err)
	if !ok {
		return append(cells, "", "", "", "", o.Err.Error(), "")
	}
	var fields, codes []string
	for _, f := range e.Fields {
		fields, codes = append(fields, f.Path), append(codes, f.Code)
	}
	if len(strings.Join(codes, "")) == 0 {
		codes = []string{e.Code}
	}
	retryAt := ""
	if !e.RetryAt.IsZero() {
		retryAt = e.RetryAt.UTC().Format(time.RFC3339)
	}
	return append(cells, e.Class.String(), strings.Join(fields, " "), strings.Join(codes, " "), details(e), cmp.Or(e.Hint, e.Error()), retryAt)
}

// details returns the vendor's additional fields, such as which products are missing.
func details(e *apierrors.Error) string {
	if len(e.Details) == 0 {
		return ""
	}
	text, err := json.Marshal(e.Details)
	if err != nil {
		return ""
	}
	return string(text)
}
