package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/deadletter"
	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A testRun is a run of the whole job in virtual time.
type testRun struct {
	settings
	sources
	fakes  *fakes
	report report
}

// newTestRun creates the vendors with the plans of faults. Call run in the same virtual time.
func newTestRun(t *testing.T, s settings, faults func(uint64) retrywisetest.Plan) *testRun {
	t.Helper()
	s.workers, s.maxDelay, s.exportTimeout, s.campaigns = 8, 15*time.Minute, 15*time.Minute, 12
	s.deadLetters = filepath.Join(t.TempDir(), "dead-letters.jsonl")
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

// run runs the job.
func (tr *testRun) run(ctx context.Context, t *testing.T) {
	t.Helper()
	letters, err := openLetters(&tr.settings)
	if err != nil {
		t.Fatal(err)
	}
	n := tr.connect(t)
	tr.report, err = syncAll(ctx, tr.settings, tr.sources, tr.fakes, n, letters.add)
	if err := errors.Join(err, letters.close()); err != nil {
		t.Fatal(err)
	}
}

// connect serves the vendors until the test ends.
func (tr *testRun) connect(t *testing.T) network {
	t.Helper()
	servers, urls := map[string]*retrywisetest.Server{}, map[string]string{}
	for name, handler := range tr.fakes.handlers() {
		servers[name+".test:80"] = retrywisetest.Handle(t, handler)
		urls[name] = "http://" + name + ".test"
	}
	transport := newTransport(servers)
	t.Cleanup(transport.CloseIdleConnections)
	return network{urls, transport}
}

// step returns the line of a step in the report.
func (tr *testRun) step(name string) stepLine {
	i := slices.IndexFunc(tr.report.Steps, func(s stepLine) bool { return s.Name == name })
	return tr.report.Steps[i]
}

// letters returns the dead letters, without those of the steps leftOut, in the order of the source.
func (tr *testRun) letters(t *testing.T, leftOut ...string) []deadletter.Letter {
	t.Helper()
	var all []deadletter.Letter
	for l, err := range deadletter.Letters(tr.deadLetters) {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(leftOut, l.Op) {
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(a, b deadletter.Letter) int {
		return cmp.Or(strings.Compare(a.Op, b.Op), cmp.Compare(lineOf(t, a), lineOf(t, b)))
	})
	return all
}

// lineOf returns the line of a letter's record.
func lineOf(t *testing.T, l deadletter.Letter) int {
	t.Helper()
	p, err := payloadOf(l)
	if err != nil {
		t.Fatal(err)
	}
	return p.Line
}

// describe returns the report and the dead letters, for a test that fails.
func (tr *testRun) describe(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	if err := tr.report.print(&text); err != nil {
		t.Fatal(err)
	}
	for _, l := range tr.letters(t, stepContacts) {
		fmt.Fprintln(&text, l.Op, lineOf(t, l), l.Record, l)
	}
	return text.String()
}
