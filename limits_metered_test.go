package retrywise_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/vendors"
)

// A meteredAPI is a fake of any vendor that allows so many requests in any period, and says so as
// that vendor does. It executes what it allows, and returns an empty object.
type meteredAPI struct {
	meters []*meter
	told   func(h http.Header, m *meter)                // sets the headers of a response; nil: none
	refuse func(w http.ResponseWriter, m *meter, i int) // responds to the request that is the i-th beyond a meter

	mu       sync.Mutex // guards the fields below, and the meters
	statuses map[int]int
}

// A meter is a number of requests in any period, wherever it begins.
type meter struct {
	name  string
	count int
	per   time.Duration
	path  string // a part of the paths that it is for; empty: of all

	taken   []time.Time // when those of the present period arrived
	refused int
}

// take counts a request. It reports whether it is within the meter.
func (m *meter) take(now time.Time) bool {
	m.taken = slices.DeleteFunc(m.taken, func(at time.Time) bool { return now.Sub(at) >= m.per })
	if len(m.taken) >= m.count {
		m.refused++
		return false
	}
	m.taken = append(m.taken, now)
	return true
}

// left returns how many requests are left.
func (m *meter) left() int { return m.count - len(m.taken) }

// ServeHTTP serves one request and counts its response.
func (a *meteredAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.statuses == nil {
		a.statuses = map[int]int{}
	}
	for _, m := range a.meters {
		if !strings.Contains(r.URL.Path, m.path) {
			continue
		}
		isWithin := m.take(time.Now())
		if a.told != nil {
			a.told(w.Header(), m)
		}
		if !isWithin {
			a.statuses[http.StatusTooManyRequests]++
			a.refuse(w, m, m.refused)
			return
		}
	}
	a.statuses[http.StatusOK]++
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

// job returns a job of so many calls for a, which the meters allow within a time.
func (a *meteredAPI) job(vendor string, tasks int, allowed time.Duration, call client.Call) limitedJob {
	counted := func() map[int]int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.statuses
	}
	return limitedJob{
		vendor: vendor, fake: a, auth: fixed(client.Bearer("demo")), tasks: tasks, allowed: allowed,
		statuses: counted, executed: func() int { return counted()[http.StatusOK] },
		task: func(ctx context.Context, c *client.Client, _ int) error {
			_, err := do[struct{}](ctx, c, call)
			return err
		},
	}
}

// trip is how long a request and its response are under way at most; see farAway.
const trip = 80 * time.Millisecond

// hubspot is a fake of HubSpot for an account with a Free plan.
func hubspot() *meteredAPI {
	return &meteredAPI{
		meters: []*meter{
			{name: "SECONDLY", count: 5, per: time.Second, path: "/search"},
			{name: "TEN_SECONDLY_ROLLING", count: 100, per: 10 * time.Second},
		},
		told: func(h http.Header, m *meter) {
			if m.name == "TEN_SECONDLY_ROLLING" {
				h.Set("X-HubSpot-RateLimit-Max", fmt.Sprint(m.count))
				h.Set("X-HubSpot-RateLimit-Remaining", fmt.Sprint(m.left()))
				h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", fmt.Sprint(m.per.Milliseconds()))
			}
		},
		refuse: func(w http.ResponseWriter, m *meter, _ int) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = fmt.Fprintf(w, `{"status":"error","message":"You have reached your %s limit.","errorType":"RATE_LIMIT","policyName":%q}`, strings.ToLower(m.name), m.name)
		},
	}
}

// hubspotBurst reads contacts, 100 in any ten seconds.
func hubspotBurst() limitedJob {
	return hubspot().job(vendors.HubSpot, 1000, 90*time.Second, client.Call{Path: "/crm/v3/objects/contacts/17"})
}

// hubspotSearch searches contacts, five in any second: the next five leave when the responses to
// the first are there.
func hubspotSearch() limitedJob {
	return hubspot().job(vendors.HubSpot, 100, 19*(time.Second+trip), client.Call{Method: http.MethodPost, Path: "/crm/v3/objects/contacts/search"})
}
