package retrywise_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// The transitions and their picture in docs/outcomes.md are those of policy.Outcome.
func TestDocumentedOutcomes(t *testing.T) {
	checkGenerated(t, "docs/outcomes.md", "transitions", outcomeTable()+"\n"+outcomePicture())
}

var (
	outcomesInOrder = []policy.Outcome{policy.NotApplied, policy.InDoubt, policy.Applied}
	shownInOrder    = []apierrors.Applied{apierrors.AppliedNo, apierrors.AppliedUnknown, apierrors.AppliedYes}
)

// outcomeTable has a row for each outcome, and a column for what an attempt shows.
func outcomeTable() string {
	var b strings.Builder
	b.WriteString("| before the attempt |")
	for _, shown := range shownInOrder {
		fmt.Fprintf(&b, " it shows `%v` |", shown)
	}
	b.WriteString(" if the call ends there |\n|---|" + strings.Repeat("---|", len(shownInOrder)) + "---|\n")
	for _, o := range outcomesInOrder {
		fmt.Fprintf(&b, "| **%v** |", o)
		for _, shown := range shownInOrder {
			fmt.Fprintf(&b, " %v |", o.After(shown))
		}
		fmt.Fprintf(&b, " `applied: %v` |\n", o.Applied())
	}
	return b.String()
}

// outcomePicture is a state diagram of Mermaid.
func outcomePicture() string {
	var b strings.Builder
	id := func(o policy.Outcome) string { return strings.ReplaceAll(o.String(), " ", "_") }
	fmt.Fprintf(&b, "```mermaid\nstateDiagram-v2\n    [*] --> %s\n", id(policy.NotApplied))
	for _, o := range outcomesInOrder {
		for _, next := range outcomesInOrder {
			var shown []string
			for _, s := range shownInOrder {
				if o.After(s) == next {
					shown = append(shown, s.String())
				}
			}
			if shown != nil {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", id(o), id(next), strings.Join(shown, ", "))
			}
		}
	}
	b.WriteString("```\n")
	return b.String()
}
