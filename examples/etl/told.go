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

// A told failure is one of the job's, with what is known of it.
type told struct {
	failure
	Why   *apierrors.Error // what retrywise tells of it; nil: nothing
	There bool             // the vendor has it all the same
}

func tell(w way, f failure, isThere bool) told {
	t := told{failure: f, There: isThere}
	t.Why, _ = errors.AsType[*apierrors.Error](w.explain(f))
	return t
}

// saysLookFirst reports whether the failure says that a write was or may have been executed.
func (t told) saysLookFirst() bool {
	return t.Step != stepPage && t.Why != nil && t.Why.Applied != apierrors.AppliedNo
}

// isWrong reports whether the failure says that the vendor did not execute what it did.
func (t told) isWrong() bool { return t.There && t.Why != nil && t.Why.Applied == apierrors.AppliedNo }

// text is what retrywise tells, without what identifies the row.
func (t told) text() string {
	parts := []string{t.Why.Class.String()}
	if t.Why.Status != 0 {
		parts = append(parts, fmt.Sprint(t.Why.Status))
	}
	if t.Why.Code != "" {
		parts = append(parts, t.Why.Code)
	}
	parts = append(parts, "stop "+t.Why.Stop.String(), "applied "+t.Why.Applied.String())
	if !t.Why.RetryAt.IsZero() {
		parts = append(parts, "run again in "+time.Until(t.Why.RetryAt).Round(time.Minute).String())
	}
	return strings.Join(parts, ", ") + "\n       " + t.Why.Hint
}

// maxHints is how many kinds of failures are printed.
const maxHints = 4

// printHints writes what retrywise told of the failures, the most frequent kinds first.
func printHints(w io.Writer, c column) error {
	times := map[string]int{}
	for _, f := range c.Failed {
		if f.Why != nil {
			times[fmt.Sprintf("%s: %s", f.Step, f.text())]++
		}
	}
	kinds := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(cmp.Compare(times[b], times[a]), strings.Compare(a, b))
	})
	var text strings.Builder
	for i, kind := range kinds[:min(len(kinds), maxHints)] {
		if i == 0 {
			fmt.Fprintf(&text, "\n%s tells of these failures:\n", c.Name)
		}
		fmt.Fprintf(&text, "%5d %s\n", times[kind], kind)
	}
	if n := len(kinds) - maxHints; n > 0 {
		fmt.Fprintf(&text, "and %d more kinds\n", n)
	}
	_, err := io.WriteString(w, text.String())
	return err
}
