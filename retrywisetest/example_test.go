package retrywisetest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A scripted server: the first request meets an outage, the second succeeds. In a
// test, New(t, …) takes the place of Start(Script(…)), and needs no Close.
func Example() {
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.HTML(503, "Retry-After", "0"),
		retrywisetest.JSON(200, `{"id":"42"}`),
	))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	client := &http.Client{Transport: srv.Transport()}
	for range 2 {
		resp, err := client.Get(srv.URL() + "/contacts/42")
		if err != nil {
			fmt.Println(err)
			return
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(resp.Status, resp.Header.Get("Content-Type"), len(body) > 0)
	}
	for _, r := range srv.Requests() {
		fmt.Println(r.Method, r.Path)
	}
	// Output:
	// 503 Service Unavailable text/html true
	// 200 OK application/json true
	// GET /contacts/42
	// GET /contacts/42
}

// Start serves any handler over TCP.
func ExampleStart() {
	srv, err := retrywisetest.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		retrywisetest.Text(200, "hello from "+r.URL.Path)(w, r)
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	resp, err := http.Get(srv.URL() + "/greeting")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(string(body), err)
	// Output:
	// hello from /greeting <nil>
}

// A client that repeats every failed POST, against a server that loses an answer:
// the ledger shows the order that was executed twice.
func ExampleFaults() {
	var ledger retrywisetest.Ledger
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ledger.Record(r.URL.Query().Get("order"), nil)
		w.WriteHeader(http.StatusCreated)
	})
	faults := retrywisetest.Faults{
		Plan: retrywisetest.Sequence(
			retrywisetest.Unavailable, // A-1: not executed
			retrywisetest.NoFault,     // A-1, repeated
			retrywisetest.ResetAfter,  // A-2: executed, and the answer is lost
		),
	}
	srv, err := retrywisetest.Start(faults.Handler(orders))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	client := &http.Client{Transport: srv.Transport()}
	for _, order := range []string{"A-1", "A-2", "A-3"} {
		for range 3 {
			resp, err := client.Post(srv.URL()+"/?order="+order, "text/plain", nil)
			if err != nil {
				continue
			}
			resp.Body.Close()
			if resp.StatusCode == http.StatusCreated {
				break
			}
		}
		fmt.Println(order, "executed", ledger.Count(order))
	}
	fmt.Println("duplicates", ledger.Duplicates())
	// Output:
	// A-1 executed 1
	// A-2 executed 2
	// A-3 executed 1
	// duplicates 1
}

// Chaos in a run on staging: two of five requests to one endpoint fail, and a log says which of
// them were executed all the same. Here a server in memory stands for the API.
func ExampleFaults_transport() {
	api, err := retrywisetest.Start(retrywisetest.Status(201))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()
	faults := retrywisetest.Faults{
		Plan: retrywisetest.Seeded(4, 0.4), // the same seed, rate and order: the same faults
		Only: func(r *http.Request) bool { return r.URL.Path == "/orders" },
		Struck: func(_ *http.Request, f retrywisetest.Fault) {
			fmt.Println("fault:", f, "executed:", f.IsAfterExecution())
		},
	}
	client := &http.Client{Transport: faults.Transport(api.Transport())}
	for range 5 {
		resp, err := client.Post(api.URL()+"/orders", "text/plain", nil)
		if err != nil {
			continue
		}
		resp.Body.Close()
	}
	fmt.Println(len(api.Requests()), "of 5 arrived")
	// Output:
	// fault: gateway_timeout_after executed: true
	// fault: reset_before executed: false
	// 4 of 5 arrived
}

// A fault that the test defines itself: an API that answers 400 while its queue is
// full.
func ExampleFaults_ownFault() {
	faults := retrywisetest.Faults{
		Plan: retrywisetest.Sequence("queue_full"),
		Answers: map[retrywisetest.Fault]retrywisetest.Answer{
			"queue_full": retrywisetest.JSON(400, `{"code":"E0301"}`),
		},
	}
	srv, err := retrywisetest.Start(faults.Handler(retrywisetest.JSON(201, `{"id":"7"}`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	client := &http.Client{Transport: srv.Transport()}
	for range 2 {
		resp, err := client.Post(srv.URL()+"/exports", "application/json", strings.NewReader(`{}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		fmt.Println(resp.StatusCode, string(body), err)
	}
	// Output:
	// 400 {"code":"E0301"} <nil>
	// 201 {"id":"7"} <nil>
}

// A Plan is a pure function of the seed, so a run that failed can be repeated.
func ExampleSeeded() {
	plan := retrywisetest.Seeded(7, 0.5, retrywisetest.Unavailable, retrywisetest.ResetAfter)
	for n := range 6 {
		fmt.Println(n, plan.Fault(n))
	}
	// Output:
	// 0 none
	// 1 unavailable
	// 2 reset_after
	// 3 none
	// 4 unavailable
	// 5 unavailable
}

// fetch is the client under test in the documentation of the package: it waits for
// as long as Retry-After says.
func fetch(ctx context.Context, c *http.Client, url string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := c.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		wait, err := time.ParseDuration(resp.Header.Get("Retry-After") + "s")
		if err != nil {
			return fmt.Errorf("status %d", resp.StatusCode)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// The test in the documentation of the package.
func TestVirtualTimeExample(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.Status(503, "Retry-After", "3600"),
			retrywisetest.JSON(200, `{"id":"42"}`),
		)
		client := &http.Client{Transport: srv.Transport()}
		if err := fetch(t.Context(), client, srv.URL()+"/contacts/42"); err != nil {
			t.Error(err)
		}
		if want := []time.Duration{time.Hour}; !slices.Equal(srv.Gaps(), want) {
			t.Errorf("waits %v; want %v", srv.Gaps(), want)
		}
	})
}
