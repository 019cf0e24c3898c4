package orders

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
)

// With faults on staging, no order is executed twice, and the log has each fault. The fake stands
// for staging.
func TestStagingExecutesNothingTwice(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api, plain := newShop(t, fake.Options{}, client.Config{})
		plain.Close()
		var log bytes.Buffer
		c, err := NewClient(client.Config{BaseURL: api.URL(), Transport: Staging(api.Transport(), 1, slog.New(slog.NewTextHandler(&log, nil)))})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if step := Deliver(t.Context(), c, Order{ID: fmt.Sprint(i), Item: "tea"}); step.Next != jobs.Done {
				t.Errorf("%s, %v; want done", step.Next, step.Err)
			}
		}
		retrywisetest.AppliedOnce(t, api.Ledger())
		if n := strings.Count(log.String(), "msg=fault"); n < 3 || api.Ledger().Total() != 100 {
			t.Errorf("%d faults, %d orders executed; want some, and 100", n, api.Ledger().Total())
		}
	})
}
