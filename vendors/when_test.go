package vendors_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// The same code or status means one thing or another, by what else the response says.
func TestRulesByWhatAResponseSays(t *testing.T) {
	v := parsed(t, `
decode:
  - {in: /error, code: code, message: message}
  - {message: message}
codes:
  - {code: LIMIT, class: rate_limited, after: 10s}
  - {code: LIMIT, when: {message: per day}, class: quota_exceeded, after: 30m}
  - {code: LIMIT, when: {at: /policy, is: SECONDLY}, class: rate_limited, after: 1s}
  - {code: LIMIT, when: {headers: [X-Reason, X-Old-Reason], contains: object}, class: conflict}
  - {code: MISSING, class: not_found}
  - {code: MISSING, when: {status: 400}, class: dependency}
statuses:
  - {status: 403, class: permission}
  - {status: 403, when: {headers: X-Remaining, is: "0"}, class: rate_limited}
  - {status: 403, when: {message: secondary rate limit}, class: rate_limited, after: 60s}
  - {status: 403, when: {has_document: false}, class: rate_limited, after: 15s}
  - {status: 403, when: {has_document: true, message: sso, headers: X-SSO, contains: required}, class: authentication}
waits:
  - {header: X-Wait, unit: seconds, when: {message: slow down}}
`)
	type want struct {
		class apierrors.Class
		wait  time.Duration
		rule  string
	}
	for name, tt := range map[string]struct {
		status int
		header http.Header
		body   string
		want   want
	}{
		"a code":                    {429, nil, `{"error":{"code":"LIMIT"}}`, want{apierrors.RateLimited, 10 * time.Second, "shop code LIMIT"}},
		"a code and a message":      {429, nil, `{"error":{"code":"LIMIT","message":"1000 calls PER DAY"}}`, want{apierrors.QuotaExceeded, 30 * time.Minute, `shop code LIMIT, message with "per day"`}},
		"a code and a value":        {429, nil, `{"error":{"code":"LIMIT"},"policy":"SECONDLY"}`, want{apierrors.RateLimited, time.Second, `shop code LIMIT, /policy is "SECONDLY"`}},
		"a code and a header":       {400, http.Header{"X-Old-Reason": {"same object"}}, `{"error":{"code":"LIMIT"}}`, want{apierrors.Conflict, 0, `shop code LIMIT, X-Reason|X-Old-Reason with "object"`}},
		"a code and a status":       {400, nil, `{"error":{"code":"MISSING"}}`, want{apierrors.Dependency, 0, "shop code MISSING, status 400"}},
		"a code and another status": {404, nil, `{"error":{"code":"MISSING"}}`, want{apierrors.NotFound, 0, "shop code MISSING"}},
		"a status":                  {403, http.Header{"X-Remaining": {"10"}}, `{"message":"no"}`, want{apierrors.Permission, 0, "shop status 403"}},
		"a status and a header":     {403, http.Header{"X-Remaining": {"0"}}, `{"message":"no"}`, want{apierrors.RateLimited, 0, `shop status 403, X-Remaining is "0"`}},
		"a status and a message":    {403, nil, `{"message":"You exceeded a secondary rate limit."}`, want{apierrors.RateLimited, time.Minute, `shop status 403, message with "secondary rate limit"`}},
		"no document":               {403, nil, `<html>no</html>`, want{apierrors.RateLimited, 15 * time.Second, `shop status 403, without a document`}},
		"all of several": {
			403, http.Header{"X-Sso": {"required; url=a"}}, `{"message":"SSO"}`,
			want{apierrors.Authentication, 0, `shop status 403, message with "sso", with a document, X-Sso with "required"`},
		},
		"some of several": {403, http.Header{"X-Sso": {"required; url=a"}}, `{"message":"no"}`, want{apierrors.Permission, 0, "shop status 403"}},
		"a wait":          {403, http.Header{"X-Wait": {"7"}}, `{"message":"Slow down."}`, want{apierrors.Permission, 7 * time.Second, "shop status 403"}},
		"no wait":         {403, http.Header{"X-Wait": {"7"}}, `{"message":"no"}`, want{apierrors.Permission, 0, "shop status 403"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := v.Policy().Decide(*v.Decode(policy.Answer{Status: tt.status, Header: tt.header, Body: []byte(tt.body)}), policy.State{})
			got := want{d.Class, max(d.Delay, d.RetryIn), d.Rule}
			if d.Class == apierrors.Conflict {
				got.wait = 0 // a back-off
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// An operator's rule may ask for a condition that the vendor's file has, and for no other.
func TestOperatorsRuleForACondition(t *testing.T) {
	v := parsed(t, "statuses:\n  - {status: 403, when: {message: secondary}, class: rate_limited}\n")
	read := func(condition string) (policy.Policy, error) {
		name := filepath.Join(t.TempDir(), "policies.yaml")
		text := "vendors: {shop: {rules: [{when: {conditions: '" + condition + "'}, action: defer, after: 1h}]}}"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := policy.ReadFile(name, "shop")
		if err != nil {
			return policy.Policy{}, err
		}
		return f.Apply(v.Policy())
	}
	p, err := read(`message with "secondary"`)
	if err != nil {
		t.Fatal(err)
	}
	d := p.Decide(*v.Decode(policy.Answer{Status: 403, Body: []byte(`{"title":"a","detail":"secondary"}`), Header: http.Header{"Content-Type": {"application/problem+json"}}}), policy.State{})
	if d.Action != apierrors.Defer || d.RetryIn != time.Hour {
		t.Errorf("%v in %v; want to defer for an hour", d.Action, d.RetryIn)
	}
	text, err := p.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	again, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if rewritten, err := again.MarshalText(); err != nil || !bytes.Equal(text, rewritten) || !bytes.Contains(text, []byte("secondary")) {
		t.Errorf("%v: the policy is not the same after it was read:\n%s\n%s", err, text, rewritten)
	}
	want := `unknown condition "message with \"secondry\""; did you mean "message with \"secondary\""?`
	if _, err = read(`message with "secondry"`); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want %s", err, want)
	}
}
