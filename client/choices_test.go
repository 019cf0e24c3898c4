package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A 300 is a failure where the vendor's data says so: several records have the external id, and none
// was changed. Elsewhere it is what it was.
func TestChoicesThatAreAFailure(t *testing.T) {
	v, err := vendors.Lookup("salesforce")
	if err != nil {
		t.Fatal(err)
	}
	const byID, other = "/services/data/v60.0/sobjects/Account/Ext__c/7", "/services/data/v60.0/choices"
	const records = `["/services/data/v60.0/sobjects/Account/001","/services/data/v60.0/sobjects/Account/002"]`
	for name, tt := range map[string]struct {
		method, path string
		class        map[string]apierrors.Class // by door; those that are missing have no error
	}{
		"an upsert":         {"PATCH", byID, map[string]apierrors.Class{"Send": apierrors.Conflict, "Do": apierrors.Conflict, "HTTP": apierrors.Conflict}},
		"a read":            {"GET", byID, map[string]apierrors.Class{"Send": apierrors.Conflict, "Do": apierrors.Conflict, "HTTP": apierrors.Conflict}},
		"a write elsewhere": {"PATCH", other, map[string]apierrors.Class{"Send": apierrors.Unsupported, "Do": apierrors.Unsupported}},
		"a read elsewhere":  {"GET", other, map[string]apierrors.Class{"Do": apierrors.Unsupported}},
	} {
		for by, send := range batchDoors {
			t.Run(name+"/"+by, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.New(t, retrywisetest.JSON(300, records))
					c := newClient(t, srv, client.Config{Vendor: v})
					_, err := send(t, c, tt.method, tt.path, []byte(`{"Name":"A"}`), client.CallOptions{})
					if got := apierrors.ClassOf(err); got != tt.class[by] {
						t.Fatalf("class %v, want %v: %v", got, tt.class[by], err)
					}
					if tt.class[by] != apierrors.Conflict {
						return
					}
					if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Action != apierrors.Surface || !strings.Contains(e.Rule, "status 300") {
						t.Errorf("applied %v, action %v, rule %s", e.Applied, e.Action, e.Rule)
					}
				})
			})
		}
	}
}

// A response of another client is judged in the same way.
func TestCheckOfChoices(t *testing.T) {
	v, err := vendors.Lookup("salesforce")
	if err != nil {
		t.Fatal(err)
	}
	srv := retrywisetest.New(t, retrywisetest.JSON(300, `["a","b"]`))
	c := newClient(t, srv, client.Config{Vendor: v})
	req := newRequest(t, "PATCH", srv.URL()+"/services/data/v60.0/sobjects/Account/Ext__c/7", `{}`)
	resp, err := (&http.Client{Transport: srv.Transport()}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := apierrors.ClassOf(c.Check(resp)); got != apierrors.Conflict {
		t.Errorf("class %v, want conflict", got)
	}
	if text := textOf(t, resp); text != `["a","b"]` {
		t.Errorf("response %s", text)
	}
}
