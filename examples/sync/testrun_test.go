package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A testRun is a run of the whole job in virtual time.
type testRun struct {
	settings
	sources
	fakes    *fakes
	outcomes []outcome
	report   report
}

// newTestRun creates the vendors with the plans of faults. Call run in the same virtual time.
func newTestRun(t *testing.T, s settings, faults func(uint64) retrywisetest.Plan) *testRun {
	t.Helper()
	s.workers, s.maxDelay, s.exportTimeout, s.campaigns = 8, 15*time.Minute, 15*time.Minute, 12
	src, err := readSources(s)
	if err != nil {
		t.Fatal(err)
	}
	return &testRun{settings: s, sources: src, fakes: newFakesWith(s, src.purchases, faults)}
}

func noFaults(uint64) retrywisetest.Plan { return retrywisetest.Plan{} }

// newTransport returns a transport that connects to the server of each host. It is not
// wrapped, as the client could not switch off net/http's own retries in a wrapped one.
func newTransport(servers map[string]*retrywisetest.Server) *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 100, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return servers[address].Transport().DialContext(ctx, network, address)
	}}
}

func (tr *testRun) run(ctx context.Context, t *testing.T) {
	t.Helper()
	servers, urls := map[string]*retrywisetest.Server{}, map[string]string{}
	for name, handler := range tr.fakes.handlers() {
		servers[name+".test:80"] = retrywisetest.Handle(t, handler)
		urls[name] = "http://" + name + ".test"
	}
	transport := newTransport(servers)
	defer transport.CloseIdleConnections()
	var err error
	tr.outcomes, tr.report, err = syncAll(ctx, tr.settings, tr.sources, tr.fakes, network{urls, transport}, func(outcome) {})
	if err != nil {
		t.Fatal(err)
	}
}

// step returns the line of a step in the report.
func (tr *testRun) step(name string) stepLine {
	i := slices.IndexFunc(tr.report.Steps, func(s stepLine) bool { return s.Name == name })
	return tr.report.Steps[i]
}

// deadLetters returns the dead letters, without those of the steps leftOut.
func (tr *testRun) deadLetters(t *testing.T, leftOut ...string) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := writeDeadLetters(&out, tr.outcomes); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(rows[1:], func(row []string) bool { return slices.Contains(leftOut, row[0]) })
}

// describe returns the report and the dead letters, for a test that fails.
func (tr *testRun) describe(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	if err := tr.report.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, row := range tr.deadLetters(t, "contacts") {
		fmt.Fprintln(&text, strings.Join(row, " | "))
	}
	return text.String()
}
