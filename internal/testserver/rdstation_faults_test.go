package testserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestRDStationFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		faults   []retrywisetest.Fault // the last one is checked
		want     got
		err      error
		executed int
		status   int // in Statuses
	}{
		"none": {[]retrywisetest.Fault{retrywisetest.NoFault},
			got{200, kind, `{"email":"ana@example.com","uuid":"00000000-0000-4000-8000-000000000001"}`}, nil, 1, 200},
		"unavailable": {[]retrywisetest.Fault{retrywisetest.Unavailable},
			got{503, kind, `{"errors":[{"error_type":"SERVICE_UNAVAILABLE","error_message":"Service temporarily unavailable"}]}`}, nil, 0, 503},
		"unavailable, second time": {[]retrywisetest.Fault{retrywisetest.Unavailable, retrywisetest.Unavailable},
			got{503, "text/html", page503}, nil, 0, 503},
		"bad gateway":           {[]retrywisetest.Fault{retrywisetest.BadGateway}, got{502, "text/html", page502}, nil, 0, 502},
		"gateway timeout":       {[]retrywisetest.Fault{retrywisetest.GatewayTimeout}, got{504, "text/html", page504}, nil, 0, 504},
		"reset before":          {[]retrywisetest.Fault{retrywisetest.ResetBefore}, got{}, io.EOF, 0, 0},
		"gateway timeout after": {[]retrywisetest.Fault{retrywisetest.GatewayTimeoutAfter}, got{504, "text/html", page504}, nil, 1, 504},
		"slow": {[]retrywisetest.Fault{retrywisetest.Slow},
			got{200, kind, `{"email":"ana@example.com","uuid":"00000000-0000-4000-8000-000000000001"}`}, nil, 1, 200},
		"reset after": {[]retrywisetest.Fault{retrywisetest.ResetAfter}, got{}, io.EOF, 1, 0},
		"cut body": {[]retrywisetest.Fault{retrywisetest.CutBody},
			got{200, kind, `{"email":"ana@example.com","uuid":"0`}, io.ErrUnexpectedEOF, 1, 200},
		"lead limited": {[]retrywisetest.Fault{testserver.LeadLimited},
			got{429, kind, `{"error":"'lead_limiter' rate limit exceeded for 86400 second(s) period for key ana@example.com","max":24,"usage":55,"remaining_time":20745}`}, nil, 0, 429},
		"gateway limited": {[]retrywisetest.Fault{retrywisetest.RateLimited},
			got{429, kind, `{"message":"API rate limit exceeded"}`}, nil, 0, 429},
		"server error": {[]retrywisetest.Fault{retrywisetest.ServerError},
			got{500, kind, `{"errors":[{"error_type":"INTERNAL_SERVER_ERROR","error_message":"Service temporarily unavailable"}]}`}, nil, 0, 500},
		"expire token": {[]retrywisetest.Fault{testserver.ExpireToken},
			got{401, kind, `{"errors":[{"error_type":"UNAUTHORIZED","error_message":"Invalid token."}]}`}, nil, 0, 401},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{Faults: retrywisetest.Sequence(tt.faults...)})
				var g got
				var err error
				for range tt.faults {
					g, err = v.send("PATCH", ana, `{}`)
				}
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v; want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n := v.Executed("ana@example.com"); n != tt.executed {
					t.Errorf("%d executions; want %d", n, tt.executed)
				}
				if diff := cmp.Diff(map[int]int{tt.status: len(tt.faults)}, v.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRDStationConfiguredWaits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{
			Faults:    retrywisetest.Sequence(retrywisetest.RateLimited, testserver.LeadLimited),
			LimitWait: 1500 * time.Millisecond,
			LeadWait:  time.Minute,
		})
		resp, err := v.open(t.Context(), "GET", ana, "")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if wait := resp.Header.Get("Retry-After-Quotas"); wait != "2" {
			t.Errorf("gateway's wait %q; want 2", wait)
		}
		want := `{"error":"'lead_limiter' rate limit exceeded for 86400 second(s) period for key ana@example.com","max":24,"usage":55,"remaining_time":60}`
		if diff := cmp.Diff(got{429, kind, want}, v.mustSend("GET", ana, "")); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	})
}

func TestRDStationCutOfADelete(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{Faults: retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.CutBody)})
		v.mustSend("PATCH", ana, `{}`)
		if g, err := v.do(t.Context(), "DELETE", ana, "", "Authorization", "Bearer "+v.Token()); err == nil {
			t.Errorf("answer %v; want none", g)
		}
		if _, ok := v.Stored("ana@example.com"); ok {
			t.Error("the contact is still there")
		}
	})
}

func TestRDStationRepeatsAndDuplicates(t *testing.T) {
	type counts struct{ Executed, Repeats, Duplicates int }
	const a, b = `{"name":"A","bio":"x"}`, `{"name":"B"}`
	for name, tt := range map[string]struct {
		faults []retrywisetest.Fault
		bodies []string
		want   counts
	}{
		"once":                             {nil, []string{a}, counts{1, 0, 0}},
		"again after success":              {nil, []string{a, a}, counts{2, 0, 1}},
		"the same in another order":        {nil, []string{a, `{"bio":"x", "name":"A"}`}, counts{2, 0, 1}},
		"another payload":                  {nil, []string{a, b}, counts{2, 0, 0}},
		"back to the first payload":        {nil, []string{a, b, a}, counts{3, 0, 0}},
		"again after a reset":              {[]retrywisetest.Fault{retrywisetest.ResetAfter}, []string{a, a}, counts{2, 1, 0}},
		"again after a cut":                {[]retrywisetest.Fault{retrywisetest.CutBody}, []string{a, a}, counts{2, 1, 0}},
		"again after a failure":            {[]retrywisetest.Fault{retrywisetest.ServerError}, []string{a, a}, counts{1, 0, 0}},
		"again after a reset before":       {[]retrywisetest.Fault{retrywisetest.ResetBefore}, []string{a, a}, counts{1, 0, 0}},
		"success, then a reset":            {[]retrywisetest.Fault{retrywisetest.NoFault, retrywisetest.ResetAfter}, []string{a, a, a}, counts{3, 0, 2}},
		"two resets":                       {[]retrywisetest.Fault{retrywisetest.ResetAfter, retrywisetest.ResetAfter}, []string{a, a, a}, counts{3, 2, 0}},
		"repeat, then a duplicate":         {[]retrywisetest.Fault{retrywisetest.ResetAfter}, []string{a, a, a}, counts{3, 1, 1}},
		"a refused payload in between":     {nil, []string{a, `{"name":1}`, a}, counts{2, 0, 1}},
		"an unanswered other in between":   {[]retrywisetest.Fault{retrywisetest.NoFault, retrywisetest.ResetAfter}, []string{a, b, a}, counts{3, 0, 0}},
		"a failure, then again and again":  {[]retrywisetest.Fault{retrywisetest.Unavailable}, []string{a, a, a}, counts{2, 0, 1}},
		"nothing is executed without name": {nil, []string{`{"name":""}`}, counts{0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{Faults: retrywisetest.Sequence(tt.faults...)})
				for _, body := range tt.bodies {
					_, _ = v.send("PATCH", ana, body) // some get no response
				}
				if diff := cmp.Diff(tt.want, counts{v.Executed("ana@example.com"), v.Repeats(), v.Duplicates()}); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRDStationClientDisconnects(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{Latency: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		if _, err := v.do(ctx, "PATCH", ana, `{}`); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v; want the deadline", err)
		}
		v.mustSend("PATCH", ana, `{}`)
		if n := v.Executed("ana@example.com"); n != 1 {
			t.Errorf("%d executions; want 1: the first client had disconnected", n)
		}
	})
}

func TestRDStationSeededRunsAreEqual(t *testing.T) {
	run := func(t *testing.T) map[int]int {
		var statuses map[int]int
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			v := newRDStation(t, testserver.Service{Faults: testserver.Seeded(42, 0.5)})
			for range 200 {
				if v.Token() == "" {
					renew(t, v)
				}
				_, _ = v.send("PATCH", ana, `{}`) // half of them fail
			}
			statuses = v.Statuses()
		})
		return statuses
	}
	one := run(t)
	if diff := cmp.Diff(one, run(t)); diff != "" {
		t.Errorf("second run (-first +second):\n%s", diff)
	}
	for _, status := range []int{0, 200, 429, 500, 502, 503, 504} {
		if one[status] == 0 {
			t.Errorf("no status %d among %v", status, one)
		}
	}
}

// Many clients retry until they get a success: all contacts arrive, and there are no
// duplicates.
func TestRDStationClientsThatRetry(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const clients = 100
		v := newRDStation(t, testserver.Service{Faults: testserver.Seeded(3, 0.4), Latency: 50 * time.Millisecond, TokenUses: 30, PerSecond: 50})
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() { untilDone(t, v, fmt.Sprintf("c%d@example.com", i)) })
		}
		wg.Wait()
		for i := range clients {
			if _, ok := v.Stored(fmt.Sprintf("c%d@example.com", i)); !ok {
				t.Errorf("contact %d is missing", i)
			}
		}
		if n := v.Duplicates(); n != 0 {
			t.Errorf("%d duplicates; want none", n)
		}
		if v.Repeats() == 0 || v.Renewals() == 0 {
			t.Errorf("%d repeats and %d renewals; want some of each", v.Repeats(), v.Renewals())
		}
	})
}

func untilDone(t *testing.T, v rdStation, address string) {
	for range 1000 {
		g, err := v.send("PATCH", "/platform/contacts/email:"+address, `{"name":"Ana"}`)
		switch {
		case err == nil && g.Status == 200:
			return
		case g.Status == 401:
			renew(t, v)
		default:
			<-time.After(time.Second)
		}
	}
	t.Errorf("%s: no success after 1000 requests", address)
}
