package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What a client meets, and what is executed, when one request is sent, and then another one with
// the same key.
func TestCutter(t *testing.T) {
	const body = `{"created":true}`
	type met struct {
		Body     string
		Err      bool
		Executed int // with the second request
	}
	for fault, want := range map[retrywisetest.Fault]map[bool]met{ // by whether keys are honored
		retrywisetest.NoFault: {false: {body, false, 2}, true: {body, false, 1}},
		beforeExecution:       {false: {"", true, 1}, true: {"", true, 1}},
		duringExecution:       {false: {"", true, 2}, true: {"", true, 1}},
		duringResponse:        {false: {body[:len(body)/2], true, 2}, true: {body[:len(body)/2], true, 1}},
		afterResponse:         {false: {body, false, 2}, true: {body, false, 1}},
	} {
		for honors, want := range want {
			t.Run(fault.String(), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					c := newCutter(honors)
					c.plan = retrywisetest.Sequence(fault)
					srv := retrywisetest.Handle(t, c)
					r := request{method: http.MethodPost, record: "7", key: "key-7", body: "a record"}
					read, err := post(t, srv, r)
					got := met{Body: read, Err: err != nil}
					srv.Transport().CloseIdleConnections()
					if read, err := post(t, srv, r); err != nil || read != body {
						t.Errorf("the second response is %q, error %v", read, err)
					}
					srv.Close() // what is being executed is complete then
					got.Executed = c.created.Count("7")
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("keys are honored: %t (-want +got):\n%s", honors, diff)
					}
				})
			})
		}
	}
}

// post sends r, and returns what could be read of the response.
func post(t *testing.T, srv *retrywisetest.Server, r request) (string, error) {
	t.Helper()
	req, err := r.http(t.Context(), srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	req.GetBody = nil // net/http must not send it again by itself
	resp, err := srv.Transport().RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	return string(read), err
}

func TestReportOf(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		err  error
		want report
	}{
		"success":              {t.Context(), nil, reportedOK},
		"applied":              {t.Context(), errors.Join(io.ErrUnexpectedEOF, &apierrors.Error{Applied: apierrors.AppliedYes}), reportedOK},
		"not applied":          {t.Context(), &apierrors.Error{Applied: apierrors.AppliedNo}, reportedFailed},
		"unknown":              {t.Context(), &apierrors.Error{Applied: apierrors.AppliedUnknown}, reportedUnknown},
		"an error of net/http": {t.Context(), io.ErrUnexpectedEOF, reportedUnknown},
		"cut off":              {ended, nil, notEnded},
	} {
		if got := reportOf(tt.ctx, tt.err); got != tt.want {
			t.Errorf("%s: the report is %d; want %d", name, got, tt.want)
		}
	}
}

// The records 0, 2, 4 and 6 are executed, and 2 twice.
func TestDuplicatesRowCounts(t *testing.T) {
	var created retrywisetest.Ledger
	for _, record := range []string{"0", "2", "2", "4", "6"} {
		created.Record(record, nil)
	}
	got := newDuplicatesRow(title{"small", "us"}, []report{
		reportedOK, reportedOK, reportedOK, reportedFailed, reportedFailed, reportedUnknown, reportedUnknown, notEnded,
	}, &created)
	want := &duplicatesRow{
		title: title{"small", "us"}, Calls: 8, Created: 5, Duplicates: 1,
		ReportedOK: 3, FailedCalls: 2, ReportedUnknown: 2, Lost: 1, Phantoms: 1,
	}
	if diff := cmp.Diff(want, got, unexported); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// A GET says whether a record was created, and is cut as any other request.
func TestCutterFinds(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := newCutter(false)
		c.plan = retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.NoFault, retrywisetest.NoFault, beforeExecution, duringResponse)
		srv := retrywisetest.Handle(t, c)
		find := request{record: "7"}
		for i, want := range []struct {
			r    request
			body string
			err  bool
		}{
			{find, "", false},
			{request{method: http.MethodPost, record: "7", body: "a record"}, `{"created":true}`, false},
			{find, `{"record":"7"}`, false},
			{find, "", true},
			{find, `{"recor`, true},
		} {
			if read, err := post(t, srv, want.r); read != want.body || (err != nil) != want.err {
				t.Errorf("%d: %q, error %v; want %q, error %v", i, read, err, want.body, want.err)
			}
			srv.Transport().CloseIdleConnections()
		}
	})
}

// retrywise looks up the writes in doubt: none is executed twice or lost, and next to none
// stays in doubt.
func TestDuplicatesWithLookups(t *testing.T) {
	d := duplicates{name: "small", calls: 200, workers: 32, lookups: true}
	us, err := findPeers("retrywise")
	if err != nil {
		t.Fatal(err)
	}
	got, err := rowOf[duplicatesRow](t.Context(), d.scenario(), us[0])
	if err != nil {
		t.Fatal(err)
	}
	if got.Resolved < 10 || got.Duplicates+got.Lost+got.Phantoms > 0 || got.ReportedUnknown > 2 {
		t.Errorf("%+v; want some resolved, no duplicate, none lost, no phantom", got)
	}
}
