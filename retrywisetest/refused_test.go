package retrywisetest_test

import (
	"errors"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A script refuses a connection where it says so, also between two answers.
func TestRefusedInAScript(t *testing.T) {
	srv := retrywisetest.New(t,
		retrywisetest.Refused(), retrywisetest.Status(503), retrywisetest.Refused(), retrywisetest.Refused(), retrywisetest.Status(200))
	if diff := cmp.Diff([]int{0, 503, 0, 0, 200}, statuses(t, srv, 5)); diff != "" {
		t.Errorf("statuses, 0 for a refused connection (-want +got):\n%s", diff)
	}
}

// RefuseDials refuses connections to any handler, in memory and over TCP.
func TestRefuseDials(t *testing.T) {
	overTCP, err := retrywisetest.Start(retrywisetest.Status(200))
	if err != nil {
		t.Fatal(err)
	}
	defer overTCP.Close()
	for name, srv := range map[string]*retrywisetest.Server{"in memory": retrywisetest.Handle(t, retrywisetest.Status(200)), "over TCP": overTCP} {
		got := statuses(t, srv, 1)
		srv.RefuseDials(2)
		if diff := cmp.Diff([]int{200, 0, 0, 200}, append(got, statuses(t, srv, 3)...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Elsewhere than in a script, Refused closes the connection.
func TestRefusedByAHandler(t *testing.T) {
	srv := retrywisetest.Handle(t, retrywisetest.Refused())
	_, err := do(t.Context(), srv, "POST", "/", "x")
	if err == nil || errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v; want that of a closed connection", err)
	}
}

// Many requests at a time meet as many refusals as were asked for.
func TestRefuseDialsCounts(t *testing.T) {
	srv := retrywisetest.Handle(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.RefuseDials(3)
	var mu sync.Mutex
	refused := 0
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if _, err := do(t.Context(), srv, "POST", "/", "x"); errors.Is(err, syscall.ECONNREFUSED) {
				mu.Lock()
				refused++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if refused != 3 {
		t.Errorf("%d connections were refused; want 3", refused)
	}
}

// statuses sends n requests, and returns the status of each; 0: the connection was refused.
func statuses(t *testing.T, srv *retrywisetest.Server, n int) []int {
	t.Helper()
	var got []int
	for range n {
		answer, err := do(t.Context(), srv, "POST", "/", "x")
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		got = append(got, answer.Status)
	}
	return got
}
