// Command sync is the nightly job of a data team, against four fake vendors in the same
// process that misbehave. It sends contacts to RD Station, files to CustomerGauge and
// purchases to Connectif, exports from Connectif, and pulls from Playable. At the end it
// lays its own account beside the vendors' ledgers, and exits with 0 only if they agree.
//
//	go run ./examples/sync
//	go run ./examples/sync -seed 7 -faults 0.2
//
// Begin with job.go: what a step is, and when a record is run again. contacts.go is the
// simplest step; purchases.go and reconcile.go show a write that must not happen twice.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// settings are the command's flags, and what only tests change.
type settings struct {
	seed        uint64
	faults      float64
	workers     int
	contacts    string
	purchases   string
	deadLetters string

	patience  time.Duration // see job
	campaigns int           // that Playable has
}

func main() {
	s := settings{patience: 5 * time.Second, campaigns: 12}
	flag.Uint64Var(&s.seed, "seed", 2, "selects the sequence of faults")
	flag.Float64Var(&s.faults, "faults", 0.06, "share of requests that meet a fault, from 0 to 1")
	flag.IntVar(&s.workers, "workers", 8, "how many contacts, and how many purchases, are sent at a time")
	flag.StringVar(&s.contacts, "contacts", "", "CSV `file` of contacts; empty: the one that comes with the example")
	flag.StringVar(&s.purchases, "purchases", "", "CSV `file` of purchases; empty: the one that comes with the example")
	flag.StringVar(&s.deadLetters, "dead-letters", "dead-letters.csv", "`file` for the records that were not delivered")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, s, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sync:", err)
		os.Exit(1)
	}
}

// run starts the fake vendors, runs the job against them and prints the report.
func run(ctx context.Context, s settings, out io.Writer) error {
	if s.workers < 1 || s.faults < 0 || s.faults > 1 {
		return errors.New("expected -workers of at least 1 and -faults from 0 to 1")
	}
	src, err := open(s)
	if err != nil {
		return err
	}
	f := newFakes(s, src.purchases)
	sites := map[string]string{}
	for name, handler := range f.handlers() {
		srv, err := retrywisetest.Start(handler)
		if err != nil {
			return err
		}
		defer srv.Close()
		sites[name] = srv.URL()
	}
	results, r, err := syncAll(ctx, s, src, f, sites, nil, newProgress())
	if err != nil {
		return err
	}
	return conclude(s, results, r, out)
}

// conclude saves the dead letters, and tells whether job and ledgers agree.
func conclude(s settings, results []result, r report, out io.Writer) error {
	if err := saveDeadLetters(s.deadLetters, results); err != nil {
		return err
	}
	if err := r.print(out); err != nil {
		return err
	}
	if n := r.undelivered(); n > 0 {
		fmt.Fprintf(out, "%d records were not delivered: see %s\n", n, s.deadLetters)
	}
	if !r.agrees() {
		return errors.New("the job and the vendors' ledgers do not agree")
	}
	fmt.Fprintln(out, "the job and the vendors' ledgers agree")
	return nil
}

// syncAll is the job, with its clients and the report on it. sites are the base URLs of
// the vendors; wire is nil but for tests.
func syncAll(ctx context.Context, s settings, src sources, f *fakes, sites map[string]string, wire http.RoundTripper, progress func(result)) ([]result, report, error) {
	f.connectif.SetStorageURL(sites[storage])
	c, err := newClients(sites, wire)
	defer c.close()
	if err != nil {
		return nil, report{}, err
	}
	x, p := &exports{byName: map[string][]byte{}}, &pull{registrations: map[int][]registration{}}
	j := job{patience: s.patience, progress: progress, tracks: [][]step{
		{contactStep(c.rdstation, src.contacts, s.workers)},
		{fileStep(c.customergauge, src.files)},
		{purchaseStep(c.connectif, src.purchases, s.workers), x.exportStep(c.connectif, s.patience)},
		{p.campaignStep(c.playable), p.registrationStep(c.playable)},
	}}
	began := time.Now()
	results := j.run(ctx)
	r := newReport(j.names(), results, c.told, f, f.ledgers(x, p))
	r.Took = time.Since(began)
	return results, r, nil
}

// sources are what the job sends.
type sources struct {
	contacts  []contact
	purchases []purchase
	files     []file
}

// open reads the sources.
func open(s settings) (sources, error) {
	contacts, err := read(s.contacts, "contacts.csv", contactsCSV, readContacts)
	if err != nil {
		return sources{}, err
	}
	purchases, err := read(s.purchases, "purchases.csv", purchasesCSV, readPurchases)
	if err != nil {
		return sources{}, err
	}
	files, err := filesOf(purchases)
	return sources{contacts, purchases, files}, err
}

// read reads the file called name or, without one, that of the example.
func read[T any](name, own, text string, parse func(string, io.Reader) ([]T, error)) ([]T, error) {
	if name == "" {
		return parse(own, strings.NewReader(text))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parse(name, f)
}

func saveDeadLetters(file string, results []result) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(writeDeadLetters(f, results), f.Close())
}

// newProgress returns a line that counts, on a terminal only.
func newProgress() func(result) {
	info, err := os.Stderr.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(result) {}
	}
	var mu sync.Mutex
	done, undelivered := 0, 0
	return func(r result) {
		mu.Lock()
		defer mu.Unlock()
		done++
		if r.Err != nil {
			undelivered++
		}
		fmt.Fprintf(os.Stderr, "\r%d records, %d not delivered ", done, undelivered)
	}
}
