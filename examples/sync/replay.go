package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
)

// The names of the steps that write. What the other steps read, the next job reads again.
const (
	stepContacts  = "contacts"
	stepFiles     = "files"
	stepPurchases = "purchases"
)

// A replayer delivers the letters of an earlier job. It takes their records from the sources, so
// that it sends what has been corrected there.
type replayer struct {
	settings
	clients *clients
	records map[string][]record // by step

	mu       sync.Mutex // guards the field below
	outcomes []outcome  // of the records that were sent or found
}

func newReplayer(s settings, src sources, c *clients) *replayer {
	return &replayer{settings: s, clients: c, records: map[string][]record{
		stepContacts:  contactStep(c.rdstation, src.contacts, s.workers).records(),
		stepFiles:     fileStep(c.customergauge, src.files).records(),
		stepPurchases: purchaseStep(c.connectif, src.purchases, s.workers).records(),
	}}
}

// replayFile replays the letters of a file. It returns the outcomes of the records that were sent
// or found, and how many letters had which outcome.
func replayFile(ctx context.Context, s settings, src sources, c *clients) ([]outcome, map[deadletter.Outcome]int, error) {
	if _, err := os.Stat(s.replay); err != nil { // Open would make the file
		return nil, nil, err
	}
	letters, err := deadletter.Open(s.replay, deadletter.Options{})
	if err != nil {
		return nil, nil, err
	}
	defer letters.Close()
	r := newReplayer(s, src, c)
	counts, err := deadletter.Replay(ctx, letters, deadletter.ReplayOptions{
		Send: r.send, LookUp: r.lookUp, Mend: r.mend, Select: r.has, Observe: r.observe, Wait: s.maxDelay, Workers: s.workers,
	})
	return r.outcomes, counts, err
}

// recordOf returns the record of a letter. ok is false if the sources do not have it any more, and
// if it is one that was read.
func (r *replayer) recordOf(l deadletter.Letter) (one record, ok bool) {
	p, err := payloadOf(l)
	i := slices.IndexFunc(r.records[l.Op], func(one record) bool { return one.Line == p.Line && one.Key == l.Record })
	if err != nil || i < 0 {
		return record{}, false
	}
	return r.records[l.Op][i], true
}

func (r *replayer) has(l deadletter.Letter) bool {
	_, ok := r.recordOf(l)
	return ok
}

func (r *replayer) send(ctx context.Context, l deadletter.Letter) error {
	one, _ := r.recordOf(l) // Select asked has
	return one.do(ctx)
}

// lookUp finds out whether the vendor has a record. Both vendors show what they have executed when
// settle is over.
func (r *replayer) lookUp(ctx context.Context, l deadletter.Letter) (apierrors.Applied, error) {
	isThere, vendor := hasPurchase, r.clients.connectif
	if l.Op == stepFiles {
		isThere, vendor = hasUpload, r.clients.customergauge
	}
	last := l.At
	if l.Begun.After(last) {
		last = l.Begun
	}
	if err := sleep(ctx, time.Until(last.Add(settle))); err != nil {
		return apierrors.AppliedUnknown, err
	}
	there, err := isThere(ctx, vendor, l.Record)
	switch {
	case err != nil:
		return apierrors.AppliedUnknown, err
	case there:
		return apierrors.AppliedYes, nil
	default:
		return apierrors.AppliedNo, nil
	}
}

// mend says that the sources have been corrected.
func (r *replayer) mend(l deadletter.Letter) (deadletter.Letter, bool) { return l, r.mended }

// observe keeps the outcome of a record that was sent or found, for the report.
func (r *replayer) observe(l deadletter.Letter, o deadletter.Outcome, err error) {
	if !slices.Contains([]deadletter.Outcome{deadletter.Delivered, deadletter.Found, deadletter.Failed}, o) {
		return
	}
	one, _ := r.recordOf(l)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outcomes = append(r.outcomes, outcome{Step: l.Op, record: one, Runs: 1, InDoubt: l.InDoubt(), Err: err})
}

// printCounts prints how many letters had which outcome, and what to do with those that are left.
func printCounts(w io.Writer, counts map[deadletter.Outcome]int) {
	advice := map[deadletter.Outcome]string{
		deadletter.Refused: ": correct the records in the sources, then add -mended",
		deadletter.Early:   ": replay again later",
		deadletter.InDoubt: ": look for them at the vendor",
		deadletter.Left:    ": the sources do not have them, or the next job reads them again",
	}
	if len(counts) == 0 {
		fmt.Fprintln(w, "no letters")
		return
	}
	fmt.Fprintln(w, "letters:")
	for o := deadletter.Left; o <= deadletter.InDoubt; o++ {
		if counts[o] > 0 {
			fmt.Fprintf(w, "%d %v%s\n", counts[o], o, advice[o])
		}
	}
}

// replay replays the letters of a file, and compares what became of them with the ledgers.
func replay(ctx context.Context, s settings, src sources, f *fakes, n network, out io.Writer) error {
	c, err := newClients(n)
	if err != nil {
		return err
	}
	start := time.Now()
	outcomes, counts, err := replayFile(ctx, s, src, c)
	c.close()
	if counts == nil {
		return err
	}
	r := newReport([]string{stepContacts, stepFiles, stepPurchases}, outcomes, c.tallies, f, f.ledgers(&exports{}, &pull{}))
	r.Took = time.Since(start)
	if problem := r.print(out); problem != nil {
		return errors.Join(err, problem)
	}
	printCounts(out, counts)
	if err == nil && !r.agrees() {
		err = errDisagree
	}
	return err
}
