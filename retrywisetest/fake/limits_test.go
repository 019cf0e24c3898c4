package fake_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

// shopLimits are limits of each kind.
const shopLimits = `
decode: [{in: /error, code: code, message: message}]
waits: [{header: X-Come-Back, unit: milliseconds}]
codes: [{code: SLOW_DOWN, class: rate_limited}, {code: FULL, class: quota_exceeded, after: 5m}]
limits:
  - {name: reads, scope: account, methods: GET, path: /reads, rate: 10/1s, burst: 3}
  - {name: window, scope: account, methods: GET, path: /window, window: 4/10s, headers: {limit: X-Max, remaining: X-Left, reset: X-Reset, unit: seconds}}
  - {name: day, scope: account, methods: GET, path: /day, window: 2/24h, resets: UTC}
  - {name: record, scope: record, methods: GET, path: "/records/*", window: 1/1m, named_by: {body: /error/limit, contains: record}}
  - {name: endpoint, scope: endpoint, methods: GET, path: "/lists/**", window: 1/1m}
  - {name: points, scope: account, methods: GET, path: /points, window: 100/1m, cost: 40, spent: /cost}
  - {name: slots, scope: account, methods: GET, path: /slots, slots: 1}
  - {name: jobs, scope: account, methods: POST, path: /jobs, slots: 1, held: 5m, freed_by: [{methods: GET, path: /jobs/1, at: /status, is: done}]}
`

// A fake refuses what is beyond a limit, and says how long to wait: exactly as long as it refuses.
func TestLimitsAreKept(t *testing.T) {
	const rest = 10 * time.Millisecond // between two requests
	for name, tt := range map[string]struct {
		paths []string
		want  []int // the statuses
		wait  time.Duration
		code  string
	}{
		"a rate and its burst":         {[]string{"/reads", "/reads", "/reads", "/reads"}, []int{200, 200, 200, 429}, 70 * time.Millisecond, "SLOW_DOWN"},
		"a window":                     {[]string{"/window", "/window", "/window", "/window", "/window"}, []int{200, 200, 200, 200, 429}, 10*time.Second - 4*rest, "SLOW_DOWN"},
		"a window that turns at night": {[]string{"/day", "/day", "/day"}, []int{200, 200, 429}, 24*time.Hour - 2*rest, "FULL"},
		"a record":                     {[]string{"/records/1", "/records/2", "/records/1"}, []int{200, 200, 429}, time.Minute - 2*rest, "SLOW_DOWN"},
		"an endpoint":                  {[]string{"/lists/a/1", "/lists/b/1", "/lists/a/2"}, []int{200, 200, 429}, time.Minute - 2*rest, "SLOW_DOWN"},
		"points":                       {[]string{"/points", "/points", "/points"}, []int{200, 200, 429}, time.Minute - 2*rest, "SLOW_DOWN"},
		"no limit":                     {[]string{"/", "/", "/"}, []int{200, 200, 200}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := parsed(t, shopLimits)
				api := fake.New(t, v, fake.Options{})
				var got []int
				for _, path := range tt.paths {
					c := newClient(t, v, api, client.Config{})
					resp, err := client.DoResponse[struct{}](t.Context(), c, client.Call{Path: path, Options: once})
					status := resp.Status
					if err != nil {
						e := failure(t, err)
						if status = e.Status; e.Code != tt.code || time.Until(e.RetryAt) != tt.wait {
							t.Errorf("%s, again in %v; want %s, %v", e.Code, time.Until(e.RetryAt), tt.code, tt.wait)
						}
					}
					got = append(got, status)
					time.Sleep(rest)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// What is left is said where the file says so, also in a success.
func TestLimitsAreAnnounced(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api := fake.New(t, parsed(t, shopLimits), fake.Options{})
		for want := 3; want >= 2; want-- {
			header := get(t, api, "/window").Header
			got := header.Get("X-Max") + " " + header.Get("X-Left") + " " + header.Get("X-Reset")
			if text := fmt.Sprintf("4 %d 10", want); got != text {
				t.Errorf("announced %q; want %q", got, text)
			}
		}
	})
}

// A slot is taken until the response, or as long as the job that it is for.
func TestSlotsAreKept(t *testing.T) {
	v := parsed(t, shopLimits)
	t.Run("at a time", func(t *testing.T) {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			api := fake.New(t, v, fake.Options{Handler: retrywisetest.After(time.Second, retrywisetest.JSON(200, `{}`))})
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() { get(t, api, "/slots") })
			}
			all.Wait()
			get(t, api, "/slots")
			if diff := cmp.Diff(map[int]int{200: 2, 429: 2}, api.Statuses()); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]int{"slots": 2}, api.Refused()); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("as long as a job", func(t *testing.T) {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			status := "running"
			api := fake.New(t, v, fake.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				retrywisetest.JSON(200, fmt.Sprintf(`{"status":%q}`, status))(w, r)
			})})
			post := func() int { return do(t, api, "POST", "/jobs", "").Status }
			got := []int{post(), post()}
			get(t, api, "/jobs/1")
			got = append(got, post())
			status = "done"
			get(t, api, "/jobs/1")
			got = append(got, post(), post())
			time.Sleep(5 * time.Minute)
			got = append(got, post())
			if diff := cmp.Diff([]int{200, 429, 429, 200, 429, 200}, got); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
		})
	})
}

// A client with the vendor's data keeps every limit of a fake, without a refusal.
func TestLimitsOfAClientAreThoseOfAFake(t *testing.T) {
	for _, name := range []string{vendors.HubSpot, vendors.Stripe} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			v := lookup(t, name)
			api := fake.New(t, v, fake.Options{})
			c := newClient(t, v, api, client.Config{})
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 50 {
						if err := call(t.Context(), c, client.Call{Path: "/v1/customers/7"}); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			if len(api.Refused()) > 0 {
				t.Errorf("%s refused %v", name, api.Refused())
			}
			for _, l := range v.Policy().Limits("GET", "/v1/customers/7") {
				fake.WithinLimit(t, api.Requests(), l)
			}
		})
	}
}

// A fake refuses in the vendor's own words, and a client finds out which limit it is.
func TestRefusalsNameTheLimit(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := lookup(t, vendors.RDStation)
		p := withLimits(v, func(*policy.Limit) {}, "lead")
		api := fake.New(t, v, fake.Options{Policy: p})
		patch := client.Call{Method: "PATCH", Path: "/platform/contacts/email:ana@example.com", Options: once}
		for range 24 {
			if err := call(t.Context(), newClient(t, v, api, client.Config{}), patch); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		e := failure(t, call(t.Context(), newClient(t, v, api, client.Config{}), patch))
		if wait := time.Until(e.RetryAt); e.Class != apierrors.RateLimited || wait != 24*time.Hour-24*time.Minute {
			t.Errorf("%v, again in %v", e, wait)
		}
		if diff := cmp.Diff(map[string]int{"lead": 1}, api.Refused()); diff != "" {
			t.Errorf("refused (-want +got):\n%s", diff)
		}
	})
}

// HideWaits leaves the wait out, as some vendors do.
func TestRefusalsWithoutAWait(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		api := fake.New(t, parsed(t, shopLimits), fake.Options{HideWaits: true})
		get(t, api, "/day")
		get(t, api, "/day")
		if h := get(t, api, "/day").Header; h.Get("X-Come-Back")+h.Get("Retry-After") != "" {
			t.Errorf("header %v has a wait", h)
		}
	})
}

func TestWithinLimit(t *testing.T) {
	at := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	requests := func(path string, after ...time.Duration) (list []retrywisetest.Request) {
		for _, d := range after {
			list = append(list, retrywisetest.Request{Method: "GET", Path: path, At: at.Add(d)})
		}
		return list
	}
	minute := policy.Limit{Name: "minute", Scope: apierrors.ScopeAccount, Window: policy.Rate{Count: 2, Per: time.Minute}}
	rate := policy.Limit{Name: "rate", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Second}}
	for name, tt := range map[string]struct {
		requests []retrywisetest.Request
		limit    policy.Limit
		want     []string
	}{
		"within a window":   {requests("/", 0, 30*time.Second, time.Minute), minute, nil},
		"beyond a window":   {requests("/", 0, 30*time.Second, 59*time.Second), minute, []string{"GET / at 10:00:59.000 exceeds limit minute"}},
		"far beyond":        {requests("/", 0, 0, 0, 0), minute, []string{"GET / at 10:00:00.000 exceeds limit minute", "2 of 4 requests exceed limit minute"}},
		"within a rate":     {requests("/", 0, time.Second, 2*time.Second), rate, nil},
		"beyond a rate":     {requests("/", 0, 999*time.Millisecond), rate, []string{"GET / at 10:00:00.999 exceeds limit rate"}},
		"other requests":    {requests("/", 0, 0, 0), policy.Limit{Name: "x", Paths: []string{"/x"}, Window: policy.Rate{Count: 1, Per: time.Minute}}, nil},
		"each its record":   {append(requests("/1", 0), requests("/2", 0)...), policy.Limit{Name: "r", Scope: apierrors.ScopeRecord, Window: policy.Rate{Count: 1, Per: time.Minute}}, nil},
		"slots say nothing": {requests("/", 0, 0), policy.Limit{Name: "s", Slots: 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got fakeT
			fake.WithinLimit(&got, tt.requests, tt.limit)
			if diff := cmp.Diff(tt.want, got.failures); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

// A reply is a response without its body.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

// get gets a path of a fake without a client of ours.
func get(t *testing.T, api *fake.Server, path string) reply {
	t.Helper()
	return do(t, api, "GET", path, "")
}

// do sends a request without a client of ours. header is keys and values in turn.
func do(t *testing.T, api *fake.Server, method, path, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, api.URL()+path, bodyOf(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := (&http.Client{Transport: api.Transport()}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}
