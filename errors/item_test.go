package apierrors_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
)

// partial is the error of a batch with n items that failed.
func partial(n int) *apierrors.Error {
	e := &apierrors.Error{Vendor: "shop", Op: "items.import", Class: apierrors.Partial, Action: apierrors.Surface, Applied: apierrors.AppliedYes, Status: 207}
	for i := range n {
		e.Items = append(e.Items, apierrors.Item{
			Index: 3 * i, Key: "jane@example.eu", Status: 400, Code: "TAKEN", Summary: "The name is taken.", Class: apierrors.Validation,
			Action: apierrors.Surface, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo, Wait: 2 * time.Second,
			Fields: []apierrors.Field{{Path: "name", Code: "TAKEN", Message: "Jane Doe is taken"}},
		})
	}
	return e
}

// Error names the first items by their places.
func TestErrorNamesItems(t *testing.T) {
	keyed := partial(2)
	keyed.Items[0].Index, keyed.Items[1].Index = -1, -1
	mixed := partial(3)
	mixed.Items[1].Index, mixed.ItemsOmitted = -1, 7
	for want, e := range map[string]*apierrors.Error{
		"shop items.import: partial (207); items 0; applied: yes":                         partial(1),
		"shop items.import: partial (207); items 0, 3, 6, 9, 12; applied: yes":            partial(5),
		"shop items.import: partial (207); items 0, 3, 6, 9, 12 and 2 more; applied: yes": partial(7),
		"shop items.import: partial (207); 2 items; applied: yes":                         keyed,
		"shop items.import: partial (207); items 0, 6 and 8 more; applied: yes":           mixed,
		"shop items.import: partial (207); applied: yes":                                  partial(0),
	} {
		if diff := cmp.Diff(want, e.Error()); diff != "" {
			t.Errorf("text (-want +got):\n%s", diff)
		}
	}
}

// Neither the key of an item nor the vendor's text about it is printed, but by Detail.
func TestErrorDoesNotPrintWhatItemsHold(t *testing.T) {
	e := partial(1)
	asJSON, err := json.Marshal(map[string]any{"error": e, "item": e.Items[0]})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Error("failed", "error", e, "item", e.Items[0], "items", e.Items)
	printed := fmt.Sprintf("%v %+v %#v %s %q %v %s %s", e, *e, e, e, e.Items, &e.Items[0], asJSON, log.String())
	for _, secret := range []string{"jane", "Doe"} {
		if strings.Contains(printed, secret) {
			t.Errorf("%q is printed: %s", secret, printed)
		}
	}
	if detail := e.Detail(); !strings.Contains(detail, "item 0 jane@example.eu: 400 TAKEN validation (surface), applied: no; name Jane Doe is taken\n") {
		t.Errorf("Detail lacks the item:\n%s", detail)
	}
}

func TestItemAsJSON(t *testing.T) {
	e := partial(2)
	e.Items[1].Index, e.ItemsOmitted = -1, 4
	e.Items[1].Code = "Jane Doe" // no code
	data, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Items   []json.RawMessage `json:"items"`
		Omitted int               `json:"items_omitted"`
	}
	if err := json.Unmarshal(data, &got); err != nil || got.Omitted != 4 || len(got.Items) != 2 {
		t.Fatalf("%v in %s", err, data)
	}
	want := []string{
		`{"index":0,"status":400,"code":"TAKEN","summary":"The name is taken.","class":"validation","action":"surface","stop":"permanent","applied":"no","wait_seconds":2,"fields":["name"]}`,
		`{"status":400,"summary":"The name is taken.","class":"validation","action":"surface","stop":"permanent","applied":"no","wait_seconds":2,"fields":["name"]}`,
	}
	if diff := cmp.Diff(want, []string{string(got.Items[0]), string(got.Items[1])}); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
}

func TestItemPrints(t *testing.T) {
	for want, item := range map[string]apierrors.Item{
		"item 0 validation 400 TAKEN applied: no":  partial(1).Items[0],
		"item malformed_response applied: unknown": {Index: -1, Key: "k", Class: apierrors.MalformedResponse},
		"item 7 network applied: unknown":          {Index: 7, Class: apierrors.Network, Code: "not a code"},
	} {
		if got := fmt.Sprint(item); got != want {
			t.Errorf("printed %q; want %q", got, want)
		}
	}
}

// What is left of a batch that failed in part is not run again as a whole.
func TestTemporaryOfABatchThatFailedInPart(t *testing.T) {
	e := partial(1)
	e.Items[0].Action = apierrors.Throttle
	if apierrors.Temporary(e) {
		t.Error("it is temporary, although most of it is done")
	}
}

func TestItemTemporary(t *testing.T) {
	for item, want := range map[*apierrors.Item]bool{
		{Action: apierrors.Retry}:                                   true,
		{Action: apierrors.Throttle, Stop: apierrors.StopMaxWait}:   true,
		{Action: apierrors.Defer, Stop: apierrors.StopMaxWait}:      true,
		{Action: apierrors.Retry, Stop: apierrors.StopUnsafe}:       false,
		{Action: apierrors.Surface, Stop: apierrors.StopPermanent}:  false,
		{Action: apierrors.FailFast, Stop: apierrors.StopPermanent}: false,
	} {
		if item.Temporary() != want {
			t.Errorf("%v, stop %v: temporary %v; want %v", item.Action, item.Stop, !want, want)
		}
	}
}
