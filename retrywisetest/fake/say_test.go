package fake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

// A decision is what a client decided about one response.
type decision struct {
	Rule, Code string
	Class      apierrors.Class
}

// Whatever row of its file a fake responds with, and in whichever form, a client's decision is that
// of the row.
func TestFailIsUnderstoodForEachRowOfEachVendor(t *testing.T) {
	for _, name := range vendors.Names() {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := lookup(t, name)
				api := fake.New(t, v, fake.Options{})
				samples := v.Samples()
				if len(samples) < 10 {
					t.Errorf("%d responses; want 10 or more", len(samples))
				}
				isDone := map[string]bool{} // by rule, which has a sample in each form of codes
				for _, s := range samples {
					api.Next(fake.Answer(s.Answer))
					got := decided(t, v, api, s)
					if diff := cmp.Diff(decision{s.Rule, s.Code, s.Class}, got); diff != "" {
						t.Errorf("status %d, %v, %s (-want +got):\n%s", s.Status, s.Header, s.Body, diff)
					}
					if isDone[s.Rule] {
						continue
					}
					isDone[s.Rule] = true
					api.Fail(s.Rule)
					if got := decided(t, v, api, s); got.Rule != s.Rule {
						t.Errorf("Fail(%q) is decided by %q", s.Rule, got.Rule)
					}
				}
			})
		})
	}
}

// decided makes a call that may get a sample, and returns what the client decided about its
// response.
func decided(t *testing.T, v *vendors.Vendor, api *fake.Server, s vendors.Sample) decision {
	t.Helper()
	var got decision
	c := newClient(t, v, api, client.Config{
		Auth: client.RenewableBearer("", api.Token),
		Observer: client.Observer{AttemptEnd: func(_ context.Context, e client.AttemptEvent) {
			got = decision{e.Rule, e.Code, e.Class}
		}},
	})
	_ = call(t.Context(), c, client.Call{Method: s.Method, Path: s.Path, Options: once})
	return got
}

// A code alone means the row without a condition, as far as that is for the request.
func TestFailChoosesTheRowForTheRequest(t *testing.T) {
	v := parsed(t, `
decode: [{in: /error, code: code, message: message}]
codes:
  - {code: LIMIT, when: {message: per day}, class: quota_exceeded, after: 30m}
  - {code: LIMIT, class: rate_limited}
  - {code: BAD, class: validation}
  - {code: BAD, when: {methods: GET}, class: malformed_request}
statuses:
  - {status: 477, class: maintenance}
  - {status: 503, class: server_error}
`)
	for name, tt := range map[string]struct{ fail, method, rule string }{
		"a code":                   {"LIMIT", "GET", "shop code LIMIT"},
		"a rule":                   {`shop code LIMIT, message with "per day"`, "GET", `shop code LIMIT, message with "per day"`},
		"a code of a write":        {"BAD", "POST", "shop code BAD"},
		"a code of a read":         {"BAD", "GET", "shop code BAD, method GET"},
		"a status of the file":     {"477", "GET", "shop status 477"},
		"a status without a row":   {"418", "GET", "status 418"},
		"a status with a document": {"503", "GET", "shop status 503"},
	} {
		t.Run(name, func(t *testing.T) {
			api := fake.New(t, v, fake.Options{})
			api.Fail(tt.fail)
			e := failure(t, call(t.Context(), newClient(t, v, api, client.Config{}), client.Call{Method: tt.method, Options: once}))
			if !strings.HasPrefix(e.Rule, tt.rule) {
				t.Errorf("rule %q; want %q", e.Rule, tt.rule)
			}
		})
	}
}

// A vendor's 429 has the wait where that vendor has it.
func TestThrottleIsUnderstoodForEachVendor(t *testing.T) {
	for _, name := range vendors.Names() {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			v := lookup(t, name)
			api := fake.New(t, v, fake.Options{})
			api.Throttle(6 * time.Hour)
			e := failure(t, call(t.Context(), newClient(t, v, api, client.Config{}), client.Call{Path: "/x"}))
			if wait := time.Until(e.RetryAt); wait < 6*time.Hour || wait > 6*time.Hour+time.Second {
				t.Errorf("%s: %v, again in %v; want 6h", name, e, wait)
			}
		})
	}
}

// What Fail does not know fails the test, as otherwise it would test another failure.
func TestFailReportsAnUnknownName(t *testing.T) {
	v := lookup(t, vendors.Connectif)
	var reported fakeT
	api := fake.New(&reported, v, fake.Options{})
	defer api.Close()
	api.Fail("e0301", "ratelimit")
	if want := []string{
		`fake: connectif has no code, status or rule "e0301"; did you mean "E0301"?`,
		`fake: connectif has no code, status or rule "ratelimit"`,
	}; !cmp.Equal(want, reported.failures) {
		t.Errorf("reported %q; want %q", reported.failures, want)
	}
	e := failure(t, call(t.Context(), newClient(t, v, api, client.Config{}), client.Call{Options: once}))
	if e.Status != 500 {
		t.Errorf("status %d; want 500", e.Status)
	}
}

// A request that was made to fail is not executed.
func TestFailExecutesNothing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := lookup(t, vendors.Connectif)
		api := fake.New(t, v, fake.Options{})
		api.Fail("E0603", "503")
		c := newClient(t, v, api, client.Config{})
		if err := call(t.Context(), c, client.Call{Method: "PATCH", Path: "/contacts/7", Body: map[string]int{"a": 1}, Options: client.CallOptions{Repeatable: true}}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[int]int{200: 1, 409: 1, 503: 1}, api.Statuses()); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if keys := api.Ledger().Keys(); !cmp.Equal(keys, []string{`PATCH /contacts/7 {"a":1}`}) {
			t.Errorf("executed %q", keys)
		}
	})
}

// fakeT is the T of a test that is expected to fail.
type fakeT struct {
	testing.TB
	failures []string
}

func (f *fakeT) Helper()        {}
func (f *fakeT) Cleanup(func()) {}
func (f *fakeT) Errorf(format string, args ...any) {
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}
func (f *fakeT) Error(args ...any) { f.failures = append(f.failures, args[0].(string)) }
