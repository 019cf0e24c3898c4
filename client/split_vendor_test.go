package client_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// insertAll is where rows are streamed into a table of BigQuery.
const insertAll = "/bigquery/v2/projects/p/datasets/d/tables/t/insertAll"

// rowList returns the body of a request that inserts rows with these times.
func rowList(times ...string) []byte {
	rows := []map[string]map[string]string{}
	for _, text := range times {
		rows = append(rows, map[string]map[string]string{"json": {"time": text}})
	}
	data, _ := json.Marshal(map[string]any{"rows": rows}) // texts always can be
	return data
}

// notInserted returns an entry for a row that BigQuery did not insert.
func notInserted(index int, reason string) string {
	return fmt.Sprintf(`{"index":%d,"errors":[{"reason":%q,"message":"about it"}]}`, index, reason)
}

// inserted returns the response of BigQuery, with entries for the other rows.
func inserted(entries ...string) retrywisetest.Answer {
	list, _ := json.Marshal(rawOf(entries))
	return retrywisetest.JSON(200, `{"kind":"bigquery#tableDataInsertAllResponse","insertErrors":`+string(list)+`}`)
}

func rawOf(texts []string) []json.RawMessage {
	all := []json.RawMessage{}
	for _, text := range texts {
		all = append(all, json.RawMessage(text))
	}
	return all
}

// One row that does not fit the table stops the others of its request: they are inserted by a smaller
// one, and then by another, as one of them meets a fault that passes.
func TestSplitOfRowsOfBigQuery(t *testing.T) {
	v, err := vendors.Lookup("google")
	if err != nil {
		t.Fatal(err)
	}
	for by, send := range batchDoors {
		t.Run(by, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t,
					inserted(notInserted(1, "invalid"), notInserted(0, "stopped"), notInserted(2, "stopped")), inserted(notInserted(1, "backendError")), inserted())
				c := newClient(t, srv, client.Config{Vendor: v})
				times := []string{"10:00", "now", "11:00"}
				split := func(rest client.Rest) ([]byte, error) {
					var some []string
					for _, item := range rest.Items {
						some = append(some, times[item.Index])
					}
					return rowList(some...), nil
				}
				_, err := send(t, c, "POST", insertAll, rowList(times...), client.CallOptions{Split: split})
				if diff := cmp.Diff([]string{"1 validation surface no"}, itemTexts(err)); diff != "" || failure(t, err).Applied != apierrors.AppliedYes {
					t.Errorf("%v; items (-want +got):\n%s", err, diff)
				}
				var sent []string
				for _, r := range srv.Requests() {
					sent = append(sent, string(r.Body))
				}
				want := []string{string(rowList(times...)), string(rowList("10:00", "11:00")), string(rowList("11:00"))}
				if diff := cmp.Diff(want, sent); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The response to a read of a job is reported with the items of the job. Nothing is sent again: not the
// read, after which they are the same, and not the items, which were of another request.
func TestSplitDoesNotSendItemsOfAJob(t *testing.T) {
	v, err := vendors.Lookup("zendesk")
	if err != nil {
		t.Fatal(err)
	}
	for by, send := range batchDoors {
		t.Run(by, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := `{"job_status":{"status":"completed","results":[{"index":0,"id":7},{"index":1,"error":"TooManyJobs"},{"index":2,"error":"RecordInvalid"}]}}`
				srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.JSON(200, body))
				c := newClient(t, srv, client.Config{Vendor: v})
				split := func(client.Rest) ([]byte, error) {
					t.Error("Split is called")
					return nil, nil
				}
				response, err := send(t, c, "GET", "/api/v2/job_statuses/82de", nil, client.CallOptions{Split: split})
				if diff := cmp.Diff([]string{"1 quota_exceeded defer no", "2 validation surface no"}, itemTexts(err)); diff != "" || response != body {
					t.Errorf("%v; response %s; items (-want +got):\n%s", err, response, diff)
				}
			})
		})
	}
}

// A mutation that Shopify refuses fails; another one beside it is done.
func TestDoTellsWhichMutationsFailed(t *testing.T) {
	v, err := vendors.Lookup("shopify")
	if err != nil {
		t.Fatal(err)
	}
	const refused = `{"userErrors":[{"field":["input","email"],"message":"Email is taken","code":"TAKEN"}]}`
	for name, tt := range map[string]struct {
		data  string
		class apierrors.Class
		items []string
	}{
		"the only one": {`{"a":` + refused + `}`, apierrors.AlreadyExists, nil},
		"one of two":   {`{"a":{"userErrors":[]},"b":` + refused + `}`, apierrors.Partial, []string{"-1 already_exists surface no"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.JSON(200, `{"data":`+tt.data+`}`))
				c := newClient(t, srv, client.Config{Vendor: v})
				_, err := batchDoors["Do"](t, c, "POST", "/admin/api/2026-07/graphql.json", []byte(`{"query":"mutation { … }"}`), client.CallOptions{})
				if diff := cmp.Diff(tt.items, itemTexts(err)); diff != "" || apierrors.ClassOf(err) != tt.class {
					t.Errorf("%v, want %v; items (-want +got):\n%s", err, tt.class, diff)
				}
			})
		})
	}
}
