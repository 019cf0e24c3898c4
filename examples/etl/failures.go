package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// An explainedFailure is a failure of the job, its reason, and what really happened.
type explainedFailure struct {
	failure
	Reason   *apierrors.Error // nil: unknown
	Executed bool             // the vendor executed the write
}

// newExplainedFailure asks v for the reason of f.
func newExplainedFailure(v variant, f failure, executed bool) explainedFailure {
	e := explainedFailure{failure: f, Executed: executed}
	e.Reason, _ = errors.AsType[*apierrors.Error](v.explain(f))
	return e
}

// needsLookup reports whether the reason says that a write was or may have been executed.
func (e explainedFailure) needsLookup() bool {
	return e.Step != stepPage && e.Reason != nil && e.Reason.Applied != apierrors.AppliedNo
}

// isWrong reports whether the reason says that a write was not executed, but it was.
func (e explainedFailure) isWrong() bool {
	return e.Executed && e.Reason != nil && e.Reason.Applied == apierrors.AppliedNo
}

// text describes the reason. It does not identify the row.
func (e explainedFailure) text() string {
	parts := []string{e.Reason.Class.String()}
	if e.Reason.Status != 0 {
		parts = append(parts, fmt.Sprint(e.Reason.Status))
	}
	if e.Reason.Code != "" {
		parts = append(parts, e.Reason.Code)
	}
	parts = append(parts, "stop "+e.Reason.Stop.String(), "applied "+e.Reason.Applied.String())
	if !e.Reason.RetryAt.IsZero() {
		parts = append(parts, "run again in "+time.Until(e.Reason.RetryAt).Round(time.Minute).String())
	}
	text := strings.Join(parts, ", ")
	if e.Reason.Hint != "" {
		text += "\n       " + e.Reason.Hint
	}
	return text
}

// maxReasons is the number of reasons that are printed.
const maxReasons = 4

// printReasons prints the most frequent reasons of failures, with the number of each.
func printReasons(w io.Writer, c column) error {
	times := map[string]int{}
	for _, f := range c.Failed {
		if f.Reason != nil {
			times[fmt.Sprintf("%s: %s", f.Step, f.text())]++
		}
	}
	reasons := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), strings.Compare(a, b))
	})
	var text strings.Builder
	for i, reason := range reasons[:min(len(reasons), maxReasons)] {
		if i == 0 {
			fmt.Fprintf(&text, "\nthe failures of %s:\n", c.Name)
		}
		fmt.Fprintf(&text, "%5d %s\n", times[reason], reason)
	}
	if n := len(reasons) - maxReasons; n > 0 {
		fmt.Fprintf(&text, "reasons not shown: %d\n", n)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
