package retrywisetest_test

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// orders records the body of each request in ledger.
func orders(ledger *retrywisetest.Ledger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // a Server has read the whole body before
		ledger.Record(string(body), nil)
		retrywisetest.JSON(http.StatusCreated, `{"id":42}`, "Location", "/orders/42")(w, r)
	})
}

// htmlPage is the page of a gateway.
func htmlPage(code int) got {
	title := strconv.Itoa(code) + " " + http.StatusText(code)
	return got{code, "text/html", "<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n"}
}

func TestFaults(t *testing.T) {
	const jsonKind, textKind = "application/json", "text/plain; charset=utf-8"
	created := got{201, jsonKind, `{"id":42}`}
	full := map[retrywisetest.Fault]retrywisetest.Answer{
		"queue_full":              retrywisetest.JSON(400, `{"code":"E0301"}`),
		retrywisetest.ResetAfter:  retrywisetest.Status(502),
		retrywisetest.Slow:        retrywisetest.Status(408),
		retrywisetest.RateLimited: retrywisetest.Status(403),
		retrywisetest.NoFault:     retrywisetest.Status(502),
	}
	for name, tt := range map[string]struct {
		fault    retrywisetest.Fault
		answers  map[retrywisetest.Fault]retrywisetest.Answer
		want     got
		err      error
		executed int
		took     time.Duration
	}{
		"none":                      {fault: retrywisetest.NoFault, want: created, executed: 1},
		"unavailable":               {fault: retrywisetest.Unavailable, want: htmlPage(503)},
		"bad gateway":               {fault: retrywisetest.BadGateway, want: htmlPage(502)},
		"gateway timeout":           {fault: retrywisetest.GatewayTimeout, want: htmlPage(504)},
		"server error":              {fault: retrywisetest.ServerError, want: got{500, jsonKind, `{"error":"internal server error"}`}},
		"rate limited":              {fault: retrywisetest.RateLimited, want: got{429, jsonKind, `{"error":"too many requests"}`}},
		"reset before":              {fault: retrywisetest.ResetBefore, err: io.EOF},
		"gateway timeout after":     {fault: retrywisetest.GatewayTimeoutAfter, want: htmlPage(504), executed: 1},
		"reset after":               {fault: retrywisetest.ResetAfter, err: io.EOF, executed: 1},
		"cut body":                  {fault: retrywisetest.CutBody, want: got{201, jsonKind, `{"id`}, err: io.ErrUnexpectedEOF, executed: 1},
		"slow":                      {fault: retrywisetest.Slow, want: created, executed: 1, took: time.Minute},
		"of the test":               {fault: "queue_full", answers: full, want: got{400, jsonKind, `{"code":"E0301"}`}},
		"answer replaced, before":   {fault: retrywisetest.RateLimited, answers: full, want: got{Status: 403}},
		"answer replaced, after":    {fault: retrywisetest.ResetAfter, answers: full, want: got{Status: 502}, executed: 1},
		"answer replaced, not slow": {fault: retrywisetest.Slow, answers: full, want: got{Status: 408}, executed: 1},
		"no fault has no answer":    {fault: retrywisetest.NoFault, answers: full, want: created, executed: 1},
		"of the test, not answered": {fault: "queue_full", want: got{500, textKind, `retrywisetest: the fault "queue_full" has no answer`}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var ledger retrywisetest.Ledger
				faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(tt.fault), Answers: tt.answers}
				srv := retrywisetest.Handle(t, faults.Handler(orders(&ledger)))
				start := time.Now()
				g, err := do(t.Context(), srv, "POST", "/orders", "A-1")
				if !errors.Is(err, tt.err) {
					t.Errorf("error %v; want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, g); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if n, took := ledger.Count("A-1"), time.Since(start); n != tt.executed || took != tt.took {
					t.Errorf("%d executions, %v; want %d, %v", n, took, tt.executed, tt.took)
				}
				if diff := cmp.Diff(created, mustDo(t, srv, "POST", "/orders", "A-2")); diff != "" {
					t.Errorf("next answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A handler that closes the connection itself is left alone.
func TestFaultsAfterAReset(t *testing.T) {
	for _, fault := range []retrywisetest.Fault{retrywisetest.GatewayTimeoutAfter, retrywisetest.ResetAfter, retrywisetest.CutBody, retrywisetest.Slow} {
		t.Run(fault.String(), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(fault)}
				srv := retrywisetest.Handle(t, faults.Handler(retrywisetest.Reset()))
				if g, err := do(t.Context(), srv, "POST", "/", "x"); !errors.Is(err, io.EOF) {
					t.Errorf("answer %v, error %v; want EOF", g, err)
				}
			})
		})
	}
}

func TestFaultsHeaders(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var ledger retrywisetest.Ledger
		faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.Slow, retrywisetest.GatewayTimeoutAfter, retrywisetest.RateLimited), Delay: time.Second}
		srv := retrywisetest.Handle(t, faults.Handler(orders(&ledger)))
		type headers struct{ Location, RetryAfter string }
		for _, want := range []headers{{Location: "/orders/42"}, {}, {RetryAfter: "1"}} {
			resp, err := open(t.Context(), srv, "POST", "/orders", "A-1")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if diff := cmp.Diff(want, headers{resp.Header.Get("Location"), resp.Header.Get("Retry-After")}); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		}
	})
}

func TestFaultsCountForEachHandler(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		faults := retrywisetest.Faults{Plan: retrywisetest.Sequence(retrywisetest.NoFault, retrywisetest.Unavailable)}
		ok := retrywisetest.Status(204)
		one, other := retrywisetest.Handle(t, faults.Handler(ok)), retrywisetest.Handle(t, faults.Handler(ok))
		var statuses []int
		for _, srv := range []*retrywisetest.Server{one, other, one, other, one} {
			statuses = append(statuses, mustDo(t, srv, "PATCH", "/", "").Status)
		}
		if diff := cmp.Diff([]int{204, 204, 503, 503, 204}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}

// Clients that repeat until they have an answer lose nothing, and execute twice
// what was lost on the way back.
func TestFaultsAgainstManyClients(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const clients = 50
		var ledger retrywisetest.Ledger
		faults := retrywisetest.Faults{Plan: retrywisetest.Seeded(3, 0.5)}
		srv := retrywisetest.Handle(t, faults.Handler(orders(&ledger)))
		var wg sync.WaitGroup
		for i := range clients {
			wg.Go(func() {
				for {
					if g, err := do(t.Context(), srv, "POST", "/orders", strconv.Itoa(i)); err == nil && g.Status == 201 {
						return
					}
				}
			})
		}
		wg.Wait()
		lost := 0
		for n := range srv.Requests() {
			switch faults.Plan.Fault(n) {
			case retrywisetest.ResetAfter, retrywisetest.CutBody, retrywisetest.GatewayTimeoutAfter:
				lost++
			}
		}
		if n := len(ledger.Keys()); n != clients {
			t.Errorf("%d orders; want %d", n, clients)
		}
		if n := ledger.Duplicates(); n != lost || n == 0 {
			t.Errorf("%d duplicates; want %d, one for each answer that was lost", n, lost)
		}
	})
}
