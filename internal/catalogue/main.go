// Command catalogue compares a vendor's file with the machine-readable sources that the vendor
// publishes, and prints what the file lacks or contradicts:
//
//	go run ./internal/catalogue -vendor hubspot crm.json cms.yaml
//	go run ./internal/catalogue -vendor ./shop.yaml -json codes.csv
//
// A source is an OpenAPI 3 description (JSON or YAML) or a list of error codes (JSON, CSV, TSV, or
// one on each line). Files that it refers to are not read. The exit status is 1 if the file
// contradicts a source, and 2 if something could not be read. README.md explains the lines.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	s, err := parseArgs(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(statusFailed)
	}
	// A source may be hostile, and its reader cannot be canceled: the program ends.
	time.AfterFunc(s.timeout, func() {
		fmt.Fprintf(os.Stderr, "catalogue: not done within %s; see -timeout\n", s.timeout)
		os.Exit(statusFailed)
	})
	status, err := s.run(os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "catalogue:", err)
	}
	os.Exit(status)
}

// The exit statuses, besides 0.
const (
	statusContradicted = 1
	statusFailed       = 2
)

// settings are the command's flags and arguments.
type settings struct {
	vendor  string
	folder  string
	asJSON  bool
	timeout time.Duration
	sources []string
}

// parseArgs reads the flags. It writes usage errors and the usage to w. The error is
// flag.ErrHelp if args ask for help.
func parseArgs(args []string, w io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("catalogue", flag.ContinueOnError)
	flags.SetOutput(w)
	flags.StringVar(&s.vendor, "vendor", "", "the name of a vendor in the catalog, or the path of a vendor's file")
	flags.StringVar(&s.folder, "catalog", "vendors/catalog", "the folder of the catalog")
	flags.BoolVar(&s.asJSON, "json", false, "print an object for each finding")
	flags.DurationVar(&s.timeout, "timeout", 2*time.Minute, "the longest time that the command may take")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	s.sources = flags.Args()
	var err error
	if s.vendor == "" || len(s.sources) == 0 {
		err = errors.New("expected -vendor and the files of one or more sources")
		fmt.Fprintln(w, err)
	}
	return s, err
}

// run compares the vendor's file with each source, and prints the findings to out and what was left
// out of a source to notes. It returns the exit status.
func (s settings) run(out, notes io.Writer) (int, error) {
	v, err := readVendor(s.vendor, s.folder)
	if err != nil {
		return statusFailed, err
	}
	c := newComparison(v)
	for _, name := range s.sources {
		source, err := readSource(name)
		if err != nil {
			return statusFailed, err
		}
		if source.lost != nil {
			fmt.Fprintf(notes, "%s: left out:\n%v\n", name, source.lost)
		}
		c.add(source)
	}
	found := c.findings()
	if err := found.print(out, s.asJSON); err != nil {
		return statusFailed, err
	}
	if found.hasContradiction() {
		return statusContradicted, nil
	}
	return 0, nil
}
