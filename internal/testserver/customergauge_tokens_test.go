package testserver_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	gaugeTokenForm = "application/x-www-form-urlencoded"
	gaugeGrant     = "grant_type=client_credentials&client_id=" + testserver.CustomerGaugeClientID + "&client_secret=" + testserver.CustomerGaugeClientSecret
)

// list lists the uploads. There are none, so the status is 400 if authorization is
// valid.
func (v customerGauge) list(path, authorization string) got {
	v.t.Helper()
	return v.mustDo("GET", path, "", "Authorization", authorization)
}

func TestCustomerGaugeTokenEndpoint(t *testing.T) {
	for name, tt := range map[string]struct {
		contentType, body string
		want              got
		renewals          int
	}{
		"good": {gaugeTokenForm, gaugeGrant,
			got{200, kind, `{"access_token":"demo-gauge-access-2","expires_in":3600,"token_type":"Bearer"}`}, 1},
		"wrong id":       {gaugeTokenForm, "grant_type=client_credentials&client_id=x&client_secret=" + testserver.CustomerGaugeClientSecret, got{401, kind, `{"error":"invalid_client"}`}, 0},
		"wrong secret":   {gaugeTokenForm, gaugeGrant + "x", got{401, kind, `{"error":"invalid_client"}`}, 0},
		"other grant":    {gaugeTokenForm, "grant_type=refresh_token", got{400, kind, `{"error":"unsupported_grant_type"}`}, 0},
		"no grant":       {gaugeTokenForm, "", got{400, kind, `{"error":"invalid_request"}`}, 0},
		"broken form":    {gaugeTokenForm, gaugeGrant + "&%zz", got{400, kind, `{"error":"invalid_request"}`}, 0},
		"JSON":           {kind, `{"grant_type":"client_credentials"}`, got{400, kind, `{"error":"invalid_request"}`}, 0},
		"without a type": {"", gaugeGrant, got{400, kind, `{"error":"invalid_request"}`}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				// faults and the limit do not apply to the token endpoint
				v := newGauge(t, testserver.Service{PerSecond: 1, Faults: testserver.Seeded(1, 1)})
				for range 3 {
					v.mustDo("POST", "/oauth2/token", "")
				}
				if diff := cmp.Diff(tt.want, v.mustDo("POST", "/oauth2/token", tt.body, "Content-Type", tt.contentType)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n := v.Renewals(); n != tt.renewals {
					t.Errorf("%d renewals; want %d", n, tt.renewals)
				}
			})
		})
	}
}

func TestCustomerGaugeCredentials(t *testing.T) {
	const key, token = "api_key " + testserver.CustomerGaugeKey, "Bearer demo-gauge-access-1"
	example, table := gaugeRefusal(401, 2000, "Invalid API Key"), gaugeRefusal(401, 200000, "Invalid API key")
	exampleXML, tableXML := gaugeRefusalXML(401, 2000, "Invalid API Key"), gaugeRefusalXML(401, 200000, "Invalid API key")
	const noData = "No data found with passed parameters"
	for name, tt := range map[string]struct {
		path           string
		authorizations []string // of the requests; the last one is checked
		want           got
	}{
		"key":                   {gaugeJSON, []string{key}, gaugeRefusal(400, 400184, noData)},
		"token":                 {gaugeXML, []string{token}, gaugeRefusalXML(400, 400184, noData)},
		"none":                  {gaugeJSON, []string{""}, example},
		"none, second time":     {gaugeJSON, []string{"", ""}, table},
		"none, third time":      {gaugeJSON, []string{"", "", ""}, example},
		"none, XML":             {gaugeXML, []string{""}, exampleXML},
		"none, XML second time": {gaugeXML, []string{"", ""}, tableXML},
		"a good one in between": {gaugeJSON, []string{"", key, ""}, table},
		"unknown key":           {gaugeJSON, []string{key + "x"}, example},
		"key without its word":  {gaugeJSON, []string{testserver.CustomerGaugeKey}, example},
		"key for a token":       {gaugeJSON, []string{"Bearer " + testserver.CustomerGaugeKey}, example},
		"token for a key":       {gaugeJSON, []string{"api_key demo-gauge-access-1"}, example},
		"token never given":     {gaugeJSON, []string{"Bearer demo-gauge-access-2"}, example},
		"empty token":           {gaugeJSON, []string{"Bearer "}, example},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newGauge(t, testserver.Service{})
				var g got
				for _, authorization := range tt.authorizations {
					g = v.list(tt.path, authorization)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestCustomerGaugeTokensExpireByUses(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newGauge(t, testserver.Service{TokenUses: 2})
		var statuses []int
		for _, ask := range []string{"first", "first", "first", "renew", "first", "newest", "newest", "newest", "key"} {
			switch ask {
			case "renew":
				statuses = append(statuses, v.mustDo("POST", "/oauth2/token", gaugeGrant, "Content-Type", gaugeTokenForm).Status)
			case "key":
				statuses = append(statuses, v.list(gaugeJSON, "api_key "+testserver.CustomerGaugeKey).Status)
			case "newest":
				statuses = append(statuses, v.list(gaugeJSON, "Bearer "+v.Token()).Status)
			default:
				statuses = append(statuses, v.list(gaugeJSON, "Bearer demo-gauge-access-1").Status)
			}
		}
		if diff := cmp.Diff([]int{400, 400, 401, 200, 401, 400, 400, 401, 400}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if token := v.Token(); token != "" {
			t.Errorf("token %q; want none", token)
		}
	})
}

func TestCustomerGaugeTokensExpireAfterAnHour(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newGauge(t, testserver.Service{})
		<-time.After(59 * time.Minute)
		first := v.Token()
		v.mustDo("POST", "/oauth2/token", gaugeGrant, "Content-Type", gaugeTokenForm)
		if status := v.list(gaugeJSON, "Bearer "+first).Status; status != 400 {
			t.Errorf("status %d; want 400: a new token does not end the one before", status)
		}
		<-time.After(time.Minute)
		if status := v.list(gaugeJSON, "Bearer "+first).Status; status != 401 {
			t.Errorf("status %d; want 401 after an hour", status)
		}
		if status := v.list(gaugeJSON, "Bearer "+v.Token()).Status; status != 400 {
			t.Errorf("status %d; want 400 with the new token", status)
		}
	})
}
