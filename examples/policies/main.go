// Command policies shows the effect of an operator's file: for each vendor in the file, the
// lines of the policy that it changes, and the decisions about a few responses before and
// after.
//
//	go run ./examples/policies [policies.yaml]
package main

import (
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

//go:embed policies.yaml
var exampleFile []byte

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	name, done, err := fileOf(args)
	if err != nil {
		return err
	}
	defer done()
	file, err := policy.ReadFile(name, vendors.Names()...)
	if err != nil {
		return err
	}
	for _, vendor := range file.Vendors() {
		if err := show(out, file, vendor); err != nil {
			return err
		}
	}
	return nil
}

// fileOf returns the name of the file in args, or of a copy of policies.yaml that done
// removes.
func fileOf(args []string) (name string, done func(), err error) {
	if len(args) > 0 {
		return args[0], func() {}, nil
	}
	dir, err := os.MkdirTemp("", "policies")
	if err != nil {
		return "", nil, err
	}
	name = filepath.Join(dir, "policies.yaml")
	return name, func() { _ = os.RemoveAll(dir) }, os.WriteFile(name, exampleFile, 0o600)
}

// show prints what the file changes for one vendor.
func show(out io.Writer, file *policy.File, vendor string) error {
	v, err := vendors.Lookup(vendor)
	if err != nil {
		return err
	}
	before := v.Policy()
	after, err := file.Apply(before)
	if err != nil {
		return err
	}
	old, err := before.MarshalText()
	if err != nil {
		return err
	}
	now, err := after.MarshalText()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "== %s\n", v.Title())
	for _, line := range changes(string(old), string(now)) {
		fmt.Fprintln(out, line)
	}
	for _, a := range answersOf[vendor] {
		f := v.Decode(policy.Answer{Status: a.status, Body: []byte(a.body)})
		if f == nil {
			continue
		}
		s := policy.State{Method: a.method, Path: a.path, Random: 0.5}
		fmt.Fprintf(out, "%s %s, %d %s\n  before: %s\n  after:  %s\n", a.method, a.path, a.status, a.body, text(before.Decide(*f, s)), text(after.Decide(*f, s)))
	}
	return nil
}

// text returns d on one line.
func text(d policy.Decision) string {
	what := fmt.Sprintf("%v → %v", d.Class, d.Action)
	switch {
	case d.Retry:
		what += fmt.Sprintf(", retried after %v", d.Delay)
	case d.RetryIn > 0:
		what += fmt.Sprintf(", to be run again in %v", d.RetryIn)
	case d.Stop != apierrors.StopNone:
		what += ", " + d.Stop.Sentence()
	}
	return what + " (" + d.Rule + ")"
}

// changes returns the lines that are in only one of two texts.
func changes(before, after string) []string {
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out []string
	for _, line := range old {
		if !slices.Contains(now, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(old, line) {
			out = append(out, "+ "+line)
		}
	}
	return out
}

// An answer is a response to decide about.
type answer struct {
	method, path string
	status       int
	body         string
}

var answersOf = map[string][]answer{
	vendors.RDStation: {
		{http.MethodPatch, "/platform/contacts/email:x", 400, `{"errors":{"email":[{"error_type":"TAKEN","error_message":"Already in use"}]}}`},
	},
	vendors.Connectif: {
		{http.MethodPost, "/exports/", 400, `{"status":400,"code":"E0301","detail":"You have reached the limit of 5 queued exports."}`},
		{http.MethodPost, "/purchases/", 503, ``},
		{http.MethodGet, "/exports/7", 503, ``},
	},
}
