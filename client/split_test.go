package client_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// How a batch of the orders 10 to 14 ends whose rest is sent again, at each door. The first answer
// refuses one item, two may be sent again after 3 s, and two are done.
func TestSplit(t *testing.T) {
	first := results(isDone, isBad, isLimited, isDone, isDown)
	isReset := retrywisetest.Reset()
	for name, tt := range map[string]struct {
		method  string
		answers script // after the first
		items   []string
		stop    apierrors.Stop
		cause   apierrors.Class // that the error wraps
		sent    [][]int         // after the first
	}{
		"the rest is done": {"POST", script{results(isDone, isDone)}, []string{"1 validation surface no"}, apierrors.StopPermanent, apierrors.None, [][]int{{12, 14}}},
		"one of the rest is refused": {
			"POST", script{results(isDone, isBad)}, []string{"1 validation surface no", "4 validation surface no"}, apierrors.StopPermanent, apierrors.None, [][]int{{12, 14}},
		},
		"a rest of the rest": {
			"POST", script{results(isLimited, isBad), results(isBad)},
			[]string{"1 validation surface no", "2 validation surface no", "4 validation surface no"}, apierrors.StopPermanent, apierrors.None, [][]int{{12, 14}, {12}},
		},
		"the rest is limited as a whole": {
			"POST", script{results(isLimited, isLimited), results(isDone, isDone)}, []string{"1 validation surface no"}, apierrors.StopPermanent, apierrors.None, [][]int{{12, 14}, {12, 14}},
		},
		"the rest is refused as a whole": {
			"POST", script{retrywisetest.JSON(422, `{"code":"BAD"}`)},
			[]string{"1 validation surface no", "2 validation surface no", "4 validation surface no"}, apierrors.StopPermanent, apierrors.Validation, [][]int{{12, 14}},
		},
		"the rest ends in doubt": {
			"POST", script{isReset},
			[]string{"1 validation surface no", "2 network retry unknown", "4 network retry unknown"}, apierrors.StopUnsafe, apierrors.Network, [][]int{{12, 14}},
		},
		"a repeatable rest goes on": {
			"PUT", script{isReset, results(isDone, isDone)}, []string{"1 validation surface no"}, apierrors.StopPermanent, apierrors.None, [][]int{{12, 14}, {12, 14}},
		},
		"attempts run out": {
			"POST", script{retrywisetest.JSON(500, `{"code":"DOWN"}`), retrywisetest.JSON(500, `{"code":"DOWN"}`), retrywisetest.JSON(500, `{"code":"DOWN"}`)},
			[]string{"1 validation surface no", "2 server_error retry no", "4 server_error retry no"}, apierrors.StopAttempts, apierrors.ServerError, [][]int{{12, 14}, {12, 14}, {12, 14}},
		},
		"the rest has half a list": {
			"POST", script{results(isDone)}, []string{"1 validation surface no", "4 malformed_response retry unknown"}, apierrors.StopPermanent, apierrors.None, [][]int{{12, 14}},
		},
	} {
		for by, send := range batchDoors {
			t.Run(name+"/"+by, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.New(t, append(script{first}, tt.answers...)...)
					c := newClient(t, srv, client.Config{Vendor: depot(t)})
					_, err := send(t, c, tt.method, "/batch", orderList(from(10, 5)...), client.CallOptions{Split: picks(from(10, 5)...)})
					e := failure(t, err)
					if diff := cmp.Diff(tt.items, itemTexts(e)); diff != "" {
						t.Errorf("items (-want +got):\n%s", diff)
					}
					if e.Class != apierrors.Partial || e.Applied != apierrors.AppliedYes || e.Stop != tt.stop || apierrors.ClassOf(e.Err) != tt.cause {
						t.Errorf("class %v, applied %v, stop %v, cause %v; want partial, yes, %v, %v", e.Class, e.Applied, e.Stop, e.Err, tt.stop, tt.cause)
					}
					if diff := cmp.Diff(append([][]int{from(10, 5)}, tt.sent...), sentIDs(t, srv)); diff != "" {
						t.Errorf("requests (-want +got):\n%s", diff)
					}
					if len(e.Attempts) != len(srv.Requests()) || srv.Gaps()[0] < 3*time.Second || apierrors.Temporary(e) {
						t.Errorf("%d attempts of %d requests, gaps %v, temporary %v", len(e.Attempts), len(srv.Requests()), srv.Gaps(), apierrors.Temporary(e))
					}
				})
			})
		}
	}
}

// A rest that is done ends the call without an error; the caller gets the last response.
func TestSplitThatSucceeds(t *testing.T) {
	for by, send := range batchDoors {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, results(isDone, isLimited, isDown), results(isDone, isDone))
			c := newClient(t, srv, client.Config{Vendor: depot(t)})
			response, err := send(t, c, "POST", "/batch", orderList(10, 11, 12), client.CallOptions{Split: picks(10, 11, 12)})
			if want := `{"results":[` + isDone + `,` + isDone + `]}`; err != nil || response != want {
				t.Errorf("%s: %s, error %v; want %s", by, response, err, want)
			}
		})
	}
}

// If the rest shows that every call would fail, the job is to stop.
func TestSplitThatShowsThatEveryCallFails(t *testing.T) {
	for by, send := range batchDoors {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, results(isDone, isDown), retrywisetest.Status(403))
			c := newClient(t, srv, client.Config{Vendor: depot(t)})
			_, err := send(t, c, "POST", "/batch", orderList(10, 11), client.CallOptions{Split: picks(10, 11)})
			e := failure(t, err)
			if diff := cmp.Diff([]string{"1 permission fail_fast no"}, itemTexts(e)); diff != "" || e.Class != apierrors.Partial || e.Action != apierrors.FailFast {
				t.Errorf("%s: class %v, action %v; items (-want +got):\n%s", by, e.Class, e.Action, diff)
			}
		})
	}
}

// What Split is told.
func TestSplitGetsTheRest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited, isDown), results(isDone, isDone))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		var got client.Rest
		split := func(rest client.Rest) ([]byte, error) {
			got = rest
			got.Items = slices.Clone(rest.Items)
			clear(rest.Items) // what the caller does with it has no effect
			return orderList(11, 12), nil
		}
		if _, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11, 12), client.CallOptions{Split: split}); err != nil {
			t.Error(err)
		}
		want := client.Rest{
			Items: []apierrors.Item{
				{Index: 1, Status: 429, Class: apierrors.RateLimited, Action: apierrors.Throttle, Applied: apierrors.AppliedNo, Wait: 3 * time.Second},
				{Index: 2, Status: 500, Code: "DOWN", Summary: "The item is not executed", Class: apierrors.ServerError, Action: apierrors.Retry, Applied: apierrors.AppliedNo, Fields: []apierrors.Field{{Code: "DOWN"}}},
			},
			Wait: 3 * time.Second, Response: []byte(`{"results":[` + isDone + `,` + isLimited + `,` + isDown + `]}`),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rest (-want +got):\n%s", diff)
		}
	})
}

// A Split that gives nothing ends the call with all items, and the response.
func TestSplitThatGivesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		split func(client.Rest) ([]byte, error)
		err   error
	}{
		"nil":   {func(client.Rest) ([]byte, error) { return nil, nil }, nil},
		"error": {func(client.Rest) ([]byte, error) { return nil, errOfTheTest }, errOfTheTest},
	} {
		for by, send := range batchDoors {
			t.Run(name+"/"+by, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.New(t, results(isDone, isLimited, isBad))
					c := newClient(t, srv, client.Config{Vendor: depot(t)})
					response, err := send(t, c, "POST", "/batch", orderList(10, 11, 12), client.CallOptions{Split: tt.split})
					if diff := cmp.Diff([]string{"1 rate_limited throttle no", "2 validation surface no"}, itemTexts(err)); diff != "" {
						t.Errorf("items (-want +got):\n%s", diff)
					}
					if e := failure(t, err); !errors.Is(e.Err, tt.err) || e.Class != apierrors.Partial || !strings.Contains(response, "results") {
						t.Errorf("class %v, cause %v, response %q; want partial, %v, the response", e.Class, e.Err, response, tt.err)
					}
				})
			})
		}
	}
}
