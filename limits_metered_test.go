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
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// A meteredAPI is a fake of any vendor that allows so many requests in any period, and says so as
// that vendor does. It executes what it allows, and returns an empty object.
type meteredAPI struct {
	meters []*meter
	told   func(h http.Header, m *meter)         // sets the headers of a response; nil: none
	refuse func(w http.ResponseWriter, m *meter) // responds to a request beyond a meter

	slots int           // how many requests may be executed at a time; 0: any number
	takes time.Duration // how long a request takes

	mu       sync.Mutex // guards the fields below, and the meters
	under    int        // requests that are executed now
	statuses map[int]int
}

// A meter is a number of requests in any period, wherever it begins.
type meter struct {
	name  string
	count int
	per   time.Duration
	path  string // a part of the paths that it is for; empty: of all
	not   string // a part of those that it is not for

	taken []time.Time // when those of the present period arrived
}

// covers reports whether m is for requests to a path.
func (m *meter) covers(path string) bool {
	return strings.Contains(path, m.path) && (m.not == "" || !strings.Contains(path, m.not))
}

// take counts a request. It reports whether it is within the meter.
func (m *meter) take(now time.Time) bool {
	m.taken = slices.DeleteFunc(m.taken, func(at time.Time) bool { return now.Sub(at) >= m.per })
	if len(m.taken) >= m.count {
		return false
	}
	m.taken = append(m.taken, now)
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
	_, _ = io.WriteString(w, "{}")
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
		if !m.covers(r.URL.Path) {
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
		refuse: func(w http.ResponseWriter, m *meter) {
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

// salesforceDay reads accounts in an org that has 300 requests in any 24 hours.
func salesforceDay() limitedJob {
	a := salesforce()
	a.meters = []*meter{{name: "TotalRequests", count: 300, per: 24 * time.Hour}}
	j := a.job(vendors.Salesforce, 900, 48*time.Hour, client.Call{Path: salesforceAccount, Options: patient})
	j.policy = inForce("daily", func(l *policy.Limit) { l.Window.Count = 300 })
	return j
}

// salesforceLong reads slowly in an org of a Developer edition, which has five long requests at a
// time.
func salesforceLong() limitedJob {
	const took = 25 * time.Second
	a := salesforce()
	a.slots, a.takes = 5, took
	j := a.job(vendors.Salesforce, 60, 60/5*took, client.Call{Path: salesforceAccount})
	j.policy = inForce("long", func(l *policy.Limit) { l.Slots = 5 })
	return j
}

const salesforceAccount = "/services/data/v66.0/sobjects/Account/001000000000001AAA"

// salesforce is a fake of Salesforce. It refuses with 403, and its responses have no wait.
func salesforce() *meteredAPI {
	return &meteredAPI{
		told: func(h http.Header, m *meter) {
			h.Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", len(m.taken), m.count))
		},
		refuse: func(w http.ResponseWriter, m *meter) {
			name := m.name
			if name == "slots" {
				name = "ConcurrentPerOrgLongTxn"
			}
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `[{"message":"%s Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, name)
		},
	}
}

// inForce returns a function that changes a limit of the vendor's data, and puts it in force.
func inForce(name string, change func(*policy.Limit)) func(policy.Policy) policy.Policy {
	return func(p policy.Policy) policy.Policy {
		l, _ := p.LimitNamed(name)
		l.Off = false
		change(&l)
		return p.WithLimit(l)
	}
}

// stripeEndpoint reads customers, 25 a second.
func stripeEndpoint() limitedJob {
	return stripe().job(vendors.Stripe, 500, 19*(time.Second+trip), client.Call{Path: "/v1/customers/cus_1"})
}

// stripeAccount reads objects of eight kinds, 100 a second in all.
func stripeAccount() limitedJob {
	kinds := []string{"charges", "coupons", "customers", "disputes", "events", "invoices", "payouts", "refunds"}
	j := stripe().job(vendors.Stripe, 1000, 9*(time.Second+trip), client.Call{})
	j.task = func(ctx context.Context, c *client.Client, i int) error {
		_, err := do[struct{}](ctx, c, client.Call{Path: fmt.Sprintf("/v1/%s/id_%d", kinds[i%len(kinds)], i)})
		return err
	}
	return j
}

// stripeMeterEvents reports 1,000 events in a row, which are not among those 100.
func stripeMeterEvents() limitedJob {
	return stripe().job(vendors.Stripe, 1000, 8*time.Second, client.Call{Method: http.MethodPost, Path: "/v1/billing/meter_events"})
}

// stripe is a fake of Stripe in live mode. A response that refuses names the limit in a header, and
// none has a wait.
func stripe() *meteredAPI {
	meters := []*meter{{name: "global-rate", count: 100, per: time.Second, path: "/v1/"}}
	for _, kind := range []string{"charges", "coupons", "customers", "disputes", "events", "invoices", "payouts", "refunds"} {
		meters = append(meters, &meter{name: "endpoint-rate", count: 25, per: time.Second, path: "/v1/" + kind})
	}
	meters[0].not = "meter_events"
	return &meteredAPI{
		meters: meters,
		refuse: func(w http.ResponseWriter, m *meter) {
			w.Header().Set("Stripe-Rate-Limited-Reason", m.name)
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"error":{"type":"invalid_request_error","code":"rate_limit","message":"Request rate limit exceeded."}}`)
		},
	}
}
