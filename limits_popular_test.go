package retrywise_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

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

// shopifyREST reads products. The bucket of a shop with the standard plan holds 40 requests, and two
// a second leave it.
func shopifyREST() limitedJob {
	a := &meteredAPI{
		meters: []*meter{{name: "rest", count: 40, leaks: 2, costs: 1}},
		told: func(h http.Header, m *meter) {
			h.Set("X-Shopify-Shop-Api-Call-Limit", fmt.Sprintf("%d/%d", int(math.Ceil(m.level)), m.count))
		},
		refuse: func(w http.ResponseWriter, _ *meter) {
			w.Header().Set("Retry-After", "2.0")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"errors":"Exceeded 2 calls per second for api client."}`)
		},
	}
	return a.job(vendors.Shopify, 400, 360/2*time.Second, client.Call{Path: "/admin/api/2026-07/products/17.json"})
}

// shopifyGraphQL queries a shop with the standard plan: its bucket holds 2,000 points, and 100 a
// second come back. A query asks for 60, and takes 40.
func shopifyGraphQL() limitedJob {
	const queries, asks, takes = 1000, 60, 40
	points := &meter{name: "graphql", count: 2000, leaks: 100, costs: asks}
	cost := func(actual string) string {
		left := float64(points.count) - points.level
		return fmt.Sprintf(`"extensions":{"cost":{"requestedQueryCost":%d,"actualQueryCost":%s,"throttleStatus":{"maximumAvailable":%d,"currentlyAvailable":%d,"restoreRate":100}}}`, asks, actual, points.count, int(left))
	}
	throttled := 0
	a := &meteredAPI{
		meters: []*meter{points},
		refuse: func(w http.ResponseWriter, _ *meter) {
			throttled++
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED"}}],`+cost("null")+`}`)
		},
		body: func() string {
			points.level -= asks - takes
			return `{"data":{},` + cost(fmt.Sprint(takes)) + `}`
		},
	}
	call := client.Call{Method: http.MethodPost, Path: "/admin/api/2026-07/graphql.json", Options: client.CallOptions{Weight: 6}}
	j := a.job(vendors.Shopify, queries, (queries*takes-2000)/100*time.Second, call)
	j.check = func(t *testing.T) {
		if throttled > 0 {
			t.Errorf("%d queries were throttled; want none", throttled)
		}
	}
	return j
}
