package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The caller gives up, or the deadline ends, while the rest waits: the items say so.
func TestSplitThatIsInterrupted(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isDown, isBad))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		ctx, cancel := context.WithCancel(t.Context())
		split := func(client.Rest) ([]byte, error) {
			cancel()
			return orderList(11), nil
		}
		req := client.With(newRequest(t, "POST", "/batch", string(orderList(10, 11, 12))).WithContext(ctx), client.CallOptions{Split: split})
		resp, err := c.Send(req)
		if resp != nil {
			_ = textOf(t, resp)
			t.Error("there is a response, although the latest request was not sent")
		}
		if diff := cmp.Diff([]string{"1 canceled none no", "2 validation surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
		if e := failure(t, err); e.Class != apierrors.Partial || e.Stop != apierrors.StopCanceled || !errors.Is(err, context.Canceled) || !errors.Is(err, apierrors.Canceled) {
			t.Errorf("class %v, stop %v: %v", e.Class, e.Stop, err)
		}
	})
}

// The caller gives up while the response to a batch is read, or to its rest: what it says of the
// items is not lost.
func TestBatchThatIsInterrupted(t *testing.T) {
	for name, tt := range map[string]struct {
		before script
		o      client.CallOptions
		items  []string
	}{
		"a batch": {nil, client.CallOptions{}, []string{"0 validation surface no", "1 validation surface no"}},
		"a rest":  {script{results(isDown, isDone, isBad, isDown)}, client.CallOptions{Split: picks(10, 11, 12, 13)}, []string{"0 validation surface no", "2 validation surface no", "3 validation surface no"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				srv := retrywisetest.New(t, append(tt.before, results(isBad, isBad))...)
				c := newClient(t, srv, client.Config{Vendor: lastly{depot(t), cancel}})
				req := newRequest(t, "POST", "/batch", string(orderList(10, 11, 12, 13))).WithContext(ctx)
				resp, err := c.Send(client.With(req, tt.o))
				_ = textOf(t, resp)
				if diff := cmp.Diff(tt.items, itemTexts(err)[:len(tt.items)]); diff != "" || !errors.Is(err, context.Canceled) {
					t.Errorf("%v; items (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

// lastly cancels a context while it decodes a response with two bad items.
type lastly struct {
	client.Vendor
	cancel func()
}

func (l lastly) Decode(a policy.Answer) *policy.Failure {
	if bytes.Count(a.Body, []byte("BAD")) == 2 {
		l.cancel()
	}
	return l.Vendor.Decode(a)
}

// What cannot be sent again in time is reported, and the rest is not waited for.
func TestSplitWithinTheDeadline(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		o := client.CallOptions{Split: picks(10, 11), MaxWait: new(time.Second)}
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11), o)
		e := failure(t, err)
		if diff := cmp.Diff([]string{"1 rate_limited defer no"}, itemTexts(e)); diff != "" || e.Stop != apierrors.StopMaxWait || e.Items[0].Wait != 3*time.Second {
			t.Errorf("stop %v, wait %v; items (-want +got):\n%s", e.Stop, e.Items[0].Wait, diff)
		}
	})
}

// An item whose repetition does no harm is sent again although it may have been executed. If it is
// refused then, that stays open.
func TestSplitOfItemsThatMayHaveBeenExecuted(t *testing.T) {
	for name, tt := range map[string]struct {
		o     client.CallOptions
		items []string
		n     int // of requests
	}{
		"not repeatable":               {client.CallOptions{}, []string{"1 server_error retry unknown"}, 1},
		"repeatable":                   {client.CallOptions{Repeatable: true}, []string{"1 validation surface unknown"}, 2},
		"a key, which is of the whole": {client.CallOptions{IdempotencyKey: "k"}, []string{"1 server_error retry unknown"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, script{results(isDone, isBroken), results(isBad)}[:tt.n]...)
				c := newClient(t, srv, client.Config{Vendor: depot(t)})
				tt.o.Split = picks(10, 11)
				_, err := batchDoors["Do"](t, c, "POST", "/batch", orderList(10, 11), tt.o)
				if diff := cmp.Diff(tt.items, itemTexts(err)); diff != "" {
					t.Errorf("items (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A rest counts in limits as its share of the batch: after a batch of 100 units of 100 a minute, a
// rest of one goes at once, and not after a minute.
func TestSplitWeighsLess(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		entries := slices.Repeat([]string{isDone}, 100)
		entries[7] = isDown
		srv := retrywisetest.New(t, results(entries...), results(isDone))
		v := depot(t)
		limit := policy.Limit{Name: "items", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 100, Per: time.Minute}, Burst: 100}
		c := newClient(t, srv, client.Config{Vendor: v, Policy: new(v.Policy().WithLimit(limit))})
		o := client.CallOptions{Split: picks(from(0, 100)...), Weight: 100}
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(from(0, 100)...), o)
		if err != nil || srv.Gaps()[0] > 2*time.Second {
			t.Errorf("gap %v, error %v; want one below 2s", srv.Gaps(), err)
		}
	})
}

// A rest that meets limits is sent ten times at most, as a request that does: here, each response
// says that one more item is done.
func TestSplitOfItemsThatMeetALimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			limited := `{"status":429,"headers":{"Retry-After":"1"}}`
			results(append([]string{isDone}, slices.Repeat([]string{limited}, len(idsIn(t, body))-1)...)...)(w, r)
		}))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(from(0, 20)...), client.CallOptions{Split: picks(from(0, 20)...)})
		e := failure(t, err)
		if n := len(srv.Requests()); n != 10 || len(e.Items) != 10 || e.Items[0].Index != 10 || e.Items[0].Stop != apierrors.StopAttempts || !e.Items[0].Temporary() {
			t.Errorf("%d requests, then %v; want 10, and the items from 10 on", n, err)
		}
	})
}
