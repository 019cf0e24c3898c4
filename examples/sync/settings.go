package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// settings are the command's flags, and what only tests change.
type settings struct {
	seed        uint64
	faults      float64
	workers     int
	contacts    string
	purchases   string
	deadLetters string
	replay      string
	mended      bool

	maxDelay      time.Duration // see job
	exportTimeout time.Duration // how long an export may take
	campaigns     int           // number of Playable's campaigns
}

// parseArgs reads the flags. It writes usage errors and the usage to w. The error is
// flag.ErrHelp if args ask for help.
func parseArgs(args []string, w io.Writer) (settings, error) {
	s := settings{maxDelay: 5 * time.Second, exportTimeout: 5 * time.Second, campaigns: 12}
	flags := flag.NewFlagSet("sync", flag.ContinueOnError)
	flags.SetOutput(w)
	flags.Uint64Var(&s.seed, "seed", 2, "selects the sequence of faults")
	flags.Float64Var(&s.faults, "faults", 0.06, "share of requests that meet a fault, from 0 to 1")
	flags.IntVar(&s.workers, "workers", 8, "number of contacts, and of purchases, that are sent concurrently")
	flags.StringVar(&s.contacts, "contacts", "", "CSV `file` of contacts; empty: contacts.csv of the example")
	flags.StringVar(&s.purchases, "purchases", "", "CSV `file` of purchases; empty: purchases.csv of the example")
	flags.StringVar(&s.deadLetters, "dead-letters", "", "`file` for the records that were not delivered; empty: a new one")
	flags.StringVar(&s.replay, "replay", "", "`file` of an earlier job's records that were not delivered: deliver those that may be")
	flags.BoolVar(&s.mended, "mended", false, "with -replay: what the vendors refused was corrected in the sources, so send it again")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		err := fmt.Errorf("unexpected argument: %s", flags.Arg(0))
		fmt.Fprintln(w, err)
		flags.Usage()
		return settings{}, err
	}
	return s, nil
}

// sources are the records that the job sends.
type sources struct {
	contacts  []contact
	purchases []purchase
	files     []file
}

// readSources reads the files of the settings, or those of the example.
func readSources(s settings) (sources, error) {
	contacts, err := read(s.contacts, "contacts.csv", contactsCSV, readContacts)
	if err != nil {
		return sources{}, err
	}
	purchases, err := read(s.purchases, "purchases.csv", purchasesCSV, readPurchases)
	if err != nil {
		return sources{}, err
	}
	files, err := newFiles(purchases)
	return sources{contacts, purchases, files}, err
}

// read parses the file called name. If name is empty, it parses text, which is that of the
// embedded file.
func read[T any](name, embedded, text string, parse func(string, io.Reader) ([]T, error)) ([]T, error) {
	if name == "" {
		return parse(embedded, strings.NewReader(text))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parse(name, f)
}
