package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What becomes of a batch of three items without Split, at each door.
func TestBatch(t *testing.T) {
	first := `{"results":[` + isDone + `,` + isBad + `,` + isLimited + `]}`
	for name, tt := range map[string]struct {
		method   string
		answers  script
		class    apierrors.Class
		applied  apierrors.Applied
		items    []string
		response string // of the last answer; for Send and Do if there is one beside the error
		always   bool   // there is one beside the error
	}{
		"all are done": {"POST", script{results(isDone, isDone, isDone)}, apierrors.None, 0, nil, `{"results":[` + isDone + `,` + isDone + `,` + isDone + `]}`, true},
		"some failed": {
			"POST", script{results(isDone, isBad, isLimited)}, apierrors.Partial, apierrors.AppliedYes,
			[]string{"1 validation surface no", "2 rate_limited throttle no"}, first, true,
		},
		"also if the method is idempotent": {
			"PUT", script{results(isDone, isBad, isLimited)}, apierrors.Partial, apierrors.AppliedYes,
			[]string{"1 validation surface no", "2 rate_limited throttle no"}, first, true,
		},
		"half a list": {
			"POST", script{results(isDone)}, apierrors.Partial, apierrors.AppliedYes,
			[]string{"1 malformed_response retry unknown", "2 malformed_response retry unknown"}, `{"results":[` + isDone + `]}`, true,
		},
		"what is accepted is done": {"POST", script{results(isDone, isThere, isDone)}, apierrors.None, 0, nil, `{"results":[` + isDone + `,` + isThere + `,` + isDone + `]}`, true},
		"nothing was executed": {
			"POST", script{results(isLimited, isDown, isLimited), results(isDone, isDone, isDone)}, apierrors.None, 0, nil,
			`{"results":[` + isDone + `,` + isDone + `,` + isDone + `]}`, true,
		},
		"nothing was executed, again and again": {
			"POST", script{results(isDown, isDown, isDown), results(isDown, isDown, isDown), results(isDown, isDown, isDown), results(isDown, isDown, isDown)},
			apierrors.ServerError, apierrors.AppliedNo,
			[]string{"0 server_error retry no", "1 server_error retry no", "2 server_error retry no"}, `{"results":[` + isDown + `,` + isDown + `,` + isDown + `]}`, false,
		},
		"a response that says nothing": {
			"POST", script{retrywisetest.JSON(200, `{"results":[{"sta`)}, apierrors.MalformedResponse, apierrors.AppliedUnknown,
			[]string{"0 malformed_response retry unknown", "1 malformed_response retry unknown", "2 malformed_response retry unknown"}, `{"results":[{"sta`, false,
		},
		"that of a batch that may be repeated": {
			"PUT", script{retrywisetest.JSON(200, `{"results":[{"sta`), results(isDone, isDone, isDone)}, apierrors.None, 0, nil,
			`{"results":[` + isDone + `,` + isDone + `,` + isDone + `]}`, true,
		},
		"a batch that failed as a whole": {"POST", script{retrywisetest.JSON(422, `{"code":"BAD"}`)}, apierrors.Validation, apierrors.AppliedNo, nil, `{"code":"BAD"}`, false},
	} {
		for by, send := range batchDoors {
			t.Run(name+"/"+by, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.New(t, tt.answers...)
					c := newClient(t, srv, client.Config{Vendor: depot(t)})
					response, err := send(t, c, tt.method, "/batch", orderList(7, 8, 9), client.CallOptions{Op: "orders.import"})
					if apierrors.ClassOf(err) != tt.class {
						t.Fatalf("class %v; want %v: %v", apierrors.ClassOf(err), tt.class, err)
					}
					if e, ok := errors.AsType[*apierrors.Error](err); ok && e.Applied != tt.applied {
						t.Errorf("applied %v; want %v", e.Applied, tt.applied)
					}
					if diff := cmp.Diff(tt.items, itemTexts(err)); diff != "" {
						t.Errorf("items (-want +got):\n%s", diff)
					}
					want := tt.response
					if by != "HTTP" && !tt.always {
						want = ""
					}
					if diff := cmp.Diff(want, response); diff != "" {
						t.Errorf("response (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// An answer to a batch that is cut proves nothing about any item, at each door.
func TestBatchThatIsCut(t *testing.T) {
	all := []string{"0 malformed_response retry unknown", "1 malformed_response retry unknown"}
	for method, tt := range map[string]struct {
		requests int
		items    []string
	}{"POST": {1, all}, "PUT": {2, nil}} {
		for by, send := range batchDoors {
			t.Run(method+"/"+by, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					answers := script{retrywisetest.Cut(results(isDone, isDone)), results(isDone, isDone)}
					srv := retrywisetest.New(t, answers[:tt.requests]...)
					c := newClient(t, srv, client.Config{Vendor: depot(t)})
					_, err := send(t, c, method, "/batch", orderList(7, 8), client.CallOptions{Split: picks(7, 8)})
					if diff := cmp.Diff(tt.items, itemTexts(err)); diff != "" || (err == nil) != (tt.items == nil) {
						t.Errorf("%v; items (-want +got):\n%s", err, diff)
					}
					if e, ok := errors.AsType[*apierrors.Error](err); ok && (e.Applied != apierrors.AppliedUnknown || e.Stop != apierrors.StopUnsafe) {
						t.Errorf("applied %v, stop %v; want unknown, unsafe", e.Applied, e.Stop)
					}
				})
			})
		}
	}
}

// A whole document whose end is missing on the wire says how all items ended, or not.
func TestBatchThatBreaksOffAfterItsDocument(t *testing.T) {
	for body, want := range map[string][]string{
		`{"results":[` + isDone + `,` + isBad + `]}`:  {"1 validation surface no"},
		`{"results":[` + isDone + `,` + isDone + `]}`: nil,
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(body)+1))
				_, _ = io.WriteString(w, body)
			})
			c := newClient(t, srv, client.Config{Vendor: depot(t)})
			_, err := batchDoors["Do"](t, c, "POST", "/batch", orderList(7, 8), client.CallOptions{})
			e := failure(t, err)
			if diff := cmp.Diff(want, itemTexts(err)); diff != "" || e.Applied == apierrors.AppliedNo {
				t.Errorf("applied %v; items (-want +got):\n%s", e.Applied, diff)
			}
		})
	}
}

// The text, JSON and log of the error have the places of the items and none of the vendor's
// words.
func TestBatchErrorText(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isBad, isLimited))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		_, err := batchDoors["Do"](t, c, "POST", "/batch", orderList(7, 8, 9), client.CallOptions{Op: "orders.import"})
		if diff := cmp.Diff("depot orders.import: partial (207); items 1, 2; applied: yes", err.Error()); diff != "" {
			t.Errorf("text (-want +got):\n%s", diff)
		}
		e := failure(t, err)
		asJSON, _ := json.Marshal(e)
		if printed := fmt.Sprintf("%+v %s", *e, asJSON); strings.Contains(printed, "Jane") || !strings.Contains(printed, `"index":1`) {
			t.Errorf("printed %s", printed)
		}
		want := apierrors.Item{
			Index: 1, Status: 422, Code: "BAD", Summary: "The item is bad", Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo,
			Fields: []apierrors.Field{{Path: "size", Code: "BAD", Message: "Jane's"}},
		}
		if diff := cmp.Diff(want, e.Items[0]); diff != "" {
			t.Errorf("item (-want +got):\n%s", diff)
		}
		if e.Items[1].Wait != 3*time.Second || apierrors.Temporary(e) {
			t.Errorf("wait %v, temporary %v; want 3s, false", e.Items[1].Wait, apierrors.Temporary(e))
		}
	})
}

// A code of an item that repeats what went out with the request is not printed.
func TestBatchErrorHasNoSecret(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, `{"status":422,"code":"s3cretvalue","field":"s3cretvalue"}`, `{"status":422,"code":"s3cretvalue"}`))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		req := newRequest(t, "POST", "/batch", string(orderList(1, 2, 3)), "X-Api-Key", "s3cretvalue")
		resp, err := c.Send(req)
		_ = textOf(t, resp)
		for _, item := range failure(t, err).Items {
			if text := fmt.Sprintf("%s %v", item.Code, item.Fields); strings.Contains(text, "s3cret") {
				t.Errorf("item %d holds %s", item.Index, text)
			}
		}
	})
}

// Items by key have their place as well.
func TestBatchByKey(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.JSON(207, `{"errors":[{"id":9,"status":429,"headers":{}},{"id":7,"code":"BAD"},{"id":8,"code":"DOWN"}]}`),
			retrywisetest.JSON(207, `{"errors":[{"id":9,"code":"BAD"}]}`),
		)
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		_, err := batchDoors["Do"](t, c, "POST", "/keyed", orderList(6, 7, 8, 9), client.CallOptions{Split: picks(6, 7, 8, 9)})
		if diff := cmp.Diff([]string{"1 validation surface no", "3 validation surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
		if e := failure(t, err); e.Items[1].Key != "9" {
			t.Errorf("key %q; want 9", e.Items[1].Key)
		}
		if diff := cmp.Diff([][]int{{6, 7, 8, 9}, {8, 9}}, sentIDs(t, srv)); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

// Without a body that can be read again, the size of the batch is not known.
func TestBatchOfUnknownSize(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isBad))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		req := newRequestOf(t, "POST", "/batch", io.MultiReader(strings.NewReader(string(orderList(1, 2, 3)))))
		resp, err := c.Send(req)
		_ = textOf(t, resp)
		if diff := cmp.Diff([]string{"1 validation surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// Bodies in gzip are read like others, in both directions.
func TestBatchInGzip(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Body(207, "application/json", zipped(`{"results":[`+isDone+`,`+isBad+`]}`), "Content-Encoding", "gzip"))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		resp, err := c.Send(newRequest(t, "POST", "/batch", zipped(string(orderList(1, 2, 3))), "Content-Encoding", "gzip", "Accept-Encoding", "gzip"))
		_ = textOf(t, resp)
		if diff := cmp.Diff([]string{"1 validation surface no", "2 malformed_response retry unknown"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// Of a response that is too long, nothing is known of the items; it can be read all the same.
func TestBatchWithALongResponse(t *testing.T) {
	long := `{"results":[` + isDone + `,` + isDone + `],"more":"` + strings.Repeat("x", 9<<20) + `"}`
	for by, send := range batchDoors {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.JSON(200, long))
			c := newClient(t, srv, client.Config{Vendor: depot(t)})
			response, err := send(t, c, "PUT", "/batch", orderList(7, 8), client.CallOptions{})
			want := []string{"0 malformed_response retry unknown", "1 malformed_response retry unknown"}
			if diff := cmp.Diff(want, itemTexts(err)); diff != "" || !strings.Contains(err.Error(), "longer than 8 MiB") {
				t.Errorf("%s: %v; items (-want +got):\n%s", by, err, diff)
			}
			if by == "HTTP" && response != long {
				t.Errorf("the response has %d bytes; want %d", len(response), len(long))
			}
		})
	}
}

// Check judges the response of another client to a batch.
func TestCheckOtherResponseToABatch(t *testing.T) {
	c := newClient(t, nil, client.Config{Vendor: depot(t), BaseURL: "http://vendor.test", Transport: silent{}})
	body := `{"results":[` + isDone + `,` + isBad + `]}`
	for sent, want := range map[string][]string{
		string(orderList(1, 2)):    {"1 validation surface no"},
		string(orderList(1, 2, 3)): {"1 validation surface no", "2 malformed_response retry unknown"},
		"":                         {"1 validation surface no"},
	} {
		resp := &http.Response{
			StatusCode: 207, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
			Request: newRequest(t, "POST", "http://vendor.test/batch", sent),
		}
		if diff := cmp.Diff(want, itemTexts(c.Check(resp))); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
		if text := textOf(t, resp); text != body {
			t.Errorf("after Check, the body is %q", text)
		}
	}
}

// 10,000 items are told, and those beyond are counted.
func TestBatchOf10000Items(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		for size, omitted := range map[int]int{10_000: 0, 10_100: 99} {
			entries := strings.Split(strings.Repeat(isBad+" ", size-1)+isDone, " ")
			srv := retrywisetest.New(t, results(entries...))
			c := newClient(t, srv, client.Config{Vendor: depot(t)})
			start := time.Now()
			_, err := batchDoors["Do"](t, c, "POST", "/batch", orderList(from(1, size)...), client.CallOptions{})
			e := failure(t, err)
			if len(e.Items) != min(size-1, 10_000) || e.ItemsOmitted != omitted || e.Applied != apierrors.AppliedYes {
				t.Errorf("%d items and %d more, applied %v; want %d and %d, yes", len(e.Items), e.ItemsOmitted, e.Applied, min(size-1, 10_000), omitted)
			}
			if !strings.Contains(e.Error(), fmt.Sprintf("items 0, 1, 2, 3, 4 and %d more", size-6)) || time.Since(start) != 0 {
				t.Errorf("text %q", e.Error())
			}
		}
	})
}

// An observer sees that a part of the batch failed.
func TestObserverOfABatch(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var seen []string
		note := func(class apierrors.Class, action apierrors.Action, applied apierrors.Applied) {
			seen = append(seen, fmt.Sprintf("%v %v %v", class, action, applied))
		}
		srv := retrywisetest.New(t, results(isDone, isLimited), results(isBad))
		c := newClient(t, srv, client.Config{Vendor: depot(t), Observer: client.Observer{
			AttemptEnd: func(_ context.Context, e client.AttemptEvent) { note(e.Class, e.Action, e.Applied) },
			CallEnd:    func(_ context.Context, e client.CallEvent) { note(e.Class, e.Action, e.Applied) },
		}})
		_, _ = batchDoors["Do"](t, c, "POST", "/batch", orderList(7, 8), client.CallOptions{Split: picks(7, 8)})
		if diff := cmp.Diff([]string{"partial shrink yes", "partial surface no", "partial surface yes"}, seen); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// A response that is not of the type of the value leaves the items as they are.
func TestBatchWhoseValueDoesNotDecode(t *testing.T) {
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		class  apierrors.Class
		items  []string
	}{
		"all are done": {results(isDone), apierrors.MalformedResponse, nil},
		"some failed":  {results(isBad), apierrors.Partial, []string{"0 validation surface no"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answer)
				c := newClient(t, srv, client.Config{Vendor: depot(t)})
				n, err := client.Do[int](t.Context(), c, client.Call{Method: "POST", Path: "/batch", Body: orders{[]order{{1}}}})
				if diff := cmp.Diff(tt.items, itemTexts(err)); diff != "" || n != 0 {
					t.Errorf("value %d; items (-want +got):\n%s", n, diff)
				}
				if e := failure(t, err); e.Class != tt.class || e.Err == nil {
					t.Errorf("class %v, cause %v; want %v, that of the decoding", e.Class, e.Err, tt.class)
				}
			})
		})
	}
}

// If what was sent cannot be read again as it was, the response alone says what failed.
func TestBatchWhoseRequestCannotBeReadAgain(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"GetBody fails": func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, errOfTheTest } },
		"no body":       func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, nil } },
		"too long": func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(strings.Repeat(" ", 9<<20))), nil }
		},
		"unknown coding": func(r *http.Request) { r.Header.Set("Content-Encoding", "rot13") },
		"a body in pieces": func(r *http.Request) {
			r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(&breaks{}), nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, results(isDone, isBad))
				c := newClient(t, srv, client.Config{Vendor: depot(t)})
				req := newRequest(t, "POST", "/batch", string(orderList(1, 2, 3)))
				change(req)
				resp, err := c.Send(req)
				_ = textOf(t, resp)
				if diff := cmp.Diff([]string{"1 validation surface no"}, itemTexts(err)); diff != "" {
					t.Errorf("items (-want +got):\n%s", diff)
				}
			})
		})
	}
}
