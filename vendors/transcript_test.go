package vendors_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

var update = flag.Bool("update", false, "rewrite the .want files beside the transcripts")

// asked is the state of an upsert whose token can be renewed, with time for any wait: that of a
// transcript without a request.
var asked = policy.State{
	Method: "PATCH", Path: "/platform/contacts/email:jane@example.com",
	MaxWait: new(1000 * time.Hour), CanRefresh: true, CanShrink: true,
}

// A transcript is a raw response, and its golden file the decision. After a change of
// meaning, run go test ./vendors -update and review the difference.
func TestDecodeTranscripts(t *testing.T) {
	for _, name := range transcripts(t) {
		t.Run(strings.TrimPrefix(name, "testdata/"), func(t *testing.T) { checkMeaning(t, lookup(t, vendorOf(name)), name) })
	}
}

// checkMeaning compares what v makes of a response with the golden file beside it.
func checkMeaning(t *testing.T, v *vendors.Vendor, name string) {
	t.Helper()
	got := meaning(v, readAnswer(t, name))
	want := strings.TrimSuffix(name, ".http") + ".want"
	if *update {
		if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), got); diff != "" {
		t.Errorf("meaning of %s (-want +got):\n%s", name, diff)
	}
}

// transcripts returns the names of all transcripts.
func transcripts(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	return files
}

// vendorOf returns the vendor of a transcript.
func vendorOf(name string) string { return filepath.Base(filepath.Dir(name)) }

func lookup(t testing.TB, name string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// readAnswer reads a transcript: a response, before which may be the request that it answers. The
// body of that request ends at the line with which the response begins.
func readAnswer(t testing.TB, name string) policy.Answer {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(append([]byte{'\n'}, raw...), []byte("\nHTTP/"))
	if start < 0 {
		t.Fatalf("%s has no response", name)
	}
	a := policy.Answer{}
	if request := raw[:start]; len(request) > 0 {
		readRequest(t, request, &a)
	}
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(raw[start:])), nil)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer resp.Body.Close()
	if a.Body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	a.Status, a.Header = resp.StatusCode, resp.Header
	return a
}

// readRequest reads the request of a response.
func readRequest(t testing.TB, raw []byte, a *policy.Answer) {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	a.Method, a.Path = req.Method, req.URL.EscapedPath()
	if _, body, _ := bytes.Cut(raw, []byte("\n\n")); len(bytes.TrimSpace(body)) > 0 {
		a.Sent = bytes.TrimSpace(body)
	}
}

// meaning returns the failure and the decision, a line for each part.
func meaning(v *vendors.Vendor, a policy.Answer) string {
	var b strings.Builder
	f := v.Decode(a)
	if f == nil {
		return "no failure\n"
	}
	s := asked
	if a.Method != "" {
		s.Method, s.Path = a.Method, a.Path
	}
	if a.Sent != nil {
		s = policy.State{Method: a.Method, Path: a.Path, CanSplit: true}
	}
	d := v.Policy().Decide(*f, s)
	fmt.Fprintf(&b, "rule: %s\nclass: %v\naction: %v\napplied: %v\nscope: %v\n", d.Rule, d.Class, d.Action, d.Applied, d.Scope)
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s: %s\n", label, text)
		}
	}
	line("code", d.Code)
	line("summary", d.Summary)
	line("hint", d.Hint)
	for _, l := range d.Limits {
		line("limit", l.Name)
	}
	for i, item := range d.Items {
		text := fmt.Sprintf("%v %v, action %v, wait %v, fields %q", item, item.Summary, item.Action, item.Wait, item.Fields)
		if slices.Contains(d.Again, i) {
			text += ", sent again"
		}
		line(strings.TrimSpace("batch "+item.Key), text)
	}
	if f.Wait > 0 {
		line("wait", f.Wait.String())
	}
	if a.Method != "" {
		line("request id", f.RequestID)
		writeRetry(&b, d)
	}
	for _, item := range f.Items {
		fmt.Fprintf(&b, "item: path=%q code=%q message=%q\n", item.Path, item.Code, item.Message)
	}
	for _, key := range slices.Sorted(maps.Keys(f.Details)) {
		fmt.Fprintf(&b, "detail: %s=%v\n", key, f.Details[key])
	}
	return b.String()
}

// writeRetry writes whether and when the request is repeated, without the random part of a wait.
func writeRetry(b *strings.Builder, d policy.Decision) {
	switch {
	case d.Retry && d.VendorWait && d.Delay > 0:
		fmt.Fprintf(b, "retry: after %v\n", d.Delay)
	case d.Retry:
		b.WriteString("retry: yes\n")
	case d.RetryIn > 0:
		fmt.Fprintf(b, "retry: later, in %v\n", d.RetryIn)
	case d.Stop != apierrors.StopNone:
		fmt.Fprintf(b, "retry: no, %v\n", d.Stop)
	}
}
