// Command policies shows what an operator's file changes. For each vendor in the file, it
// prints the changed lines of the policy, and the decisions about a few responses before
// and after.
//
//	go run ./examples/policies [policies.yaml]
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

//go:embed policies.yaml
var exampleFile []byte

func main() {
	name, err := parseArgs(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	}
	if err := run(name, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "policies:", err)
		os.Exit(1)
	}
}

// parseArgs returns the name of the file in args; empty: there is none. It writes usage
// errors and the usage to w. The error is flag.ErrHelp if args ask for help.
func parseArgs(args []string, w io.Writer) (name string, err error) {
	flags := flag.NewFlagSet("policies", flag.ContinueOnError)
	flags.SetOutput(w)
	flags.Usage = func() {
		fmt.Fprintln(w, "usage: policies [file]")
		fmt.Fprintln(w, "Policies prints what an operator's file changes. Without a file, it uses its example.")
	}
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if flags.NArg() > 1 {
		err := fmt.Errorf("unexpected argument: %s", flags.Arg(1))
		fmt.Fprintln(w, err)
		flags.Usage()
		return "", err
	}
	return flags.Arg(0), nil
}

// run prints the changes of the file called name; empty: policies.yaml.
func run(name string, out io.Writer) error {
	if name == "" {
		dir, err := os.MkdirTemp("", "policies")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		name = filepath.Join(dir, "policies.yaml")
		if err := os.WriteFile(name, exampleFile, 0o600); err != nil {
			return err
		}
	}
	file, err := policy.ReadFile(name, vendors.Names()...)
	if err != nil {
		return err
	}
	for _, vendor := range file.Vendors() {
		if err := printChanges(out, file, vendor); err != nil {
			return err
		}
	}
	return nil
}
