package testserver_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const expired = `Bearer realm="https://api.rd.services/", error="expired_token", error_description="The access token expired"`

// tokenRequest is the body of a renewal.
func tokenRequest(id, secret, refresh string) string {
	return fmt.Sprintf(`{"client_id":%q,"client_secret":%q,"refresh_token":%q}`, id, secret, refresh)
}

// renew fetches a new token.
func renew(t *testing.T, v rdStation) {
	t.Helper()
	body := tokenRequest(testserver.ClientID, testserver.ClientSecret, testserver.RefreshToken)
	if g := v.mustDo("POST", "/auth/token", body, "Content-Type", kind); g.Status != 200 {
		t.Errorf("renewal: %v", g)
	}
}

func TestRDStationTokenEndpoint(t *testing.T) {
	const denied = `{"errors":{"error_type":"ACCESS_DENIED","error_message":"Wrong credentials provided."}}`
	id, secret, refresh := testserver.ClientID, testserver.ClientSecret, testserver.RefreshToken
	for name, tt := range map[string]struct {
		body     string
		want     got
		renewals int
	}{
		"good": {tokenRequest(id, secret, refresh),
			got{200, kind, `{"access_token":"demo-access-2","expires_in":86400,"refresh_token":"demo-refresh"}`}, 1},
		"wrong id":     {tokenRequest("x", secret, refresh), got{401, kind, denied}, 0},
		"wrong secret": {tokenRequest(id, "x", refresh), got{401, kind, denied}, 0},
		"wrong refresh token": {tokenRequest(id, secret, "x"),
			got{401, kind, `{"errors":{"error_type":"INVALID_REFRESH_TOKEN","error_message":"The provided refresh token is invalid or was revoked."}}`}, 0},
		"no JSON": {`{`,
			got{400, kind, `{"errors":{"error_type":"BAD_REQUEST","error_message":"Could not parse the body of the request according to the provided Content-Type."}}`}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				// faults and the limit do not apply to the token endpoint
				v := newRDStation(t, testserver.Service{PerSecond: 1, Faults: testserver.Seeded(1, 1)})
				for range 3 {
					v.mustDo("POST", "/auth/token", `{}`, "Content-Type", kind)
				}
				if diff := cmp.Diff(tt.want, v.mustDo("POST", "/auth/token", tt.body, "Content-Type", kind)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n := v.Renewals(); n != tt.renewals {
					t.Errorf("%d renewals; want %d", n, tt.renewals)
				}
			})
		})
	}
}

func TestRDStationUnauthorized(t *testing.T) {
	type headers struct{ Usual, Remapped string }
	for name, tt := range map[string]struct {
		authorization []string // of the requests; the last one is checked
		want          headers
	}{
		"none":                   {[]string{""}, headers{}},
		"unknown":                {[]string{"Bearer nobody"}, headers{}},
		"no bearer":              {[]string{"demo-access-2"}, headers{}},
		"empty bearer":           {[]string{"Bearer "}, headers{}},
		"expired":                {[]string{"Bearer demo-access-1"}, headers{Usual: expired}},
		"expired, second time":   {[]string{"Bearer demo-access-1", "Bearer demo-access-1"}, headers{Remapped: expired}},
		"expired, third time":    {[]string{"Bearer demo-access-1", "Bearer demo-access-1", "Bearer demo-access-1"}, headers{Usual: expired}},
		"unknown do not take it": {[]string{"Bearer nobody", "Bearer demo-access-1"}, headers{Usual: expired}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{})
				renew(t, v) // demo-access-1 has expired, demo-access-2 is valid
				var g headers
				for _, authorization := range tt.authorization {
					resp, err := v.open(t.Context(), "PATCH", ana, `{}`, "Content-Type", kind, "Authorization", authorization)
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					if resp.StatusCode != 401 {
						t.Errorf("status %d; want 401", resp.StatusCode)
					}
					g = headers{resp.Header.Get("WWW-Authenticate"), resp.Header.Get("X-Amzn-Remapped-Www-Authenticate")}
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("headers (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRDStationTokenUses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{TokenUses: 2})
		var statuses []int
		for range 3 {
			statuses = append(statuses, v.mustSend("PATCH", ana, `{}`).Status)
		}
		if token := v.Token(); token != "" {
			t.Errorf("token %q; want none, as it has expired", token)
		}
		renew(t, v)
		statuses = append(statuses, v.mustSend("PATCH", ana, `{}`).Status)
		if diff := cmp.Diff([]int{200, 200, 401, 200}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}
