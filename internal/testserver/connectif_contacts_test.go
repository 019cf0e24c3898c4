package testserver_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestConnectifContactRules(t *testing.T) {
	for name, tt := range map[string]struct {
		path, body string
		want       got
	}{
		"new contact":      {"/contacts/bo%2B1@example.com", `{"_name":"Bo"}`, got{Status: 204}},
		"all known fields": {connectifJane, `{"_name":"J","_surname":"D","_birthdate":"1980-01-02","_mobilePhone":"+34600000000","_points":3,"_emailStatus":"active","_mobilePhoneStatus":"paused","_newsletterSubscriptionStatus":"none","_smsSubscriptionStatus":"subscribed","vip":true,"tags":["a"],"age":3,"_points":null}`, got{Status: 204}},
		"wrong address":    {"/contacts/jane", `{}`, got{422, kind, connectifInvalid("email", "should be an email")}},
		"wrong fields": {connectifJane, `{"_name":1,"_surname":" ","_points":1.5,"_emailStatus":"dead","_id":"1","size":{},"tags":["a",1]}`, got{422, kind, connectifInvalid(
			"_emailStatus", "should be one of: active bounced paused banned", "_id", "is not a known field", "_name", "should be a string", "_points", "should be an integer", "_surname", "should not be blank",
			"size", "should be a string, a boolean, a number or an array of strings", "tags", "should be a string, a boolean, a number or an array of strings")}},
		"no JSON": {connectifJane, `{`, got{400, kind, `{"status":400,"title":"Bad Request","detail":"Invalid JSON payload received."}`}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{})
				if diff := cmp.Diff(tt.want, v.mustSend("PATCH", tt.path, tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestConnectifContactsAreMerged(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		v.mustSend("PATCH", "/contacts/bo@example.com", `{"_name":"Bo","city":"Olot"}`)
		v.mustSend("PATCH", "/contacts/bo@example.com", `{"city":"Vic"}`)
		fields, ok := v.Contact("bo@example.com")
		if diff := cmp.Diff(map[string]any{"_name": "Bo", "city": "Vic"}, fields); diff != "" || !ok {
			t.Errorf("contact, known %t (-want +got):\n%s", ok, diff)
		}
		if _, ok := v.Contact("al@example.com"); ok {
			t.Error("a contact that does not exist")
		}
		g := v.mustSend("POST", "/purchases/", `{"purchaseId":"o","contactEmail":"bo@example.com","products":[{"productId":"p-1","quantity":1,"unitPrice":1}]}`)
		if g.Status != 201 {
			t.Errorf("purchase: %v; want 201", g)
		}
	})
}
