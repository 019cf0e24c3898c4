package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The trace has each request and each wait; the back-off is a matter of chance.
func TestRunPrintsTheTrace(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		trace, metrics, _ := strings.Cut(out.String(), "\n\n")
		var got []string
		for line := range strings.Lines(trace) {
			name, _, _ := strings.Cut(regexp.MustCompile(`^ *\S+s +\S+s  `).ReplaceAllString(line, ""), " retrywise.")
			name, _, _ = strings.Cut(name, " url.full")
			got = append(got, strings.TrimSuffix(name, "\n"))
		}
		want := []string{"began  took    span", "nightly sync", "  contacts.get", "    GET", "    wait backoff", "    GET", "    wait gate", "    GET"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("trace (-want +got):\n%s", diff)
		}
		if !strings.Contains(metrics, "retrywise.client.calls {GET, none, yes, none, contacts.get, none}: 1\n") {
			t.Errorf("metrics:\n%s", metrics)
		}
	})
}
