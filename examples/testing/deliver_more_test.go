package orders

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
)

// The shop refuses the order in its own words: nothing is executed, and a person has to act.
func TestDeliverStopsAtAnUnknownItem(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api, c := newShop(t, fake.Options{}, client.Config{})
		api.Fail("NO_SUCH_ITEM")
		step := Deliver(t.Context(), c, tea)
		if step.Next != jobs.SetAside || !errors.Is(step.Err, apierrors.Dependency) {
			t.Errorf("%s, %v; want set_aside, class dependency", step.Next, step.Err)
		}
		if n := len(api.Requests()); n != 1 {
			t.Errorf("%d requests; want 1", n)
		}
	})
}

// The response is lost after the shop has taken the order. The retry has the same key.
func TestDeliverOnceThoughTheResponseIsLost(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api, c := newShop(t, fake.Options{
			Faults: retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.ResetAfter)},
		}, client.Config{})
		if step := Deliver(t.Context(), c, tea); step.Next != jobs.Done {
			t.Errorf("%s, %v; want done", step.Next, step.Err)
		}
		retrywisetest.AppliedOnce(t, api.Ledger(), tea.ID)
	})
}

// 250 orders keep within 100 a minute: the shop refuses none.
func TestDeliverWithinTheLimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api, c := newShop(t, fake.Options{}, client.Config{})
		for i := range 250 {
			order := Order{ID: fmt.Sprintf("B-%d", i), Item: "tea"}
			step := Deliver(t.Context(), c, order)
			for step.Next == jobs.RunAgain {
				time.Sleep(step.Delay)
				step = Deliver(t.Context(), c, order)
			}
			if step.Next != jobs.Done {
				t.Fatalf("%s, %v; want done", step.Next, step.Err)
			}
		}
		if refused := api.Refused(); len(refused) > 0 || api.Ledger().Total() != 250 {
			t.Errorf("executed %d, refused %v; want 250, none", api.Ledger().Total(), refused)
		}
	})
}

// A token lives for an hour. It is renewed, and is in no log.
func TestDeliverRenewsTheToken(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var log bytes.Buffer
		api, c := newShop(t, fake.Options{TokenLifetime: time.Hour}, client.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for _, order := range []Order{tea, {ID: "A-2", Item: "milk"}} {
			if step := Deliver(t.Context(), c, order); step.Next != jobs.Done {
				t.Errorf("%s, %v; want done", step.Next, step.Err)
			}
			time.Sleep(2 * time.Hour)
		}
		if n := api.Renewals(); n != 2 {
			t.Errorf("%d tokens; want 2", n)
		}
		token := strings.TrimPrefix(api.Requests()[0].Header.Get("Authorization"), "Bearer ")
		retrywisetest.NothingLeaked(t, []string{token}, &log)
	})
}

// The shop is down: nothing was sent, so every order may be sent again.
func TestDeliverLaterWhenTheShopIsDown(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api, c := newShop(t, fake.Options{}, client.Config{})
		api.RefuseDials(100)
		step := Deliver(t.Context(), c, tea)
		if step.Next != jobs.RunAgain || step.Err.Applied != apierrors.AppliedNo {
			t.Errorf("%s, %v; want run_again, and that it was not applied", step.Next, step.Err)
		}
	})
}
