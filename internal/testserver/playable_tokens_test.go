package testserver_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	playableGrant   = `{"grant_type":"client_credentials","client_id":"demo-app","client_secret":"demo-app-secret","scope":["campaigns.list"]}`
	playableRefused = `{"message":"Unauthenticated."}`
)

func playableAccess(n int) string {
	return fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"demo-access-%d"}`, n)
}

func TestPlayableTokenEndpoint(t *testing.T) {
	const invalid = `{"message":"Invalid request"}`
	grant := func(grantType, id, secret string) string {
		return fmt.Sprintf(`{"grant_type":%q,"client_id":%q,"client_secret":%q}`, grantType, id, secret)
	}
	const credentials, id, secret = "client_credentials", testserver.PlayableClientID, testserver.PlayableClientSecret
	for name, tt := range map[string]struct {
		body, kind string
		want       got
		renewals   int
	}{
		"good":           {grant(credentials, id, secret), kind, got{200, kind, playableAccess(1)}, 1},
		"with scopes":    {playableGrant, kind, got{200, kind, playableAccess(1)}, 1},
		"wrong id":       {grant(credentials, "x", secret), kind, got{401, kind, playableRefused}, 0},
		"wrong secret":   {grant(credentials, id, "x"), kind, got{401, kind, playableRefused}, 0},
		"wrong grant":    {grant("password", id, secret), kind, got{400, kind, invalid}, 0},
		"no JSON":        {`{`, kind, got{400, kind, invalid}, 0},
		"form":           {playableGrant, "application/x-www-form-urlencoded", got{400, kind, invalid}, 0},
		"no body at all": {"", kind, got{400, kind, invalid}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				// faults and the limit do not apply to the token endpoint
				p := testserver.NewPlayable(testserver.Service{PerSecond: 1, Faults: testserver.Seeded(1, 1)})
				v := playableOf(t, p, retrywisetest.Handle(t, p))
				for range 3 {
					v.mustDo("POST", "/oauth/token", `{}`, "Content-Type", kind)
				}
				if diff := cmp.Diff(tt.want, v.mustDo("POST", "/oauth/token", tt.body, "Content-Type", tt.kind)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n := p.Renewals(); n != tt.renewals {
					t.Errorf("%d tokens; want %d", n, tt.renewals)
				}
			})
		})
	}
}

func TestPlayableUnauthenticated(t *testing.T) {
	for name, authorization := range map[string]string{
		"none":         "",
		"unknown":      "Bearer nobody",
		"no bearer":    "demo-access-1",
		"empty bearer": "Bearer ",
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, testserver.Service{})
				g := v.mustDo("GET", "/v1/campaigns", "", "Authorization", authorization)
				if diff := cmp.Diff(got{401, kind, playableRefused}, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestPlayableTokenLife(t *testing.T) {
	for name, tt := range map[string]struct {
		service testserver.Service
		pauses  []time.Duration // before each request
		want    []int
		token   string // at the end
	}{
		"used again":       {testserver.Service{}, []time.Duration{0, 0, 0}, []int{200, 200, 200}, "demo-access-1"},
		"up to the hour":   {testserver.Service{}, []time.Duration{time.Hour - 1}, []int{200}, "demo-access-1"},
		"after an hour":    {testserver.Service{}, []time.Duration{time.Hour - 1, 1, 0}, []int{200, 401, 401}, ""},
		"after its uses":   {testserver.Service{TokenUses: 2}, []time.Duration{0, 0, 0}, []int{200, 200, 401}, ""},
		"at the last use":  {testserver.Service{TokenUses: 1}, []time.Duration{0}, []int{200}, ""},
		"by a fault":       {testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.NoFault, testserver.ExpireToken)}, []time.Duration{0, 0, 0}, []int{200, 401, 401}, ""},
		"not yet used up":  {testserver.Service{TokenUses: 2}, []time.Duration{0}, []int{200}, "demo-access-1"},
		"hour before uses": {testserver.Service{TokenUses: 2}, []time.Duration{0, time.Hour}, []int{200, 401}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newPlayable(t, tt.service)
				var statuses []int
				for _, pause := range tt.pauses {
					<-time.After(pause)
					g := v.mustDo("GET", "/v1/campaigns", "", "Authorization", "Bearer demo-access-1")
					statuses = append(statuses, g.Status)
				}
				if diff := cmp.Diff(tt.want, statuses); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
				if token := v.Token(); token != tt.token {
					t.Errorf("token %q; want %q", token, tt.token)
				}
			})
		})
	}
}

func TestPlayableEarlyTokens(t *testing.T) {
	type asked struct {
		Answer got
		Early  int
	}
	good := func(n, early int) asked { return asked{got{200, kind, playableAccess(n)}, early} }
	throttled := func(status, early int) asked { return asked{got{status, kind, playableThrottled}, early} }
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		p := testserver.NewPlayable(testserver.Service{})
		v := playableOf(t, p, retrywisetest.Handle(t, p))
		for i, step := range []struct {
			pause time.Duration
			want  asked
		}{
			{0, good(1, 0)},
			{time.Hour, good(2, 0)}, // the first has expired
			{time.Minute, good(3, 1)},
			{time.Minute, good(4, 2)},
			{time.Minute, throttled(429, 3)},
			{57 * time.Minute, throttled(403, 4)}, // the fourth token is valid for two more minutes
			{time.Minute, good(5, 5)},             // an hour after the first early request
			{time.Hour, good(6, 5)},
		} {
			<-time.After(step.pause)
			answer := v.fetchToken()
			if diff := cmp.Diff(step.want, asked{answer, p.EarlyTokens()}); diff != "" {
				t.Errorf("step %d (-want +got):\n%s", i, diff)
			}
		}
		if n := p.Renewals(); n != 6 {
			t.Errorf("%d tokens; want 6", n)
		}
	})
}

func TestPlayableOlderTokensRemainValid(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newPlayable(t, testserver.Service{})
		v.fetchToken()
		for _, token := range []string{"demo-access-1", "demo-access-2"} {
			if g := v.mustDo("GET", "/v1/campaigns", "", "Authorization", "Bearer "+token); g.Status != 200 {
				t.Errorf("%s: %v; want 200", token, g)
			}
		}
		v.ExpireToken()
		if token := v.Token(); token != "" {
			t.Errorf("token %q; want none", token)
		}
		v.fetchToken()
		if n := v.EarlyTokens(); n != 1 {
			t.Errorf("%d early tokens; want 1: the last was due", n)
		}
	})
}
