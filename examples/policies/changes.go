package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// printChanges prints what the file changes for one vendor.
func printChanges(out io.Writer, file *policy.File, name string) error {
	vendor, err := vendors.Lookup(name)
	if err != nil {
		return err
	}
	before := vendor.Policy()
	after, err := file.Apply(before)
	if err != nil {
		return err
	}
	lines, err := changedLines(before, after)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "== %s\n", vendor.Title())
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	for _, r := range responsesOf[name] {
		failure := vendor.Decode(policy.Answer{Status: r.status, Body: []byte(r.body)})
		if failure == nil {
			continue
		}
		state := policy.State{Method: r.method, Path: r.path, Random: 0.5}
		fmt.Fprintf(out, "%s %s, %d %s\n", r.method, r.path, r.status, r.body)
		fmt.Fprintf(out, "  before: %s\n", summary(before.Decide(*failure, state)))
		fmt.Fprintf(out, "  after:  %s\n", summary(after.Decide(*failure, state)))
	}
	return nil
}

// summary returns d on one line.
func summary(d policy.Decision) string {
	text := fmt.Sprintf("%v → %v", d.Class, d.Action)
	switch {
	case d.Retry:
		text += fmt.Sprintf(", retried after %v", d.Delay)
	case d.RetryIn > 0:
		text += fmt.Sprintf(", run again in %v", d.RetryIn)
	case d.Stop != apierrors.StopNone:
		text += ", " + d.Stop.Sentence()
	}
	return text + " (" + d.Rule + ")"
}

// changedLines returns the lines that only one of the two policies has.
func changedLines(before, after policy.Policy) ([]string, error) {
	oldText, err := before.MarshalText()
	if err != nil {
		return nil, err
	}
	newText, err := after.MarshalText()
	if err != nil {
		return nil, err
	}
	oldLines, newLines := strings.Split(string(oldText), "\n"), strings.Split(string(newText), "\n")
	var changed []string
	for _, line := range oldLines {
		if !slices.Contains(newLines, line) {
			changed = append(changed, "- "+line)
		}
	}
	for _, line := range newLines {
		if !slices.Contains(oldLines, line) {
			changed = append(changed, "+ "+line)
		}
	}
	return changed, nil
}

// A response is one that the policies decide about.
type response struct {
	method, path string // of the request
	status       int
	body         string
}

// responsesOf are the responses for each vendor.
var responsesOf = map[string][]response{
	vendors.RDStation: {
		{http.MethodPatch, "/platform/contacts/email:x", 400, `{"errors":{"email":[{"error_type":"TAKEN","error_message":"Already in use"}]}}`},
	},
	vendors.Connectif: {
		{http.MethodPost, "/exports/", 400, `{"status":400,"code":"E0301","detail":"You have reached the limit of 5 queued exports."}`},
		{http.MethodPost, "/purchases/", 503, ``},
		{http.MethodGet, "/exports/7", 503, ``},
	},
}
