package retrywise_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/retrywisetest/fake"
	"github.com/retrywise/retrywise/vendors"
)

// trip is how long a request and its response are under way at most; see farAway.
const trip = 80 * time.Millisecond

// silent is a vendor whose refusals do not say how long to wait.
var silent = fake.Options{HideWaits: true}

// taking is a vendor whose requests take so long, and whose refusals have no wait.
func taking(d time.Duration) fake.Options {
	return fake.Options{HideWaits: true, Handler: retrywisetest.After(d, retrywisetest.JSON(200, "{}"))}
}

// queryTaking is Shopify, where a query asks for points, and then takes others.
func queryTaking(asks, takes int) fake.Options {
	body := fmt.Sprintf(`{"data":{},"extensions":{"cost":{"requestedQueryCost":%d,"actualQueryCost":%d}}}`, asks, takes)
	return fake.Options{Cost: func(*http.Request) int { return asks }, Handler: retrywisetest.JSON(200, body)}
}

// A simpleJob makes the same call again and again, to a fake that keeps the limits of its vendor's
// file.
type simpleJob struct {
	vendor string
	fake   fake.Options
	change func(policy.Policy) policy.Policy // of the client and the fake; nil: none

	call    client.Call
	calls   int
	allowed time.Duration // the shortest time in which the vendor's documents allow the calls
	workers int
	records int // the calls are about so many records in turn, which the query names; 0: about none
}

// simpleJobs are those of vendors whose fake needs nothing but their file.
func simpleJobs() map[string]simpleJob {
	const second, minute = time.Second, time.Minute
	get := func(path string) client.Call { return client.Call{Path: path} }
	post := func(path string) client.Call { return client.Call{Method: http.MethodPost, Path: path} }
	put := func(path string) client.Call { return client.Call{Method: http.MethodPut, Path: path} }
	account := get("/services/data/v66.0/sobjects/Account/001000000000001AAA")
	return map[string]simpleJob{
		"github, concurrency":    {vendor: vendors.GitHub, fake: taking(2 * second), call: get("/repos/acme/shop"), calls: 1000, allowed: 10 * (2*second + trip), workers: 200},
		"google, sheets read":    {vendor: vendors.Google, fake: silent, call: get("/v4/spreadsheets/1a2b3c/values/A1:B2"), calls: 600, allowed: 9 * minute},
		"google, sheets write":   {vendor: vendors.Google, fake: silent, call: post("/v4/spreadsheets/1a2b3c/values/A1:append"), calls: 600, allowed: 9 * minute},
		"graph, audit logs":      {vendor: vendors.MicrosoftGraph, call: get("/v1.0/auditLogs/signIns"), calls: 100, allowed: 19 * (10*second + trip)},
		"graph, risky users":     {vendor: vendors.MicrosoftGraph, fake: silent, call: get("/v1.0/identityProtection/riskyUsers"), calls: 60, allowed: 59 * (second + trip)},
		"hubspot, burst":         {vendor: vendors.HubSpot, fake: silent, call: get("/crm/v3/objects/contacts/17"), calls: 1000, allowed: 90 * second},
		"hubspot, search":        {vendor: vendors.HubSpot, fake: silent, call: post("/crm/v3/objects/contacts/search"), calls: 100, allowed: 19 * (second + trip)}, // the next five leave when the first are answered
		"jira, issues":           {vendor: vendors.Jira, call: post("/rest/api/3/issue/SHOP-1/comment"), calls: 600, allowed: 10 * (2*second + trip), records: 3},
		"klaviyo, accounts":      {vendor: vendors.Klaviyo, call: get("/api/accounts"), calls: 45, allowed: 2*minute + 14*(second+trip)},
		"klaviyo, profiles":      {vendor: vendors.Klaviyo, call: post("/api/profile-import"), calls: 2100, allowed: 2*minute + 9*(second+trip)},
		"mailchimp, connections": {vendor: vendors.Mailchimp, fake: taking(5 * second), call: put("/3.0/lists/57afe96172/members/852aaa9532cb36adfb5e9fef7a4206a9"), calls: 120, allowed: 12 * (5*second + trip)},
		"salesforce, day": {
			vendor: vendors.Salesforce, fake: silent, call: account, calls: 900, allowed: 48 * time.Hour,
			change: inForce("daily", func(l *policy.Limit) { l.Window.Count = 300 }), // of an org with 300 requests in any 24 hours
		},
		"salesforce, long calls": {
			vendor: vendors.Salesforce, fake: taking(25 * second), call: account, calls: 60, allowed: 12 * 25 * second,
			change: inForce("long", func(l *policy.Limit) { l.Slots = 5 }), // of a Developer edition
		},
		"shopify, REST": {vendor: vendors.Shopify, call: get("/admin/api/2026-07/products/17.json"), calls: 400, allowed: 360 / 2 * second},
		"shopify, GraphQL": { // a query asks for 60 points, and takes 40; there are 2,000, and 100 a second come back
			vendor: vendors.Shopify, fake: queryTaking(60, 40), calls: 1000, allowed: (1000*40 - 2000) / 100 * second,
			call: client.Call{Method: http.MethodPost, Path: "/admin/api/2026-07/graphql.json", Options: client.CallOptions{Weight: 6}},
		},
		"slack, channels":      {vendor: vendors.Slack, call: post("/api/chat.postMessage"), calls: 120, allowed: 30 * (second + trip), records: 4},
		"stripe, endpoint":     {vendor: vendors.Stripe, fake: silent, call: get("/v1/customers/cus_1"), calls: 500, allowed: 19 * (second + trip)},
		"stripe, meter events": {vendor: vendors.Stripe, fake: silent, call: post("/v1/billing/meter_events"), calls: 1000, allowed: 8 * second}, // 1,000 at once
		"zendesk, incremental": {vendor: vendors.Zendesk, call: get("/api/v2/incremental/tickets/cursor"), calls: 40, allowed: 3*minute + trip},
		"zendesk, searches":    {vendor: vendors.Zendesk, call: get("/api/v2/search/export"), calls: 400, allowed: 3*minute + trip},
	}
}

// A job keeps within the limits of a vendor's file, which a fake of that file enforces, and uses
// them up: as fast as the vendor's documents allow.
func TestLimitsOfVendorFiles(t *testing.T) {
	for name, job := range simpleJobs() {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) { job.limited(t).run(t) })
		})
	}
	t.Run("stripe, account", func(t *testing.T) {
		retrywisetest.VirtualTime(t, func(t *testing.T) { stripeAccount(t).run(t) })
	})
}

// limited returns the job, with its fake.
func (j simpleJob) limited(t *testing.T) limitedJob {
	t.Helper()
	v := mustLookup(t, j.vendor)
	if j.change != nil {
		j.fake.Policy = new(j.change(v.Policy()))
	}
	j.fake.Record = func(r *http.Request) string { return r.URL.Query().Get("record") }
	api := fake.NewAPI(v, j.fake)
	return limitedJob{
		workers: j.workers, vendor: j.vendor, fake: api, auth: fixed(client.Bearer("demo")), policy: j.change, check: refusedNone(api),
		tasks: j.calls, task: j.task, allowed: j.allowed, executed: func() int { return api.Statuses()[http.StatusOK] }, statuses: api.Statuses,
	}
}

func (j simpleJob) task(ctx context.Context, c *client.Client, i int) error {
	call := j.call
	call.Options.MaxWait = patient.MaxWait
	if j.records > 0 {
		record := fmt.Sprint(i % j.records)
		call.Query, call.Options.RecordKey = map[string][]string{"record": {record}}, record
	}
	_, err := do[any](ctx, c, call)
	return err
}

// refusedNone returns a check that a fake refused nothing, be it with a status of 2xx.
func refusedNone(api *fake.API) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if len(api.Refused()) > 0 {
			t.Errorf("the fake refused %v; want nothing", api.Refused())
		}
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

// stripeAccount reads objects of eight kinds, 100 a second in all.
func stripeAccount(t *testing.T) limitedJob {
	t.Helper()
	kinds := []string{"charges", "coupons", "customers", "disputes", "events", "invoices", "payouts", "refunds"}
	j := simpleJob{vendor: vendors.Stripe, fake: silent, calls: 1000, allowed: 9 * (time.Second + trip)}.limited(t)
	j.task = func(ctx context.Context, c *client.Client, i int) error {
		_, err := do[any](ctx, c, client.Call{Path: fmt.Sprintf("/v1/%s/id_%d", kinds[i%len(kinds)], i)})
		return err
	}
	return j
}
