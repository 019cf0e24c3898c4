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

// A minute begins with its first call. Events are not limited.
func TestRDStationContactLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		plan func(*testserver.RDStation)
		want map[int]int
	}{
		"documented":  {func(*testserver.RDStation) {}, map[int]int{200: 120 + 120 + 600, 429: 600 - 120 - 120}},
		"Advanced":    {func(rd *testserver.RDStation) { rd.AllowContactCalls(500) }, map[int]int{200: 600 + 600}},
		"not limited": {func(rd *testserver.RDStation) { rd.AllowContactCalls(0) }, map[int]int{200: 600 + 600}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{})
				tt.plan(v.RDStation)
				for i := range 600 {
					<-time.After(time.Minute / 300) // two minutes in all
					v.mustSend("PATCH", fmt.Sprintf("/platform/contacts/email:c%d@example.com", i), `{}`)
					v.mustSend("POST", "/platform/events", `{}`)
				}
				if diff := cmp.Diff(tt.want, v.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRDStationContactLimitHeaders(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.BadGateway)})
		for range 120 {
			v.mustSend("GET", ana, "") // the first meets a fault
		}
		<-time.After(20 * time.Second)
		resp, err := v.open(t.Context(), "DELETE", ana, "")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		got := []string{resp.Status, resp.Header.Get("RateLimit-Limit-Quotas"), resp.Header.Get("Retry-After-Quotas")}
		if diff := cmp.Diff([]string{"429 Too Many Requests", "120", "40"}, got); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	})
}

// A contact may be patched 24 times in 24 hours, by its address or its uuid.
func TestRDStationLeadLimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{})
		patch := func(path string) got { return v.mustSend("PATCH", path, `{"city":"Recife"}`) }
		const uuid = "/platform/contacts/uuid:00000000-0000-4000-8000-000000000001"
		for i := range 24 {
			if g := patch([]string{ana, uuid}[i%2]); g.Status != 200 {
				t.Errorf("PATCH %d: %v; want 200", i, g)
			}
		}
		<-time.After(20 * time.Hour)
		want := got{429, kind, `{"error":"'lead_limiter' rate limit exceeded for 86400 second(s) period for key ana@example.com","max":24,"usage":55,"remaining_time":14400}`}
		if diff := cmp.Diff(want, patch(ana)); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		if g := patch("/platform/contacts/email:bo@example.com"); g.Status != 200 {
			t.Errorf("another contact: %v; want 200", g)
		}
		<-time.After(4 * time.Hour)
		if g := patch(uuid); g.Status != 200 {
			t.Errorf("a day later: %v; want 200", g)
		}
		if n := v.Executed("ana@example.com"); n != 12 {
			t.Errorf("%d executions by address; want 12", n)
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
