package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// writeDeadLetters writes what was not delivered: which record, what about it, and who
// has to do what. The file is the owner's own: it may name the record.
func writeDeadLetters(w io.Writer, results []result) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"step", "line", "record", "fate", "applied", "class", "fields", "codes", "details", "hint", "retry_at"}}
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
	line := ""
	if r.Line > 0 {
		line = strconv.Itoa(r.Line)
	}
	e, ok := errors.AsType[*apierrors.Error](r.Err)
	if !ok {
		return []string{r.Step, line, r.Key, string(r.fate()), r.applied().String(), "", "", "", "", r.Err.Error(), ""}
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
	return []string{
		r.Step, line, r.Key, string(r.fate()), r.applied().String(), e.Class.String(),
		strings.Join(fields, " "), strings.Join(codes, " "), detailsOf(e), e.Hint, retryAt,
	}
}

// detailsOf are the vendor's extra fields, such as which products are missing.
func detailsOf(e *apierrors.Error) string {
	if len(e.Details) == 0 {
		return ""
	}
	text, err := json.Marshal(e.Details)
	if err != nil {
		return ""
	}
	return string(text)
}
