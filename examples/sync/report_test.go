package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A finding shows each difference between the outcome of a record and the ledger.
func TestNewStepLineComparesWithTheLedger(t *testing.T) {
	notApplied := &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: apierrors.AppliedNo}
	unknown := &apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry, Stop: apierrors.StopUnsafe}
	for name, tt := range map[string]struct {
		before int    // executions of a contact named Ana
		sent   string // the name in the record
		err    error
		doubt  bool // an earlier run was in doubt
		want   finding
	}{
		"delivered":                        {1, "Ana", nil, false, finding{}},
		"refused":                          {0, "Ana", notApplied, false, finding{}},
		"in doubt, and there":              {1, "Ana", unknown, false, finding{}},
		"refused, an earlier run in doubt": {1, "Ana", notApplied, true, finding{}},
		"delivered, but not there":         {0, "Ana", nil, false, finding{Missing: 1}},
		"delivered as something else":      {1, "Bruno", nil, false, finding{Missing: 1}},
		"reported as refused, but there":   {1, "Ana", notApplied, false, finding{Phantom: 1}},
		"executed again":                   {2, "Ana", nil, false, finding{Duplicates: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakesWith(settings{}, nil, noFaults)
			srv := retrywisetest.Handle(t, f.rdstation)
			for range tt.before {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, srv.URL()+"/platform/contacts/email:ana@example.com", strings.NewReader(`{"name":"Ana"}`))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", "Bearer "+f.rdstation.Token())
				req.Header.Set("Content-Type", "application/json")
				resp, err := srv.Transport().RoundTrip(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			one := outcome{Step: "contacts", record: record{Key: "ana@example.com", Sent: map[string]any{"name": tt.sent}}, InDoubt: tt.doubt, Err: tt.err}
			line := newStepLine("contacts", []outcome{one}, f.ledgers(&exports{}, &pull{})["contacts"])
			if diff := cmp.Diff(tt.want, line.finding); diff != "" {
				t.Errorf("finding (-want +got):\n%s", diff)
			}
			if r := (report{Steps: []stepLine{line}}); r.agrees() != (tt.want == finding{}) {
				t.Errorf("agrees: %v", r.agrees())
			}
		})
	}
}

func TestReportAgreesOnVendors(t *testing.T) {
	for name, tt := range map[string]struct {
		line vendorLine
		want bool
	}{
		"agrees":                           {vendorLine{Requests: 3, Counted: 3}, true},
		"a request that the vendor missed": {vendorLine{Requests: 3, Counted: 2}, false},
		"a canceled request":               {vendorLine{Requests: 3, Counted: 2, Canceled: 1}, true},
		"a request that nobody counted":    {vendorLine{Requests: 3, Counted: 4, Canceled: 1}, false},
		"a leaked credential":              {vendorLine{Requests: 3, Counted: 3, Leaked: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (report{Vendors: []vendorLine{tt.line}}).agrees(); got != tt.want {
				t.Errorf("agrees: %v", got)
			}
		})
	}
}

// The ledger of each other step finds what is missing and what was executed twice.
func TestLedgersCompare(t *testing.T) {
	body, err := json.Marshal(map[string]any{"purchaseId": "P-1"})
	if err != nil {
		t.Fatal(err)
	}
	f := newFakesWith(settings{}, nil, noFaults)
	f.campaigns = []int{7}
	f.playable.AddCampaign(7, "Spring", 2)
	f.customergauge.Uploads().Record("a.csv", []byte("a"))
	f.connectif.Purchases().Record("P-1", body)
	f.connectif.Purchases().Record("P-1", body)
	e := &exports{byName: map[string][]byte{"contacts": []byte("email\na@b.c\na@b.c\n")}}
	p := &pull{campaigns: []campaign{{7}}, registrations: map[int][]registration{7: {{ID: 7000001}, {ID: 7000001}}}}
	want := map[string]finding{
		"files":         {Missing: 1},
		"purchases":     {Missing: 1, Duplicates: 1},
		"exports":       {Missing: 1, Duplicates: 1},
		"campaigns":     {},
		"registrations": {Missing: 1, Duplicates: 1},
	}
	for step, one := range map[string]record{
		"files":         {Key: "a.csv", Sent: []byte("b")},
		"purchases":     {Key: "P-1", Sent: map[string]any{"purchaseId": "P-1"}},
		"exports":       {Key: "contacts", Sent: order{ExportType: "contacts"}},
		"campaigns":     {Key: "all"},
		"registrations": {Key: "7", Sent: campaign{7}},
	} {
		got := f.ledgers(e, p)[step].compare([]outcome{{record: one}})
		if diff := cmp.Diff(want[step], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
	}
}
