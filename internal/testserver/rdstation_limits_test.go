package testserver_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestRDStationRateLimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{PerSecond: 2})
		var statuses []int
		for _, pause := range []time.Duration{0, 400 * time.Millisecond, 0, 600 * time.Millisecond, 0, 0} {
			<-time.After(pause)
			statuses = append(statuses, v.mustSend("PATCH", ana, `{}`).Status)
		}
		if diff := cmp.Diff([]int{200, 200, 429, 200, 200, 429}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if n := v.Executed("ana@example.com"); n != 4 {
			t.Errorf("%d executions; want 4", n)
		}
	})
}

func TestRDStationRateLimitHeaders(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{PerSecond: 1})
		v.mustSend("GET", ana, "")
		resp, err := v.open(t.Context(), "GET", ana, "")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"message":"API rate limit exceeded"}`, string(body)); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		if limit, after := resp.Header.Get("RateLimit-Limit-Quotas"), resp.Header.Get("Retry-After-Quotas"); limit != "1" || after != "1" {
			t.Errorf("limit %q, wait %q; want 1 and 1", limit, after)
		}
	})
}

func TestRDStationPeak(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const clients = 20
		v := newRDStation(t, testserver.Service{Latency: time.Second})
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				path := fmt.Sprintf("/platform/contacts/email:c%d@example.com", i%5)
				if g := v.mustSend("PATCH", path, `{}`); g.Status != http.StatusOK {
					t.Error(g)
				}
			})
		}
		wg.Wait()
		if n := v.Peak(); n != clients {
			t.Errorf("peak %d; want %d", n, clients)
		}
		if diff := cmp.Diff(map[int]int{200: clients}, v.Statuses()); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if d, r := v.Duplicates(), v.Repeats(); d != 0 || r != clients-5 {
			t.Errorf("%d duplicates, %d repeats; want 0 and %d, as no answer had been sent", d, r, clients-5)
		}
	})
}
