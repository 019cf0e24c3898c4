package client_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A vendorList is a list of a vendor, as it answers.
type vendorList struct {
	vendor string
	call   client.Call
	script script
	items  int
	asked  []string // query and body of each request
}

// The vendors' data read lists of which the documents, or clients of the vendor, have the form.
func TestPagesOfVendors(t *testing.T) {
	ok := func(body string, header ...string) retrywisetest.Answer {
		return retrywisetest.JSON(200, body, header...)
	}
	post := func(path string, body any) client.Call {
		return client.Call{Method: http.MethodPost, Path: path, Body: body}
	}
	all := []vendorList{
		{vendors.HubSpot, client.Call{Path: "/crm/v3/objects/contacts"}, script{ok(`{"results":[{"id":"1"}],"paging":{"next":{"after":"MQ==","link":"https://api.hubapi.com/x"}}}`), ok(`{"results":[{"id":"2"}]}`)}, 2, []string{"limit=100", "after=MQ%3D%3D&limit=100"}},
		{vendors.HubSpot, post("/crm/v3/objects/contacts/search", map[string]any{"query": "x"}), script{ok(`{"total":2,"results":[{"id":"1"}],"paging":{"next":{"after":"1"}}}`), ok(`{"total":2,"results":[{"id":"2"}]}`)}, 2, []string{`|{"limit":200,"query":"x"}`, `|{"after":"1","limit":200,"query":"x"}`}},
		{vendors.Salesforce, client.Call{Path: "/services/data/v60.0/query", Query: url.Values{"q": {"SELECT Id FROM Contact"}}}, script{ok(`{"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v60.0/query/01gA-2000","records":[{"Id":"1"}]}`), ok(`{"totalSize":2,"done":true,"records":[{"Id":"2"}]}`)}, 2, []string{"q=SELECT+Id+FROM+Contact", ""}},
		{vendors.Stripe, client.Call{Path: "/v1/customers"}, script{ok(`{"object":"list","data":[{"id":"cus_1"}],"has_more":true,"url":"/v1/customers"}`), ok(`{"object":"list","data":[{"id":"cus_2"}],"has_more":false}`)}, 2, []string{"limit=100", "limit=100&starting_after=cus_1"}},
		{vendors.Stripe, client.Call{Path: "/v1/charges/search", Query: url.Values{"query": {"x"}}}, script{ok(`{"object":"search_result","data":[{"id":"ch_1"}],"has_more":true,"next_page":"p"}`), ok(`{"data":[],"has_more":false,"next_page":null}`)}, 1, []string{"limit=100&query=x", "limit=100&page=p&query=x"}},
		{vendors.GitHub, client.Call{Path: "/repos/a/b/issues"}, script{ok(`[{"id":1}]`, "Link", `<http://vendor.test/repositories/7/issues?per_page=100&page=2>; rel="next", <http://vendor.test/repositories/7/issues?page=2>; rel="last"`), ok(`[]`, "Link", `<http://vendor.test/repositories/7/issues?page=1>; rel="prev"`)}, 1, []string{"per_page=100", "per_page=100&page=2"}},
		{vendors.GitHub, client.Call{Path: "/search/issues", Query: url.Values{"q": {"x"}}}, script{ok(`{"total_count":1,"incomplete_results":false,"items":[{"id":1}]}`)}, 1, []string{"per_page=100&q=x"}},
		{vendors.Zendesk, client.Call{Path: "/api/v2/tickets.json"}, script{ok(`{"tickets":[{"id":1}],"meta":{"has_more":true,"after_cursor":"x","before_cursor":"y"},"links":{"next":"https://e.test"}}`), ok(`{"tickets":[{"id":2}],"meta":{"has_more":false,"after_cursor":"z"}}`)}, 2, []string{"page%5Bsize%5D=100", "page%5Bafter%5D=x&page%5Bsize%5D=100"}},
		{vendors.Zendesk, client.Call{Path: "/api/v2/incremental/tickets/cursor", Query: url.Values{"start_time": {"1"}}}, script{ok(`{"tickets":[],"after_cursor":"x","end_of_stream":false}`), ok(`{"tickets":[{"id":2}],"after_cursor":"y","end_of_stream":true}`)}, 1, []string{"per_page=1000&start_time=1", "cursor=x&per_page=1000&start_time=1"}},
		{vendors.Slack, client.Call{Path: "/api/conversations.list"}, script{ok(`{"ok":true,"channels":[{"id":"C1"}],"response_metadata":{"next_cursor":"dGVhbTpDMUg5UkVTR0w="}}`), ok(`{"ok":true,"channels":[],"response_metadata":{"next_cursor":""}}`)}, 1, []string{"", "cursor=dGVhbTpDMUg5UkVTR0w%3D"}},
		{vendors.Slack, post("/api/users.list", url.Values{"limit": {"2"}}), script{ok(`{"ok":true,"members":[{"id":"U1"}],"response_metadata":{"next_cursor":"x"}}`), ok(`{"ok":false,"error":"ratelimited"}`, "Retry-After", "1"), ok(`{"ok":true,"members":[]}`)}, 1, []string{"|limit=2", "|cursor=x&limit=2", "|cursor=x&limit=2"}},
		{vendors.Google, client.Call{Path: "/drive/v3/files"}, script{ok(`{"kind":"drive#fileList","nextPageToken":"t","files":[{"id":"1"}]}`), ok(`{"files":[]}`)}, 1, []string{"pageSize=1000", "pageSize=1000&pageToken=t"}},
		{vendors.Google, client.Call{Path: "/gmail/v1/users/me/messages"}, script{ok(`{"resultSizeEstimate":0}`)}, 0, []string{"maxResults=500"}},
		{vendors.Google, post("/v25/customers/1/googleAds:search", map[string]string{"query": "x"}), script{ok(`{"results":[{"id":"1"}],"nextPageToken":"t","fieldMask":"a"}`), ok(`{"fieldMask":"a"}`)}, 1, []string{`|{"query":"x"}`, `|{"pageToken":"t","query":"x"}`}},
		{vendors.MicrosoftGraph, client.Call{Path: "/v1.0/users", Query: url.Values{"$top": {"5"}}}, script{ok(`{"@odata.nextLink":"http://vendor.test/v1.0/users?$top=5&$skiptoken=X","value":[{"id":"1"}]}`), ok(`{"value":[{"id":"2"}],"@odata.deltaLink":"http://vendor.test/d"}`)}, 2, []string{"%24top=5", "$top=5&$skiptoken=X"}},
		{vendors.Jira, client.Call{Path: "/rest/api/3/search/jql", Query: url.Values{"jql": {"x"}}}, script{ok(`{"issues":[{"id":"1"}],"nextPageToken":"t","isLast":false}`), ok(`{"issues":[{"id":"2"}],"isLast":true}`)}, 2, []string{"jql=x", "jql=x&nextPageToken=t"}},
		{vendors.Jira, client.Call{Path: "/ex/jira/cloud-id/rest/api/3/project/search"}, script{ok(`{"startAt":0,"maxResults":1,"total":2,"isLast":false,"values":[{"id":"1"}]}`), ok(`{"startAt":1,"isLast":true,"values":[{"id":"2"}]}`)}, 2, []string{"", "startAt=1"}},
		{vendors.Klaviyo, client.Call{Path: "/api/profiles", Query: url.Values{"page[size]": {"100"}}}, script{ok(`{"data":[{"id":"1"}],"links":{"self":"s","next":"http://vendor.test/api/profiles?page%5Bcursor%5D=x","prev":null}}`), ok(`{"data":[{"id":"2"}],"links":{"next":null}}`)}, 2, []string{"page%5Bsize%5D=100", "page%5Bcursor%5D=x"}},
		{vendors.Mailchimp, client.Call{Path: "/3.0/lists/a/members"}, script{ok(`{"members":[{"id":"1"},{"id":"2"}],"list_id":"a","total_items":3}`), ok(`{"members":[{"id":"3"}],"total_items":3}`)}, 3, []string{"count=1000", "count=1000&offset=2"}},
		{vendors.Shopify, client.Call{Path: "/admin/api/2026-01/orders.json", Query: url.Values{"status": {"any"}}}, script{ok(`{"orders":[{"id":1}]}`, "Link", `<http://vendor.test/admin/api/2026-01/orders.json?limit=250&page_info=abc>; rel="next"`), ok(`{"orders":[]}`)}, 1, []string{"limit=250&status=any", "limit=250&page_info=abc"}},
		{vendors.Playable, client.Call{Path: "/v1/campaign/7/registrations"}, script{ok(`{"data":[{"id":1}],"links":{"next":"http://vendor.test/v1/campaign/7/registrations?per_page=500&page=2"}}`), ok(`{"data":[{"id":2}],"links":{"next":null}}`)}, 2, []string{"per_page=500", "per_page=500&page=2"}},
		{vendors.Connectif, client.Call{Path: "/exports/"}, script{ok(`{"results":[{"id":"1"}],"links":{"next":"http://vendor.test/exports/?page=2"}}`), ok(`{"results":[]}`)}, 1, []string{"", "page=2"}},
		{vendors.RDStation, client.Call{Path: "/platform/segmentations/7/contacts"}, script{ok(`{"contacts":[{"uuid":"1"}]}`), ok(`{"contacts":[]}`)}, 1, []string{"page_size=125", "page=2&page_size=125"}},
	}
	for _, tt := range all {
		t.Run(tt.vendor+tt.call.Path, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.script...)
				c := newClientOf(t, client.Config{Vendor: vendorCalled(t, tt.vendor), BaseURL: "http://vendor.test", Transport: srv.Transport()})
				n := 0
				for page, err := range client.Pages[struct{}](t.Context(), c, tt.call, client.PageOptions{}) {
					if err != nil {
						t.Fatal(err)
					}
					n += len(page.Items)
				}
				if diff := cmp.Diff(tt.asked, asked(srv)); diff != "" || n != tt.items {
					t.Errorf("%d items; want %d; requests mismatch (-want +got):\n%s", n, tt.items, diff)
				}
			})
		})
	}
	for _, name := range vendors.Names() {
		isTested := slices.ContainsFunc(all, func(one vendorList) bool { return one.vendor == name })
		if hasPages := len(vendorCalled(t, name).Profile().Pages) > 0; hasPages != isTested {
			t.Errorf("%s: has pages: %v; is tested here: %v", name, hasPages, isTested)
		}
	}
}

// vendorCalled returns a vendor of the catalog.
func vendorCalled(t testing.TB, name string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
