package vendors_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A header that each response has is a wait only where its condition holds.
func TestDecodeReadsAWaitUnderItsCondition(t *testing.T) {
	v := parsed(t, `
waits:
  - {header: Retry-After, unit: http}
  - {header: X-RateLimit-Reset, unit: seconds, when: {status: [403, 429], headers: X-RateLimit-Remaining, is: "0"}}
  - {header: X-RateLimit-Reset, unit: seconds, when: {status: 420}}
  - {header: X-Pool-Reset, unit: seconds, when: {headers: [X-Pool, X-Old-Pool], contains: empty}}
`)
	limits := func(remaining string) http.Header {
		return http.Header{"X-Ratelimit-Remaining": {remaining}, "X-Ratelimit-Reset": {"1800"}}
	}
	for name, tt := range map[string]struct {
		status int
		header http.Header
		want   time.Duration
	}{
		"both hold":                      {429, limits("0"), 30 * time.Minute},
		"another status of the list":     {403, limits("0"), 30 * time.Minute},
		"another status":                 {502, limits("0"), 0},
		"another value, that contains 0": {429, limits("4290"), 0},
		"an empty value":                 {429, limits(""), 0},
		"without the header":             {429, http.Header{"X-Ratelimit-Reset": {"1800"}}, 0},
		"by status alone":                {420, limits("4290"), 30 * time.Minute},
		"an earlier place":               {429, http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"1800"}, "Retry-After": {"5"}}, 5 * time.Second},
		"by a part of a text":            {502, http.Header{"X-Old-Pool": {"pool 7 is empty"}, "X-Pool-Reset": {"9"}}, 9 * time.Second},
		"by another text":                {502, http.Header{"X-Pool": {"full"}, "X-Pool-Reset": {"9"}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if f := v.Decode(policy.Answer{Status: tt.status, Header: tt.header}); f.Wait != tt.want {
				t.Errorf("wait %v; want %v", f.Wait, tt.want)
			}
		})
	}
}

// A code follows from the whole value of a header, or from a part of it.
func TestDecodeReadsCodesOfHeaders(t *testing.T) {
	v := parsed(t, `
header_codes:
  - {headers: X-RateLimit-Remaining, is: "0", code: USED_UP}
  - {headers: WWW-Authenticate, contains: expired, code: EXPIRED}
`)
	for name, tt := range map[string]struct {
		header http.Header
		want   []apierrors.Field
	}{
		"the whole value":  {http.Header{"X-Ratelimit-Remaining": {"0"}}, []apierrors.Field{{Code: "USED_UP"}}},
		"a part of it":     {http.Header{"X-Ratelimit-Remaining": {"4290"}}, nil},
		"nothing":          {http.Header{"X-Ratelimit-Remaining": {""}, "Www-Authenticate": {""}}, nil},
		"one of values":    {http.Header{"X-Ratelimit-Remaining": {"7", "0"}}, []apierrors.Field{{Code: "USED_UP"}}},
		"a part suffices":  {http.Header{"Www-Authenticate": {`Bearer error="expired_token"`}}, []apierrors.Field{{Code: "EXPIRED"}}},
		"without a header": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, v.Decode(policy.Answer{Status: 401, Header: tt.header}).Items); diff != "" {
				t.Errorf("Items mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
