package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// replayOnce replays the letters of a run against the same vendors.
func (tr *testRun) replayOnce(t *testing.T) map[deadletter.Outcome]int {
	t.Helper()
	c, err := newClients(tr.connect(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	tr.replay = tr.deadLetters
	_, counts, err := replayFile(t.Context(), tr.settings, tr.sources, c)
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// A job that is interrupted at any time, and then replayed until only refused records are left,
// leaves each record at its vendor once, and none that is there in a letter.
func TestReplayAfterAnInterrupt(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := settings{seed: seed, faults: 0.2}
				tr := newTestRun(t, s, seeded(s))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Duration(seed)*700*time.Millisecond, cancel)
				tr.run(ctx, t)
				for range 20 {
					counts := tr.replayOnce(t)
					if counts[deadletter.Failed]+counts[deadletter.InDoubt]+counts[deadletter.Early] == 0 {
						break
					}
					time.Sleep(time.Hour)
				}
				tr.checkReplayed(t)
			})
		})
	}
}

// checkReplayed compares the letters with the ledgers.
func (tr *testRun) checkReplayed(t *testing.T) {
	t.Helper()
	open := map[string]bool{}
	for _, l := range tr.letters(t) {
		open[fmt.Sprint(l.Op, lineOf(t, l), l.Record)] = true
		if l.Applied != apierrors.AppliedNo && (l.Op == stepPurchases || l.Op == stepFiles) {
			t.Errorf("%s %s is still in doubt: %v", l.Op, l.Record, l)
		}
	}
	ledgers := tr.fakes.ledgers(&exports{}, &pull{})
	for step, records := range newReplayer(tr.settings, tr.sources, &clients{}).records {
		if n := ledgers[step].duplicates(); n > 0 {
			t.Errorf("%s: %d duplicates", step, n)
		}
		for _, one := range records {
			isOpen := open[fmt.Sprint(step, one.Line, one.Key)]
			if !isOpen && !ledgers[step].asSent(one) {
				t.Errorf("%s %d %s is neither there nor in a letter", step, one.Line, one.Key)
			}
			if isOpen && step == stepPurchases && ledgers[step].has(one) {
				t.Errorf("%s %d %s is there and in a letter", step, one.Line, one.Key)
			}
		}
	}
}

// Refused records are left until somebody has corrected them in the sources.
func TestReplaySendsWhatWasMended(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		tr := newTestRun(t, settings{}, noFaults)
		tr.run(t.Context(), t)
		refused := map[deadletter.Outcome]int{deadletter.Refused: 36 + 4 + 9}
		if diff := cmp.Diff(refused, tr.replayOnce(t)); diff != "" {
			t.Errorf("without -mended (-want +got):\n%s", diff)
		}
		for i, one := range tr.sources.contacts {
			if _, isThere := tr.fakes.rdstation.Stored(one.Email); !isThere {
				tr.sources.contacts[i].Fields = map[string]any{"name": "Mended"}
			}
		}
		tr.mended = true
		const badEmails = 2
		want := map[deadletter.Outcome]int{deadletter.Delivered: 36 - badEmails, deadletter.Failed: badEmails + 4 + 9}
		if diff := cmp.Diff(want, tr.replayOnce(t)); diff != "" {
			t.Errorf("with -mended (-want +got):\n%s", diff)
		}
		if left := len(tr.letters(t, stepFiles, stepPurchases)); left != badEmails {
			t.Errorf("%d letters of contacts; want %d", left, badEmails)
		}
		tr.checkReplayed(t)
	})
}

// A purchase in doubt is looked up, and sent only if it is not there.
func TestReplayLooksUpWhatIsInDoubt(t *testing.T) {
	doubt := &apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, Stop: apierrors.StopUnsafe}
	for name, tt := range map[string]struct {
		isThere bool
		want    deadletter.Outcome
	}{
		"there":     {true, deadletter.Found},
		"not there": {false, deadletter.Delivered},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				tr := newTestRun(t, settings{}, noFaults)
				c, err := newClients(tr.connect(t))
				if err != nil {
					t.Fatal(err)
				}
				defer c.close()
				r := newReplayer(tr.settings, tr.sources, c)
				box, err := openLetters(&tr.settings)
				if err != nil {
					t.Fatal(err)
				}
				for step, one := range map[string]record{stepPurchases: r.records[stepPurchases][0], stepFiles: r.records[stepFiles][0]} {
					if tt.isThere {
						if err := one.do(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					box.add(outcome{Step: step, record: one, Err: doubt})
				}
				box.add(outcome{Step: "exports", record: record{Key: "contacts"}, Err: errors.New("down")})
				if err := box.close(); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[deadletter.Outcome]int{tt.want: 2, deadletter.Left: 1}, tr.replayOnce(t)); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
				if n := tr.fakes.connectif.Purchases().Total() + tr.fakes.customergauge.Uploads().Total(); n != 2 {
					t.Errorf("%d executions; want 2", n)
				}
			})
		})
	}
}

// The command replays a file against vendors over TCP, and prints what became of the letters.
func TestCommandReplays(t *testing.T) {
	s := someSettings(t)
	s.faults = 0
	var out, problems bytes.Buffer
	if err := run(t.Context(), s, &out, newProgress(&problems)); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	out.Reset()
	args := []string{"-contacts", s.contacts, "-purchases", s.purchases, "-faults", "0"}
	if code := command(t.Context(), append(args, "-replay", s.deadLetters), &out, &problems, newProgress(&bytes.Buffer{})); code != 0 {
		t.Fatalf("exit code %d: %s\n%s", code, problems.String(), out.String())
	}
	if !strings.Contains(out.String(), "\nletters:\n") || !strings.Contains(out.String(), " refused: correct the records in the sources, then add -mended\n") {
		t.Errorf("printed:\n%s", out.String())
	}
	if err := os.WriteFile(s.deadLetters, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := command(t.Context(), append(args, "-replay", s.deadLetters), &out, &problems, newProgress(&bytes.Buffer{})); code != 0 || !strings.HasSuffix(out.String(), "\nno letters\n") {
		t.Errorf("exit code %d; printed:\n%s", code, out.String())
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if code := command(t.Context(), append(args, "-replay", missing), &out, &problems, newProgress(&bytes.Buffer{})); code != 1 {
		t.Errorf("exit code %d for a file that is not there; want 1", code)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the file was made")
	}
	if code := command(t.Context(), append(args, "-replay", t.TempDir()), &out, &problems, newProgress(&bytes.Buffer{})); code != 1 {
		t.Errorf("exit code %d for a folder; want 1", code)
	}
}

// A letter that cannot be written fails the job.
func TestLettersThatCannotBeWritten(t *testing.T) {
	s := settings{deadLetters: t.TempDir() + "/letters.jsonl"}
	box, err := openLetters(&s)
	if err != nil {
		t.Fatal(err)
	}
	if err := box.writer.Close(); err != nil {
		t.Fatal(err)
	}
	box.add(outcome{Step: stepContacts, Err: &apierrors.Error{Class: apierrors.Network}})
	box.add(outcome{Step: stepContacts, Err: &apierrors.Error{Details: map[string]any{"x": func() {}}}})
	box.add(outcome{Step: stepContacts})
	if err := box.close(); !errors.Is(err, os.ErrClosed) || !strings.Contains(err.Error(), "unsupported type") {
		t.Errorf("error %v", err)
	}
	t.Chdir(t.TempDir())
	unnamed := settings{}
	box, err = openLetters(&unnamed)
	if err != nil || !strings.HasPrefix(unnamed.deadLetters, "dead-letters-") {
		t.Fatalf("file %q, %v", unnamed.deadLetters, err)
	}
	if err := box.close(); err != nil {
		t.Error(err)
	}
}
