package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// batchOf returns the failure of a batch of size items, of which these failed, the first one at
// index 0.
func batchOf(size int, items ...policy.Failure) policy.Failure {
	b := &policy.Batch{Size: size}
	for i, f := range items {
		b.Items = append(b.Items, policy.BatchItem{Index: i, Failure: f})
	}
	return policy.Failure{Status: 200, Batch: b}
}

// noEntry is the failure of an item that the response says nothing about.
var noEntry = policy.Failure{Class: apierrors.MalformedResponse, Applied: apierrors.AppliedUnknown, Cause: "no entry", Status: 200}

// limited is the failure of an item that met a limit.
func limited(wait time.Duration) policy.Failure { return policy.Failure{Status: 429, Wait: wait} }

// itemsText returns the items of a decision as "index class action applied wait", with a + before
// those that are sent again.
func itemsText(d policy.Decision) []string {
	var all []string
	for i, item := range d.Items {
		text := fmt.Sprintf("%d %v %v %v", item.Index, item.Class, item.Action, item.Applied)
		if item.Stop == apierrors.StopUnsafe {
			text += " unsafe"
		}
		if item.Wait > 0 {
			text += " " + item.Wait.String()
		}
		if slices.Contains(d.Again, i) {
			text = "+" + text
		}
		all = append(all, text)
	}
	return all
}

func TestDecideBatch(t *testing.T) {
	for name, tt := range map[string]struct {
		failure policy.Failure
		state   policy.State
		want    verdict // without Rule
		applied apierrors.Applied
		items   []string
	}{
		"a refused record is told, and the others are done": {
			batchOf(3, withCodes(400, "BAD")), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 validation surface no"},
		},
		"without Split, what may be sent again is told": {
			batchOf(3, withCodes(400, "BAD"), limited(7*time.Second)), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 validation surface no", "1 rate_limited throttle no 7s"},
		},
		"with Split, that is sent again after the longest wait": {
			batchOf(4, limited(3*time.Second), withCodes(400, "BAD"), limited(7*time.Second)), policy.State{Method: "POST", CanSplit: true},
			verdict{Retry: true, Delay: 7 * time.Second, Class: apierrors.Partial, Act: apierrors.Shrink}, apierrors.AppliedYes,
			[]string{"+0 rate_limited throttle no 3s", "1 validation surface no", "+2 rate_limited throttle no 7s"},
		},
		"an item that may have been executed is not sent again": {
			batchOf(3, policy.Failure{Status: 502}, noEntry), policy.State{Method: "POST", CanSplit: true},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 server_error retry unknown unsafe", "1 malformed_response retry unknown unsafe"},
		},
		"a read says how the items of a write ended, which is not known to be repeatable": {
			batchOf(0, policy.Failure{Status: 200, Cause: "it failed"}, noEntry, policy.Failure{Status: 200, Refused: true}, limited(7*time.Second)),
			policy.State{Method: "GET", CanSplit: true, Repeatable: true, Before: policy.InDoubt},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 unknown surface unknown", "1 malformed_response retry unknown unsafe", "2 unknown surface no", "3 rate_limited throttle no 7s"},
		},
		"it is if the caller says that it is repeatable": {
			batchOf(3, policy.Failure{Status: 502}, noEntry), policy.State{Method: "POST", CanSplit: true, Repeatable: true},
			verdict{Retry: true, Class: apierrors.Partial, Act: apierrors.Shrink}, apierrors.AppliedYes,
			[]string{"+0 server_error retry unknown", "+1 malformed_response retry unknown"},
		},
		"or if the method is idempotent": {
			batchOf(3, policy.Failure{Status: 502}), policy.State{Method: "PUT", CanSplit: true},
			verdict{Retry: true, Class: apierrors.Partial, Act: apierrors.Shrink}, apierrors.AppliedYes,
			[]string{"+0 server_error retry unknown"},
		},
		"a key is of the whole batch, and protects no item": {
			batchOf(3, policy.Failure{Status: 502}), policy.State{Method: "POST", CanSplit: true, HasKey: true},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 server_error retry unknown unsafe"},
		},
		"a batch of which nothing was executed is repeated as a whole": {
			batchOf(2, withCodes(500, "DOWN"), limited(7*time.Second)), policy.State{Method: "POST"},
			verdict{Retry: true, Delay: 7 * time.Second, Class: apierrors.RateLimited, Act: apierrors.Throttle}, apierrors.AppliedNo,
			[]string{"0 server_error retry no", "1 rate_limited throttle no 7s"},
		},
		"so it is with Split": {
			batchOf(2, limited(time.Second), limited(7*time.Second)), policy.State{Method: "POST", CanSplit: true},
			verdict{Retry: true, Delay: 7 * time.Second, Class: apierrors.RateLimited, Act: apierrors.Throttle}, apierrors.AppliedNo,
			[]string{"0 rate_limited throttle no 1s", "1 rate_limited throttle no 7s"},
		},
		"with Split, a body that can be read once is replaced": {
			batchOf(2, limited(time.Second), limited(7*time.Second)), policy.State{Method: "POST", CanSplit: true, OneShotBody: true},
			verdict{Retry: true, Delay: 7 * time.Second, Class: apierrors.Partial, Act: apierrors.Shrink}, apierrors.AppliedNo,
			[]string{"+0 rate_limited throttle no 1s", "+1 rate_limited throttle no 7s"},
		},
		"under a key, the vendor would return the same response": {
			batchOf(2, limited(time.Second), limited(7*time.Second)), policy.State{Method: "POST", HasKey: true},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedNo,
			[]string{"0 rate_limited throttle no 1s", "1 rate_limited throttle no 7s"},
		},
		"a batch of which nothing was executed, without attempts left": {
			batchOf(2, withCodes(500, "DOWN"), withCodes(500, "DOWN")), policy.State{Method: "POST", Attempts: 4, CanSplit: true},
			verdict{Stop: apierrors.StopAttempts, Class: apierrors.ServerError, Act: apierrors.Retry}, apierrors.AppliedNo,
			[]string{"0 server_error retry no", "1 server_error retry no"},
		},
		"of unknown size, a batch is not repeated as a whole": {
			batchOf(0, limited(time.Second)), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 rate_limited throttle no 1s"},
		},
		"all records are refused": {
			batchOf(2, withCodes(400, "BAD"), withCodes(400, "BAD")), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedNo,
			[]string{"0 validation surface no", "1 validation surface no"},
		},
		"nothing is done, and one item is in doubt": {
			batchOf(2, withCodes(400, "BAD"), noEntry), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedUnknown,
			[]string{"0 validation surface no", "1 malformed_response retry unknown unsafe"},
		},
		"a quota frees up later": {
			batchOf(2, withCodes(400, "BUSY")), policy.State{Method: "POST", CanSplit: true},
			verdict{Stop: apierrors.StopMaxWait, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 quota_exceeded defer no 5m0s"},
		},
		"a part can go before the rest of a refused batch": {
			batchOf(2, withCodes(400, "BUSY"), limited(time.Second)), policy.State{Method: "POST", CanSplit: true},
			verdict{Retry: true, Delay: time.Second, Class: apierrors.Partial, Act: apierrors.Shrink}, apierrors.AppliedNo,
			[]string{"0 quota_exceeded defer no 5m0s", "+1 rate_limited throttle no 1s"},
		},
		"attempts run out": {
			batchOf(2, withCodes(500, "DOWN")), policy.State{Method: "POST", CanSplit: true, Attempts: 4},
			verdict{Stop: apierrors.StopAttempts, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 server_error retry no"},
		},
		"a wait that ends after the deadline is not begun": {
			batchOf(2, limited(time.Minute)), policy.State{Method: "POST", CanSplit: true, Remaining: time.Second},
			verdict{Stop: apierrors.StopDeadline, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 rate_limited defer no 1m0s"},
		},
		"the budget is used up": {
			batchOf(2, withCodes(500, "DOWN")), policy.State{Method: "POST", CanSplit: true, OutOfBudget: true},
			verdict{Stop: apierrors.StopBudget, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 server_error retry no"},
		},
		"what is accepted is done": {
			batchOf(2, withCodes(409, "THERE"), withCodes(400, "BAD")), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"1 validation surface no"},
		},
		"all that failed is accepted": {
			batchOf(2, withCodes(409, "THERE")), policy.State{Method: "POST"},
			verdict{Class: apierrors.Partial, Act: apierrors.Accept}, apierrors.AppliedYes, nil,
		},
		"an earlier request explains only the items that it may have executed": {
			batchOf(2, withCodes(409, "TAKEN"), withCodes(409, "TAKEN")), policy.State{Method: "POST", ItemsBefore: []policy.Outcome{policy.InDoubt, policy.NotApplied}},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"1 already_exists surface no"},
		},
		"an earlier attempt of the same batch explains all": {
			batchOf(2, withCodes(409, "TAKEN")), policy.State{Method: "POST", Before: policy.InDoubt, ItemsBefore: []policy.Outcome{policy.NotApplied}},
			verdict{Class: apierrors.Partial, Act: apierrors.Accept}, apierrors.AppliedYes, nil,
		},
		"an item that is refused after an attempt without a response": {
			batchOf(2, withCodes(400, "BAD")), policy.State{Method: "POST", Before: policy.InDoubt},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 validation surface unknown"},
		},
		"under a key, all attempts are one request": {
			batchOf(2, withCodes(400, "BAD")), policy.State{Method: "POST", Before: policy.InDoubt, HasKey: true, KeyLeft: time.Hour},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 validation surface no"},
		},
		"unless the vendor has forgotten it": {
			batchOf(2, withCodes(400, "BAD")), policy.State{Method: "POST", Before: policy.InDoubt, HasKey: true, KeyLeft: -1},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 validation surface unknown"},
		},
		"a credential that is refused for an item is not renewed": {
			batchOf(2, policy.Failure{Status: 401}), policy.State{Method: "POST", CanRefresh: true, CanSplit: true},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 authentication fail_fast no"},
		},
		"a 2xx without a status for the item proves nothing": {
			batchOf(2, policy.Failure{Status: 200, Items: []apierrors.Field{{Code: "BAD"}}}), policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedYes,
			[]string{"0 validation surface unknown"},
		},
		"unless the vendor's data says that the item was refused": {
			batchOf(2, policy.Failure{Status: 200, Refused: true, Items: []apierrors.Field{{Code: "BAD"}}}, policy.Failure{Status: 200, Refused: true, Items: []apierrors.Field{{Code: "NEW"}}}),
			policy.State{Method: "POST"},
			verdict{Stop: apierrors.StopPermanent, Class: apierrors.Partial, Act: apierrors.Surface}, apierrors.AppliedNo,
			[]string{"0 validation surface no", "1 unknown surface no"},
		},
		"a response that breaks off leaves all items in doubt": {
			whole(batchOf(2, noEntry, noEntry)), policy.State{Method: "POST", CanSplit: true},
			verdict{Stop: apierrors.StopUnsafe, Class: apierrors.MalformedResponse, Act: apierrors.Retry}, apierrors.AppliedUnknown,
			[]string{"0 malformed_response retry unknown unsafe", "1 malformed_response retry unknown unsafe"},
		},
		"then a repeatable batch is repeated as any request": {
			whole(batchOf(2, noEntry, noEntry)), policy.State{Method: "PUT"},
			verdict{Retry: true, Class: apierrors.MalformedResponse, Act: apierrors.Retry}, apierrors.AppliedUnknown,
			[]string{"0 malformed_response retry unknown", "1 malformed_response retry unknown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := tt.failure.Batch.Items[0]
			d := shop(t).Decide(tt.failure, tt.state)
			got := verdictOf(d)
			got.Rule = ""
			if diff := cmp.Diff(tt.want, got); diff != "" || d.Applied != tt.applied {
				t.Errorf("applied %v; want %v; verdict (-want +got):\n%s", d.Applied, tt.applied, diff)
			}
			if diff := cmp.Diff(tt.items, itemsText(d)); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, tt.failure.Batch.Items[0]); diff != "" {
				t.Errorf("the failure has changed (-before +after):\n%s", diff)
			}
		})
	}
}

// whole returns f as a response that could not be understood.
func whole(f policy.Failure) policy.Failure {
	f.Class, f.Applied = apierrors.MalformedResponse, apierrors.AppliedUnknown
	return f
}

// Split gets only items that the caller can tell from others.
func TestDecideBatchWithAnItemOfUnknownPlace(t *testing.T) {
	f := batchOf(0, limited(time.Second), limited(time.Second), limited(time.Second))
	f.Batch.Items[1].Index = -1
	f.Batch.Items[2].Index, f.Batch.Items[2].Key = -1, "k"
	d := shop(t).Decide(f, policy.State{Method: "POST", CanSplit: true})
	if diff := cmp.Diff([]int{0, 2}, d.Again); diff != "" {
		t.Errorf("sent again (-want +got):\n%s", diff)
	}
}

// An item that met a limit pauses the calls under that limit, whether or not it is sent again.
func TestDecideBatchPausesTheCallsUnderALimit(t *testing.T) {
	for _, canSplit := range []bool{false, true} {
		d := shop(t).Decide(batchOf(3, limited(3*time.Second), limited(time.Second)), policy.State{Method: "POST", CanSplit: canSplit})
		if d.PauseFor != 3*time.Second || !d.VendorPause {
			t.Errorf("with Split %v: a pause of %v, by the vendor %v; want 3s, true", canSplit, d.PauseFor, d.VendorPause)
		}
	}
}

// A resend that waits out limits only is free; one that holds a back-off costs an attempt and a
// retry of the budget.
func TestDecideBatchCosts(t *testing.T) {
	for name, tt := range map[string]struct {
		items []policy.Failure
		free  bool
		price int
	}{
		"limits only":            {[]policy.Failure{limited(time.Second), limited(time.Second)}, true, 0},
		"a limit and a fault":    {[]policy.Failure{limited(time.Second), withCodes(500, "DOWN")}, false, 5},
		"faults only":            {[]policy.Failure{withCodes(500, "DOWN")}, false, 5},
		"what is not sent again": {[]policy.Failure{withCodes(400, "BAD")}, false, 0},
	} {
		d := shop(t).Decide(batchOf(9, tt.items...), policy.State{Method: "POST", CanSplit: true})
		if d.Free != tt.free || d.Price != tt.price {
			t.Errorf("%s: free %v, price %d; want %v, %d", name, d.Free, d.Price, tt.free, tt.price)
		}
	}
}

// An operator may stop the job for a batch that failed in part, and cannot have it repeated as a
// whole.
func TestDecideBatchByAnOperatorsRule(t *testing.T) {
	for action, want := range map[apierrors.Action]apierrors.Action{
		apierrors.FailFast: apierrors.FailFast, apierrors.Retry: apierrors.Surface, apierrors.Accept: apierrors.Surface,
	} {
		p := shop(t).With(policy.Rule{When: policy.Match{Class: apierrors.Partial}, Action: action})
		d := p.Decide(batchOf(3, limited(time.Second)), policy.State{Method: "PUT"})
		if d.Action != want || d.Retry {
			t.Errorf("action %v: decided %v, retry %v; want %v, false", action, d.Action, d.Retry, want)
		}
	}
}

// Of items beyond those that are listed, nothing is known.
func TestDecideBatchWithItemsThatAreNotListed(t *testing.T) {
	f := batchOf(3, withCodes(409, "THERE"))
	f.Batch.Omitted = 2
	d := shop(t).Decide(f, policy.State{Method: "POST"})
	if d.Action != apierrors.Surface || d.Applied != apierrors.AppliedYes {
		t.Errorf("action %v, applied %v; want surface, yes", d.Action, d.Applied)
	}
	f.Batch.Items[0].Failure = withCodes(400, "BAD")
	if d := shop(t).Decide(f, policy.State{Method: "POST"}); d.Applied != apierrors.AppliedUnknown || strings.Join(itemsText(d), "") != "0 validation surface no" {
		t.Errorf("applied %v, items %v; want unknown, and the first", d.Applied, itemsText(d))
	}
}

// Decide is quick for the longest list of items.
func BenchmarkDecideBatch(b *testing.B) {
	f := batchOf(policy.MaxItems, slices.Repeat([]policy.Failure{limited(time.Second)}, policy.MaxItems)...)
	p := policy.Default()
	b.ReportAllocs()
	for b.Loop() {
		_ = p.Decide(f, policy.State{Method: "POST"})
	}
}
