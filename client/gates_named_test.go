package client_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A problem document names the limits that were exceeded: those are closed, and no others. Names
// that nobody declared are left out; if all are, the response is about the limit that it would
// be about without them.
func TestSendPausesTheLimitsThatAProblemNames(t *testing.T) {
	limits := policy.Default()
	for _, name := range []string{"hour", "day", "other"} {
		limits = limits.WithLimit(policy.Limit{
			Name: name, Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1000, Per: time.Second}, Burst: 1000, Paths: []string{"/" + name, "/all"},
		})
	}
	exceeded := func(names string) retrywisetest.Answer {
		return retrywisetest.Body(429, "application/problem+json", `{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Exceeded","violated-policies":`+names+`}`,
			"Retry-After", "3600")
	}
	for name, tt := range map[string]struct {
		names  string
		policy policy.Policy
		path   string
		want   map[string]string // what holds back a call to a path
	}{
		"two":                   {`["hour","day"]`, limits, "/all", map[string]string{"/hour": "gate hour", "/day": "gate day", "/other": "", "/free": ""}},
		"one that is unknown":   {`["month"]`, limits, "/free", map[string]string{"/free": "gate account"}},
		"one of two is unknown": {`["month","day"]`, limits, "/all", map[string]string{"/day": "gate day", "/hour": "", "/free": ""}},
		"none":                  {`[]`, limits, "/free", map[string]string{"/free": "gate account"}},
		"no list":               {`"day"`, limits, "/free", map[string]string{"/free": "gate account"}},
		"without any limits":    {`["day"]`, policy.Default(), "/all", map[string]string{"/free": "gate account"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := script{exceeded(tt.names)}
				for _, by := range tt.want {
					if by == "" {
						answers = append(answers, retrywisetest.Status(200))
					}
				}
				srv := retrywisetest.New(t, answers...)
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &tt.policy})
				if _, err := send(t.Context(), t, c, "GET", tt.path, ""); failure(t, err).RetryAt.IsZero() {
					t.Errorf("%v has no RetryAt", err)
				}
				for path, by := range tt.want {
					got := ""
					if _, err := send(t.Context(), t, c, "GET", path, ""); err != nil {
						got = failure(t, err).Rule
					}
					if got != by {
						t.Errorf("%s is held back by %q; want %q", path, got, by)
					}
				}
			})
		})
	}
}
