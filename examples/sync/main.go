// Command sync is the nightly job of a data team. It sends contacts to RD Station, files
// to CustomerGauge and purchases to Connectif, exports from Connectif, and pulls from
// Playable. The vendors are fakes in the same process, and requests to them fail. At the
// end, the command compares the job's report with the vendors' ledgers. It exits with 0
// only if they agree. Ctrl-C or SIGTERM stops the job: the report is printed and the dead
// letters are written all the same, and the command exits with 1.
//
//	go run ./examples/sync
//	go run ./examples/sync -seed 7 -faults 0.2
//	go run ./examples/sync -replay FILE
//
// FILE has the records that an earlier job did not deliver. The replay sends those that may be
// sent, and looks up those that are in doubt.
//
// Read job.go first: it runs the steps, and runs a record again if that may help.
// contacts.go is the simplest step. purchases.go and writeonce.go show a write that must
// not be executed twice, deadletters.go and replay.go what becomes of a record that was not
// delivered.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr, newProgress(terminal(os.Stderr))))
}

// command runs the command with args and returns its exit code.
func command(ctx context.Context, args []string, out, problems io.Writer, p *progress) int {
	s, err := parseArgs(args, problems)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := run(ctx, s, out, p); err != nil {
		fmt.Fprintln(problems, "sync:", err)
		return 1
	}
	return 0
}

// run starts the fake vendors, runs the job or a replay against them, and prints the report.
func run(ctx context.Context, s settings, out io.Writer, p *progress) error {
	if s.workers < 1 || s.faults < 0 || s.faults > 1 {
		return errors.New("expected -workers of at least 1 and -faults from 0 to 1")
	}
	src, err := readSources(s)
	if err != nil {
		return err
	}
	f := newFakes(s, src.purchases)
	n := network{urls: map[string]string{}}
	for name, handler := range f.handlers() {
		srv, err := retrywisetest.Start(handler)
		if err != nil {
			return err
		}
		defer srv.Close()
		n.urls[name] = srv.URL()
	}
	if s.replay != "" {
		return replay(ctx, s, src, f, n, out)
	}
	return runJob(ctx, s, src, f, n, out, p)
}

// runJob runs the job, writes its dead letters and prints the report.
func runJob(ctx context.Context, s settings, src sources, f *fakes, n network, out io.Writer, p *progress) error {
	letters, err := openLetters(&s)
	if err != nil {
		return err
	}
	r, err := syncAll(ctx, s, src, f, n, func(o outcome) {
		letters.add(o)
		p.add(o)
	})
	p.clear()
	if err := errors.Join(err, letters.close()); err != nil {
		return err
	}
	if err := finish(s, r, out); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("the job was stopped: %w", context.Cause(ctx))
	}
	return nil
}

var errDisagree = errors.New("the job and the vendors' ledgers do not agree")

// finish prints the report. It returns an error if the job and the ledgers do not agree.
func finish(s settings, r report, out io.Writer) error {
	if err := r.print(out); err != nil {
		return err
	}
	all, sent := r.records()
	fmt.Fprintf(out, "%d of %d records were delivered\n", sent, all)
	if sent < all {
		fmt.Fprintf(out, "%d records were not delivered: go run ./examples/sync -replay %s\n", all-sent, s.deadLetters)
	}
	if !r.agrees() {
		return errDisagree
	}
	fmt.Fprintln(out, "the job and the vendors' ledgers agree")
	return nil
}

// syncAll runs the job, and returns the report. It calls progress concurrently with the outcome
// of each record.
func syncAll(ctx context.Context, s settings, src sources, f *fakes, n network, progress func(outcome)) (report, error) {
	f.connectif.SetStorageURL(n.urls[storage])
	c, err := newClients(n)
	if err != nil {
		return report{}, err
	}
	e, p := &exports{byName: map[string][]byte{}}, &pull{registrations: map[int][]registration{}}
	j := job{maxDelay: s.maxDelay, progress: progress, tracks: [][]step{
		{contactStep(c.rdstation, src.contacts, s.workers)},
		{fileStep(c.customergauge, src.files)},
		{purchaseStep(c.connectif, src.purchases, s.workers), e.step(c.connectif, s.exportTimeout)},
		{p.campaignStep(c.playable), p.registrationStep(c.playable)},
	}}
	start := time.Now()
	outcomes := j.run(ctx)
	took := time.Since(start)
	c.close() // ends the renewals that a stopped job leaves behind, so that their requests count
	r := newReport(j.names(), outcomes, c.tallies, f, f.ledgers(e, p))
	r.Took = took
	return r, nil
}
