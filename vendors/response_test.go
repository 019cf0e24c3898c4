package vendors_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A wait is a part of a text, or follows from the points that a request needs.
func TestDecodeFindsWaits(t *testing.T) {
	const cost = `waits: [{cost: {need: /cost/requested, have: /cost/throttle/available, per_second: /cost/throttle/rate}}]`
	for name, tt := range map[string]struct {
		file   string
		header http.Header
		body   string
		want   time.Duration
	}{
		"in a header": {
			`waits: [{header: Zendesk-RateLimit, pattern: 'remaining=0; resets=(\d+)', unit: seconds}]`,
			http.Header{"Zendesk-Ratelimit": {"total=100; remaining=7; resets=9", "total=100; remaining=0; resets=41"}}, "", 41 * time.Second,
		},
		"of a header the longest": {
			`waits: [{header: RateLimit, pattern: 'r=0;t=(\d+)', unit: seconds}]`,
			http.Header{"Ratelimit": {`"burst";r=0;t=5, "day";r=0;t=600, "hour";r=2;t=3000`}}, "", 10 * time.Minute,
		},
		"in a message": {
			`waits: [{body: /error/message, pattern: 'Retry after (\S+)', unit: http}]`,
			http.Header{"Date": {"Thu, 26 Nov 2026 12:00:00 GMT"}}, `{"error":{"message":"User-rate limit exceeded.  Retry after 2026-11-26T12:15:00.000Z"}}`, 15 * time.Minute,
		},
		"no match": {
			`waits: [{body: /error/message, pattern: 'Retry after (\S+)', unit: http}, {header: Retry-After, unit: http}]`,
			http.Header{"Retry-After": {"3"}}, `{"error":{"message":"Slow down"}}`, 3 * time.Second,
		},
		"points":                  {cost, nil, `{"cost":{"requested":502,"throttle":{"available":52,"rate":100}}}`, 4500 * time.Millisecond},
		"points enough":           {cost, nil, `{"cost":{"requested":52,"throttle":{"available":52,"rate":100}}}`, 0},
		"no points":               {cost, nil, `{"cost":{"requested":"many","throttle":{"available":52,"rate":100}}}`, 0},
		"points that do not come": {cost, nil, `{"cost":{"requested":60,"throttle":{"available":52,"rate":0}}}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := parsed(t, tt.file).Decode(policy.Answer{Status: 429, Header: tt.header, Body: []byte(tt.body)})
			if f.Wait != tt.want {
				t.Errorf("wait %v; want %v", f.Wait, tt.want)
			}
		})
	}
}

// The vendor says whether to retry. A write that may have been executed is not repeated all the same.
func TestDecideByTheVendorsVerdict(t *testing.T) {
	v := parsed(t, "verdict: {header: Should-Retry, yes: \"true\", no: \"false\"}\n")
	for name, tt := range map[string]struct {
		status  int
		verdict string
		method  string
		retry   bool
	}{
		"yes for what is refused":       {409, "true", "POST", true},
		"nothing for what is refused":   {409, "", "POST", false},
		"no for what would be retried":  {503, "false", "GET", false},
		"nothing of what is retried":    {503, "", "GET", true},
		"another word":                  {503, "maybe", "GET", true},
		"yes for an unsafe repeat":      {500, "true", "POST", false},
		"yes for a repeat that is safe": {500, "true", "PUT", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := v.Decode(policy.Answer{Status: tt.status, Header: http.Header{"Should-Retry": {tt.verdict}}})
			if d := v.Policy().Decide(*f, policy.State{Method: tt.method}); d.Retry != tt.retry {
				t.Errorf("retry %v, %v by %s; want %v", d.Retry, d.Stop, d.Rule, tt.retry)
			}
		})
	}
}

// A header names the limit that was reached.
func TestDecodeNamesALimitByAHeader(t *testing.T) {
	v := parsed(t, `
limits:
  - {name: issue, scope: endpoint, rate: 20/2s, named_by: {header: RateLimit-Reason, contains: per-issue}}
  - {name: all, scope: account, rate: 100/1s}
`)
	for reason, want := range map[string][]string{"jira-per-issue-on-write": {"issue"}, "jira-burst-based": nil} {
		f := v.Decode(policy.Answer{Status: 429, Header: http.Header{"Ratelimit-Reason": {reason}}})
		if diff := cmp.Diff(want, f.Limits); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", reason, diff)
		}
	}
}

// A success is a failure where the file says so: by its body, for some requests, or by its status.
func TestDecodeFailuresThatAreSuccesses(t *testing.T) {
	v := parsed(t, `
errors_in_2xx:
  - {at: /errors, path: "/**/graphql.json", methods: POST}
decode:
  - {in: /errors, code: code}
codes:
  - {code: THROTTLED, class: rate_limited}
statuses:
  - {status: 202, when: {methods: GET, path: /repos/*/stats/**}, class: timeout, max_attempts: 5}
  - {status: 204, when: {headers: X-Error, is: moved}, class: maintenance}
  - {status: 203, when: {has_wait: true}, class: quota_exceeded}
`)
	const throttled = `{"errors":[{"code":"THROTTLED"}]}`
	for name, tt := range map[string]struct {
		answer policy.Answer
		want   apierrors.Class // None: a success
	}{
		"the body of such a request": {policy.Answer{Status: 200, Method: "POST", Path: "/admin/graphql.json", Body: []byte(throttled)}, apierrors.RateLimited},
		"another path":               {policy.Answer{Status: 200, Method: "POST", Path: "/admin/orders.json", Body: []byte(throttled)}, apierrors.None},
		"another method":             {policy.Answer{Status: 200, Method: "GET", Path: "/admin/graphql.json", Body: []byte(throttled)}, apierrors.None},
		"not ready yet":              {policy.Answer{Status: 202, Method: "GET", Path: "/repos/a/stats/commits/1"}, apierrors.Timeout},
		"accepted":                   {policy.Answer{Status: 202, Method: "POST", Path: "/repos/a/stats/commits/1"}, apierrors.None},
		"a header":                   {policy.Answer{Status: 204, Method: "GET", Header: http.Header{"X-Error": {"moved"}}}, apierrors.Maintenance},
		"without it":                 {policy.Answer{Status: 204, Method: "GET"}, apierrors.None},
		"a wait":                     {policy.Answer{Status: 203, Method: "GET", Header: http.Header{"Retry-After": {"9"}}}, apierrors.QuotaExceeded},
		"no wait":                    {policy.Answer{Status: 203, Method: "GET"}, apierrors.None},
	} {
		t.Run(name, func(t *testing.T) {
			got := apierrors.None
			if f := v.Decode(tt.answer); f != nil {
				got = v.Policy().Decide(*f, policy.State{Method: tt.answer.Method, Path: tt.answer.Path}).Class
			}
			if got != tt.want {
				t.Errorf("%v; want %v", got, tt.want)
			}
		})
	}
}

// During maintenance the call is deferred if the vendor says until when, and retried if not.
func TestDecideMaintenance(t *testing.T) {
	v := parsed(t, "statuses: [{status: 477, class: maintenance}]\n")
	for wait, want := range map[string]apierrors.Action{"86400": apierrors.Defer, "": apierrors.Retry} {
		f := v.Decode(policy.Answer{Status: 477, Header: http.Header{"Retry-After": {wait}}})
		d := v.Policy().Decide(*f, policy.State{Method: "POST"})
		if d.Action != want || d.Applied != apierrors.AppliedNo {
			t.Errorf("Retry-After %q: %v, applied %v; want %v, and not applied", wait, d.Action, d.Applied, want)
		}
	}
}
