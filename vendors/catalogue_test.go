package vendors_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

func TestDecodeAndDecideMatchTheCatalogue(t *testing.T) {
	for _, r := range readCatalogue(t) {
		t.Run(r.Vendor+"/"+r.Code, func(t *testing.T) {
			v := lookup(t, r.Vendor)
			for _, a := range r.answers(t) {
				f := v.Decode(a)
				if f == nil {
					t.Fatalf("status %d, body %s: no failure", a.Status, a.Body)
				}
				d := v.Policy().Decide(*f, r.state())
				got := r
				got.Class, got.Action, got.Applied, got.Scope = d.Class.String(), d.Action.String(), d.Applied.String(), d.Scope.String()
				if diff := cmp.Diff(r, got); diff != "" {
					t.Errorf("status %d, body %s (-want +got):\n%s", a.Status, a.Body, diff)
				}
				if d.Code != r.code() {
					t.Errorf("body %s: code %q; want %q", a.Body, d.Code, r.code())
				}
				r.checkWords(t, d)
				r.checkAttempts(t, v, *f)
				r.checkAfter(t, d)
				r.checkAcceptance(t, v, *f)
				r.checkExtras(t, f.Details)
			}
		})
	}
}

// checkWords checks the summary and the hint.
func (r row) checkWords(t *testing.T, d policy.Decision) {
	t.Helper()
	if d.Hint == "" || (r.isCode() && d.Summary == "") {
		t.Errorf("summary %q, hint %q", d.Summary, d.Hint)
	}
	if isTable := r.Vendor == vendors.CustomerGauge || r.Vendor == vendors.Connectif; isTable && r.isCode() && d.Summary != r.Message {
		t.Errorf("summary %q; want %q", d.Summary, r.Message)
	}
}

// checkAttempts checks the number of attempts.
func (r row) checkAttempts(t *testing.T, v *vendors.Vendor, f policy.Failure) {
	t.Helper()
	if r.MaxAttempts == "" {
		return
	}
	n, err := strconv.Atoi(r.MaxAttempts)
	if err != nil {
		t.Fatal(err)
	}
	s := r.state()
	s.Attempts = n - 1
	before := v.Policy().Decide(f, s)
	s.Attempts = n
	last := v.Policy().Decide(f, s)
	if !before.Retry || last.Retry || last.Stop != apierrors.StopAttempts {
		t.Errorf("after attempt %d: retry %v; after attempt %d: retry %v, stop %v", n-1, before.Retry, n, last.Retry, last.Stop)
	}
}

// checkAfter checks the wait of a response that has none.
func (r row) checkAfter(t *testing.T, d policy.Decision) {
	t.Helper()
	if r.After == "" {
		return
	}
	want, err := time.ParseDuration(r.After)
	if err != nil {
		t.Fatal(err)
	}
	if d.RetryIn != want {
		t.Errorf("after %v; want %v", d.RetryIn, want)
	}
}

// checkAcceptance checks the decision after an attempt with an unknown outcome.
func (r row) checkAcceptance(t *testing.T, v *vendors.Vendor, f policy.Failure) {
	t.Helper()
	s := r.state()
	s.Before = policy.InDoubt
	accepted := v.Policy().Decide(f, s).Action == apierrors.Accept
	if want := r.AcceptAfterUnknown == "yes" || r.Action == "accept"; accepted != want {
		t.Errorf("accepted after an unknown outcome: %v; want %v", accepted, want)
	}
}

// checkExtras checks that the vendor's extra fields are kept.
func (r row) checkExtras(t *testing.T, details map[string]any) {
	t.Helper()
	for _, field := range []string{"productIds", "allowedDomains", "max", "usage", "remaining_time"} {
		if _, has := details[field]; strings.Contains(r.Extra, field) && !has {
			t.Errorf("no extra field %s: %v", field, details)
		}
	}
}

// Every code and status on the vendors' pages has a rule.
func TestLookupHasEveryCodeOfThePages(t *testing.T) {
	for name, tt := range map[string]struct {
		codes, statuses string // patterns with the code or status as a group
		least           int    // of codes and statuses on the page
	}{
		vendors.CustomerGauge: {`(?m)^([0-9]{6}) \||"Code":([0-9]+)`, `\b(400|401|500|502|503|504)\b`, 78 + 6},
		vendors.Connectif:     {`\b(E[0-9]{4})\b`, `status (400)`, 21},
		vendors.Kleene:        {`$^`, `(?m)^\| ([0-9]{3}) \|`, 10},
		vendors.Playable:      {`$^`, `\b([45][0-9]{2}) [A-Z]|error code (422)`, 11},
		vendors.RDStation:     {`"error_type": "([A-Z_]+)"|(?m)^([A-Z_]{5,}) \|`, `(?m)^([0-9]{3}) \(`, 20 + 5},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := os.ReadFile("testdata/seeds/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			v := lookup(t, name)
			found := 0
			for _, code := range groups(tt.codes, string(page)) {
				found++
				f := policy.Failure{Status: 400, Items: []apierrors.Field{{Code: code}}}
				if d := v.Policy().Decide(f, policy.State{}); d.Rule != name+" code "+code {
					t.Errorf("code %s: rule %q", code, d.Rule)
				}
			}
			for _, text := range groups(tt.statuses, string(page)) {
				found++
				status, err := strconv.Atoi(text)
				if err != nil {
					t.Fatal(err)
				}
				if d := v.Policy().Decide(policy.Failure{Status: status}, policy.State{}); !strings.HasPrefix(d.Rule, name+" status "+text) && name != vendors.Connectif {
					t.Errorf("status %s: rule %q", text, d.Rule)
				}
			}
			if found < tt.least {
				t.Errorf("%d codes and statuses on the page; want at least %d", found, tt.least)
			}
		})
	}
}

// groups returns the matches of the groups of pattern in text, without duplicates.
func groups(pattern, text string) []string {
	var found []string
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		for _, group := range match[1:] {
			if group != "" && !slices.Contains(found, group) {
				found = append(found, group)
			}
		}
	}
	return found
}

// Every rule for a code of a vendor in the catalogue is tested by a row of it or by a transcript,
// and every other one by a response that is made of the vendor's file.
func TestLookupHasNoUntestedCode(t *testing.T) {
	reached := map[string]bool{}
	inCatalogue := map[string]bool{}
	for _, r := range readCatalogue(t) {
		inCatalogue[r.Vendor] = true
		reached[r.Vendor+" "+r.code()] = true
	}
	for _, name := range transcripts(t) {
		reach(t, reached, lookup(t, vendorOf(name)), readAnswer(t, name))
	}
	for _, name := range vendors.Names() {
		for _, s := range lookup(t, name).Samples() {
			if !inCatalogue[name] {
				reach(t, reached, lookup(t, name), s.Answer)
			}
		}
		text, err := lookup(t, name).Policy().MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		listed := groups(`(?m)when: \{code: \["?([A-Za-z0-9_.-]+)`, string(text))
		for _, code := range listed {
			if !reached[name+" "+code] {
				t.Errorf("%s: no row and no transcript has the code %s", name, code)
			}
		}
	}
}

// reach notes the codes that v finds in a response.
func reach(t *testing.T, reached map[string]bool, v *vendors.Vendor, a policy.Answer) {
	t.Helper()
	if f := v.Decode(a); f != nil {
		for _, item := range f.Items {
			reached[v.Name()+" "+item.Code] = true
		}
	}
}
