package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
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

// What cannot be sent again in time is told, and the rest is not waited for.
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

// The smaller request has the call's method, headers and options, and a key that is made of its
// key: the same in each run.
func TestSplitSendsAnotherRequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited, isDone), results(isDone))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		req := newRequestOf(t, "POST", "/batch?dry=no", strings.NewReader(string(orderList(10, 11, 12))), "X-Tenant", "a")
		resp, err := c.Send(client.With(req, client.CallOptions{IdempotencyKey: "k", Split: picks(10, 11, 12)}))
		if err != nil || resp.Request.ContentLength != int64(len(orderList(11))) {
			t.Errorf("%v; the response is to %+v", err, resp.Request)
		}
		_ = textOf(t, resp)
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, fmt.Sprintf("%s %s?%s %s key %q", r.Method, r.Path, r.Query, r.Header.Get("X-Tenant"), r.Header.Get("Idempotency-Key")))
		}
		rest := client.KeyFor("k", string(orderList(11)))
		if diff := cmp.Diff([]string{`POST /batch?dry=no a key "k"`, fmt.Sprintf("POST /batch?dry=no a key %q", rest)}, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

// A body that can be read only once is split all the same.
func TestSplitOfAStream(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited), results(isDone))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		req := newRequestOf(t, "POST", "/batch", io.MultiReader(strings.NewReader(string(orderList(10, 11)))))
		resp, err := c.Send(client.With(req, client.CallOptions{Split: picks(10, 11)}))
		_ = textOf(t, resp)
		if diff := cmp.Diff([][]int{{10, 11}, {11}}, sentIDs(t, srv)); diff != "" || err != nil {
			t.Errorf("%v; requests (-want +got):\n%s", err, diff)
		}
	})
}

// A batch that is too large is made smaller by Shrink, and what is left of it by Split; a request
// of Split's is not for Shrink.
func TestSplitBesideShrink(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(413), results(isDone, isLimited), retrywisetest.Status(413))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		o := client.CallOptions{Split: picks(10, 11), Shrink: func(r *http.Request) (*http.Request, error) {
			return http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(string(orderList(10, 11))))
		}}
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11, 12, 13), o)
		if diff := cmp.Diff([][]int{{10, 11, 12, 13}, {10, 11}, {11}}, sentIDs(t, srv)); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"1 too_large surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
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

// A place that the response gives and the request does not have is unknown.
func TestSplitWithAPlaceThatIsNone(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited), results(isDone, isBad))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		o := client.CallOptions{Split: func(client.Rest) ([]byte, error) { return orderList(11, 12), nil }} // one too many
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11), o)
		if diff := cmp.Diff([]string{"-1 validation surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// Each rest has a key of its own, also if it has the same items; the error has the call's.
func TestSplitWithAKey(t *testing.T) {
	for name, tt := range map[string]struct {
		vendor client.Vendor
		keys   []string
	}{
		"any key": {depot(t), []string{
			"k", client.KeyFor("k", string(orderList(11))), client.KeyFor(client.KeyFor("k", string(orderList(11))), string(orderList(11))),
		}},
		"a key of another form": {formOfKeys{depot(t)}, []string{"k", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, results(isDone, isDown), results(isDown), results(isBad))
				c := newClient(t, srv, client.Config{Vendor: tt.vendor})
				_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11), client.CallOptions{IdempotencyKey: "k", Split: picks(10, 11)})
				var keys []string
				for _, r := range srv.Requests() {
					keys = append(keys, r.Header.Get("Idempotency-Key"))
				}
				if diff := cmp.Diff(tt.keys, keys); diff != "" || failure(t, err).IdempotencyKey != "k" {
					t.Errorf("the error has the key %q, want k; requests (-want +got):\n%s", failure(t, err).IdempotencyKey, diff)
				}
			})
		})
	}
}

// formOfKeys is a depot whose keys are short.
type formOfKeys struct{ client.Vendor }

func (f formOfKeys) Profile() policy.Profile {
	p := f.Vendor.Profile()
	p.Idempotency.MaxLength = 8
	return p
}

// Through HTTP(), a rest that fails as a whole does not make the whole batch look like a failure:
// the response is the one that says what is done, and Check has all items.
func TestSplitThroughHTTPKeepsWhatIsDone(t *testing.T) {
	first := `{"results":[` + isDone + `,` + isDown + `]}`
	for name, tt := range map[string]struct {
		answers script
		cfg     client.Config
		item    string
	}{
		"a response":        {script{retrywisetest.JSON(422, `{"code":"BAD"}`)}, client.Config{}, "1 validation surface no"},
		"no response":       {script{retrywisetest.Reset()}, client.Config{}, "1 network retry unknown"},
		"a response in cut": {script{retrywisetest.Cut(results(isDone))}, client.Config{}, "1 malformed_response retry unknown"},
		"a limit":           {script{retrywisetest.Status(429, "Retry-After", "3600")}, client.Config{}, "1 rate_limited defer no"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, append(script{results(isDone, isDown)}, tt.answers...)...)
				tt.cfg.Vendor = depot(t)
				c := newClient(t, srv, tt.cfg)
				hc := c.HTTP()
				hc.Timeout = time.Hour // wraps the body
				resp, err := hc.Do(client.With(newRequest(t, "POST", srv.URL()+"/batch", string(orderList(10, 11))), client.CallOptions{Split: picks(10, 11)}))
				if err != nil {
					t.Fatal(err)
				}
				checked := c.Check(resp)
				if text := textOf(t, resp); resp.StatusCode != 207 || text != first || resp.ContentLength != int64(len(first)) {
					t.Errorf("response %d of %d bytes: %s", resp.StatusCode, resp.ContentLength, text)
				}
				if diff := cmp.Diff([]string{tt.item}, itemTexts(checked)); diff != "" || apierrors.ClassOf(checked) != apierrors.Partial {
					t.Errorf("%v; items (-want +got):\n%s", checked, diff)
				}
			})
		})
	}
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
