package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestNewBalance(t *testing.T) {
	for name, tt := range map[string]struct {
		delivered, there []int
		want             balance
	}{
		"all":                      {[]int{1, 2}, []int{1, 2}, balance{Delivered: 2}},
		"none":                     {nil, nil, balance{Lost: 2}},
		"not reported":             {[]int{1}, []int{1, 2}, balance{Delivered: 1, Phantom: 1}},
		"reported, but not there":  {[]int{1, 2}, []int{2}, balance{Delivered: 1, Missing: 1}},
		"one instead of the other": {[]int{1}, []int{2}, balance{Missing: 1, Phantom: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			isThere := func(id int) bool { return strings.Contains(fmt.Sprint(tt.there), fmt.Sprint(id)) }
			if diff := cmp.Diff(tt.want, newBalance([]int{1, 2}, tt.delivered, isThere)); diff != "" {
				t.Errorf("balance mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// The verdict names each disagreement between report and ledgers.
func TestVerdict(t *testing.T) {
	known := &apierrors.Error{Class: apierrors.ServerError}
	refused := &apierrors.Error{Class: apierrors.Validation, Applied: apierrors.AppliedNo}
	lost := balance{Delivered: 1, Lost: 1}
	good := balance{Delivered: 2}
	failed := func(s step, reason *apierrors.Error, executed bool) []explainedFailure {
		return []explainedFailure{{failure: failure{Step: s}, Reason: reason, Executed: executed}}
	}
	for name, tt := range map[string]struct {
		column column
		want   string
	}{
		"all is well":        {column{Rows: 2, Pulled: 2, Purchases: good, Contacts: good}, "<nil>"},
		"a reported loss":    {column{Rows: 2, Pulled: 2, Purchases: lost, Contacts: good, Failed: failed(stepPurchase, known, false)}, "<nil>"},
		"a reported page":    {column{Rows: 2, Pulled: 1, Purchases: lost, Contacts: lost, Failed: failed(stepPage, known, false)}, "<nil>"},
		"twice":              {column{Rows: 2, Pulled: 2, Purchases: balance{Delivered: 2, Twice: 1}, Contacts: good}, ": 1 executed twice"},
		"missing":            {column{Rows: 2, Pulled: 2, Purchases: good, Contacts: balance{Delivered: 1, Missing: 1}}, ": 1 reported as delivered, but not there"},
		"an unreported loss": {column{Rows: 2, Pulled: 2, Purchases: lost, Contacts: good}, ": 1 lost without a reported failure"},
		"an unreported page": {column{Rows: 2, Pulled: 1, Purchases: lost, Contacts: lost}, ": 1 lost without a reported failure"},
		"a wrong reason":     {column{Rows: 2, Pulled: 2, Purchases: balance{Delivered: 1, Phantom: 1}, Contacts: good, Failed: failed(stepPurchase, refused, true)}, ": 1 reported as not applied, but there"},
		"without a reason":   {column{Rows: 2, Pulled: 2, Purchases: lost, Contacts: good, Failed: failed(stepPurchase, nil, false)}, ": 1 failed without a reason"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(tt.column.verdict()); got != tt.want {
				t.Errorf("verdict %s; want %s", got, tt.want)
			}
		})
	}
}

// The printed reasons say what to do, and do not identify a row.
func TestPrintReasons(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		ours := runAll(t, defaultSettings())[2]
		var out bytes.Buffer
		if err := printReasons(&out, ours); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"purchase: server_error, 503, stop unsafe, applied unknown\n       The vendor may have executed the request: find out", "purchase: malformed_response, 201, stop unsafe, applied yes\n       The vendor executed the request"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in:\n%s", want, out.String())
			}
		}
		if strings.Contains(out.String(), "player") || strings.Contains(out.String(), "7000") {
			t.Errorf("a row is identified in:\n%s", out.String())
		}
	})
}
