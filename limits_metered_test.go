package retrywise_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/client"
)

// A meteredAPI is a fake of any vendor that allows so many requests in any period, and says so as
// that vendor does. It executes what it allows, and returns an empty object.
type meteredAPI struct {
	meters []*meter
	told   func(h http.Header, m *meter)         // sets the headers of a response; nil: none
	refuse func(w http.ResponseWriter, m *meter) // responds to a request beyond a meter

	body func() string // of a success; nil: an empty object

	slots int           // how many requests may be executed at a time; 0: any number
	takes time.Duration // how long a request takes

	mu       sync.Mutex // guards the fields below, and the meters
	under    int        // requests that are executed now
	statuses map[int]int
}

// A meter is a number of requests in any period, wherever it begins; or a bucket that leaks.
type meter struct {
	name  string
	count int
	per   time.Duration
	path  string // a part of the paths that it is for; empty: of all
	not   string // a part of those that it is not for

	record string // the record that it is for; empty: any

	leaks float64 // so much a second from the bucket, which holds count; 0: it is no bucket
	costs float64 // how much of the bucket a request takes

	taken []time.Time // when those of the present period arrived
	level float64     // of the bucket at a moment
	at    time.Time
}

// covers reports whether m is for a request.
func (m *meter) covers(r *http.Request) bool {
	path := r.URL.Path
	return strings.Contains(path, m.path) && (m.not == "" || !strings.Contains(path, m.not)) && (m.record == "" || r.URL.Query().Get("record") == m.record)
}

// take counts a request. It reports whether it is within the meter.
func (m *meter) take(now time.Time) bool {
	if m.leaks > 0 {
		return m.fill(now)
	}
	m.taken = slices.DeleteFunc(m.taken, func(at time.Time) bool { return now.Sub(at) >= m.per })
	if len(m.taken) >= m.count {
		return false
	}
	m.taken = append(m.taken, now)
	return true
}

// fill puts a request into the bucket. It reports whether there is room.
func (m *meter) fill(now time.Time) bool {
	if !m.at.IsZero() {
		m.level = max(m.level-m.leaks*now.Sub(m.at).Seconds(), 0)
	}
	if m.at = now; m.level+m.costs > float64(m.count) {
		return false
	}
	m.level += m.costs
	return true
}

// left returns how many requests are left.
func (m *meter) left() int { return m.count - len(m.taken) }

// ServeHTTP serves one request and counts its response.
func (a *meteredAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.begin(w, r) {
		return
	}
	time.Sleep(a.takes)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.under--
	a.statuses[http.StatusOK]++
	w.Header().Set("Content-Type", "application/json")
	text := "{}"
	if a.body != nil {
		text = a.body()
	}
	_, _ = io.WriteString(w, text)
}

// begin refuses a request, or begins to execute it. It reports whether it did.
func (a *meteredAPI) begin(w http.ResponseWriter, r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.statuses == nil {
		a.statuses = map[int]int{}
	}
	if a.slots > 0 && a.under == a.slots {
		a.refuse(w, &meter{name: "slots"})
		a.statuses[http.StatusTooManyRequests]++
		return false
	}
	for _, m := range a.meters {
		if !m.covers(r) {
			continue
		}
		isWithin := m.take(time.Now())
		if a.told != nil {
			a.told(w.Header(), m)
		}
		if !isWithin {
			a.statuses[http.StatusTooManyRequests]++
			a.refuse(w, m)
			return false
		}
	}
	a.under++
	return true
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
