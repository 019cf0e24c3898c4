package fake_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
)

// Record and Cost say what a request is about, and what it takes.
func TestOptionsOfLimits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api := fake.New(t, parsed(t, shopLimits), fake.Options{
			Record: func(r *http.Request) string { return r.Header.Get("X-Record") },
			Cost:   func(*http.Request) int { return 101 },
		})
		var got []int
		for _, record := range []string{"a", "b", "a"} {
			got = append(got, do(t, api, "GET", "/records/1", "", "X-Record", record).Status)
		}
		got = append(got, get(t, api, "/points").Status) // more than the whole window
		if diff := cmp.Diff([]int{200, 200, 429, 429}, got); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
	})
}

// A vendor whose file has no words for tokens and keys says it by the status.
func TestStatusesWithoutARow(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := parsed(t, "idempotency: {header: X-Key, max_length: 3}\n")
		broken := 0
		api := fake.New(t, v, fake.Options{TokenLifetime: time.Hour, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken++; r.URL.Path == "/broken" {
				w.WriteHeader(http.StatusBadGateway)
			}
			_ = http.NewResponseController(w).Flush()
		})})
		token, _, _ := api.Token(t.Context())
		send := func(path, body, key, token string) int {
			return do(t, api, "POST", path, body, "X-Key", key, "X-Token", token).Status
		}
		got := []int{
			send("/", "a", "k", "none"), send("/", "a", "k", token), send("/", "b", "k", token), send("/", "a", "long", token),
			send("/broken", "a", "q", token), send("/broken", "a", "q", token), // a failure is not stored
		}
		if diff := cmp.Diff([]int{401, 200, 422, 400, 502, 502}, got); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if broken != 3 {
			t.Errorf("executed %d times; want 3", broken)
		}
	})
}

// A request whose handler closes the connection has no status, and is counted.
func TestHandlerThatPanics(t *testing.T) {
	api := fake.New(t, parsed(t, ""), fake.Options{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL()+"/orders", http.NoBody)
	if resp, err := api.Transport().RoundTrip(req); err == nil {
		resp.Body.Close()
		t.Errorf("status %d; want no response", resp.StatusCode)
	}
	if diff := cmp.Diff(map[int]int{0: 1}, api.Statuses()); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	if n := len(api.Ledger().Keys()); n != 0 {
		t.Errorf("the ledger has %d writes; want none", n)
	}
}
