package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// depot is a vendor of batches: a list with a status for each item, and errors by key.
func depot(t testing.TB) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Parse([]byte(`
vendor: depot
title: Depot
documents: [{url: "https://depot.test/errors", read: 2026-11-26}]
idempotency: {header: Idempotency-Key}
decode: [{in: "", code: code, message: text, field: field}]
batches:
  - {methods: [POST, PUT], path: /batch, sent: "/items/*", items: "/results/*", status: status, headers: headers}
  - {methods: POST, path: /keyed, sent: "/items/*", sent_key: id, items: "/errors/*", key: id, errors_only: true, status: status, refused: true}
codes:
  - {code: BAD, class: validation, summary: The item is bad}
  - {code: DOWN, class: server_error, applied: no, summary: The item is not executed}
  - {code: THERE, class: already_exists, action: accept, summary: The item is there}
`))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// An order is an item of a batch.
type order struct {
	ID int `json:"id"`
}

// orders is the body of a batch.
type orders struct {
	Items []order `json:"items"`
}

// orderList returns the body of a batch with these ids.
func orderList(ids ...int) []byte {
	var list orders
	for _, id := range ids {
		list.Items = append(list.Items, order{id})
	}
	data, _ := json.Marshal(list) // numbers always can be
	return data
}

// idsIn returns the ids in the body of a batch.
func idsIn(t testing.TB, body []byte) []int {
	t.Helper()
	var list orders
	if err := json.Unmarshal(body, &list); err != nil {
		t.Error(err)
	}
	var ids []int
	for _, o := range list.Items {
		ids = append(ids, o.ID)
	}
	return ids
}

// results is a response to a batch: an entry for each text.
func results(entries ...string) retrywisetest.Answer {
	return retrywisetest.JSON(http.StatusMultiStatus, `{"results":[`+string(bytes.Join(bytesOf(entries), []byte(",")))+`]}`)
}

func bytesOf(texts []string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

// Entries of a response to a batch.
const (
	isDone    = `{"status":201}`
	isBad     = `{"status":422,"code":"BAD","field":"size","text":"Jane's"}`
	isLimited = `{"status":429,"headers":{"Retry-After":"3"}}`
	isDown    = `{"status":500,"code":"DOWN"}`
	isBroken  = `{"status":502}`
	isThere   = `{"status":409,"code":"THERE"}`
)

// A batchDoor sends a batch by one of the batchDoors, and returns what the response says, "" for none,
// beside the error.
type batchDoor func(t *testing.T, c *client.Client, method, path string, body []byte, o client.CallOptions) (string, error)

// batchDoors are the doors: Send, Do and HTTP with Check.
var batchDoors = map[string]batchDoor{
	"Send": func(t *testing.T, c *client.Client, method, path string, body []byte, o client.CallOptions) (string, error) {
		t.Helper()
		resp, err := c.Send(client.With(newRequestOf(t, method, path, bytes.NewReader(body)), o))
		return textOf(t, resp), err
	},
	"Do": func(t *testing.T, c *client.Client, method, path string, body []byte, o client.CallOptions) (string, error) {
		t.Helper()
		value, err := client.Do[json.RawMessage](t.Context(), c, client.Call{
			Method: method, Path: path, Body: body, Header: http.Header{"Content-Type": {"application/json"}}, Options: o,
		})
		return string(value), err
	},
	"HTTP": func(t *testing.T, c *client.Client, method, path string, body []byte, o client.CallOptions) (string, error) {
		t.Helper()
		resp, err := c.HTTP().Do(client.With(newRequestOf(t, method, "http://vendor.test"+path, bytes.NewReader(body)), o))
		if err != nil {
			return "", errors.Unwrap(err)
		}
		err = c.Check(resp)
		return textOf(t, resp), err
	},
}

// textOf returns the body of a response, which it closes.
func textOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	if resp == nil {
		return ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Sprintf("%s, then %v", text, err)
	}
	return string(text)
}

// itemTexts returns the items of an error as "index class action applied".
func itemTexts(err error) []string {
	e, ok := errors.AsType[*apierrors.Error](err)
	if !ok {
		return nil
	}
	var all []string
	for _, i := range e.Items {
		all = append(all, fmt.Sprintf("%d %v %v %v", i.Index, i.Class, i.Action, i.Applied))
	}
	return all
}

// sentIDs returns the ids of each request.
func sentIDs(t *testing.T, srv *retrywisetest.Server) [][]int {
	t.Helper()
	var all [][]int
	for _, r := range srv.Requests() {
		all = append(all, idsIn(t, r.Body))
	}
	return all
}

// picks returns a Split for a batch with these ids.
func picks(ids ...int) func(client.Rest) ([]byte, error) {
	return func(rest client.Rest) ([]byte, error) {
		var some []int
		for _, item := range rest.Items {
			some = append(some, ids[item.Index])
		}
		return orderList(some...), nil
	}
}

// from returns n numbers from the first on.
func from(first, n int) []int {
	var all []int
	for i := range n {
		all = append(all, first+i)
	}
	return slices.Clip(all)
}
