package vendors_test

import (
	"net/http"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

func FuzzDecodeCustomerGauge(f *testing.F)  { fuzzDecode(f, vendors.CustomerGauge) }
func FuzzDecodeConnectif(f *testing.F)      { fuzzDecode(f, vendors.Connectif) }
func FuzzDecodeGitHub(f *testing.F)         { fuzzDecode(f, vendors.GitHub) }
func FuzzDecodeHubSpot(f *testing.F)        { fuzzDecode(f, vendors.HubSpot) }
func FuzzDecodeKleene(f *testing.F)         { fuzzDecode(f, vendors.Kleene) }
func FuzzDecodePlayable(f *testing.F)       { fuzzDecode(f, vendors.Playable) }
func FuzzDecodeRDStation(f *testing.F)      { fuzzDecode(f, vendors.RDStation) }
func FuzzDecodeSalesforce(f *testing.F)     { fuzzDecode(f, vendors.Salesforce) }
func FuzzDecodeShopify(f *testing.F)        { fuzzDecode(f, vendors.Shopify) }
func FuzzDecodeSlack(f *testing.F)          { fuzzDecode(f, vendors.Slack) }
func FuzzDecodeStripe(f *testing.F)         { fuzzDecode(f, vendors.Stripe) }
func FuzzDecodeZendesk(f *testing.F)        { fuzzDecode(f, vendors.Zendesk) }
func FuzzDecodeGoogle(f *testing.F)         { fuzzDecode(f, vendors.Google) }
func FuzzDecodeJira(f *testing.F)           { fuzzDecode(f, vendors.Jira) }
func FuzzDecodeKlaviyo(f *testing.F)        { fuzzDecode(f, vendors.Klaviyo) }
func FuzzDecodeMailchimp(f *testing.F)      { fuzzDecode(f, vendors.Mailchimp) }
func FuzzDecodeMicrosoftGraph(f *testing.F) { fuzzDecode(f, vendors.MicrosoftGraph) }

// fuzzDecode checks what a vendor's decoder and the decision must have for any response. The
// seeds are bodies of all vendors.
func fuzzDecode(f *testing.F, name string) {
	v := lookup(f, name)
	for _, body := range []string{
		`{"errors":{"name":[{"error_type":"TAKEN","error_message":"x"}]}}`,
		`{"error":"'lead_limiter'","remaining_time":20745}`,
		`{"errors":{"label":{"pt-BR":["x"]}}}`,
		`[{"error_type":"UNAUTHORIZED"}]`,
		`{"Error":{"Message":"Invalid API Key","Code":2000}}`,
		`<Error><Message>Invalid API Key</Message><Code>2000</Code></Error>`,
		`{"Data": false}`,
		`{"status":400,"title":"Bad Request","detail":"x","code":"E0103","productsId":["a"],"allowedDomains":["b"]}`,
		`{"detail":"x","validationErrors":[{"path":"email","reason":"y"}]}`,
		`{"message":"Unauthenticated."}`,
		`{"status":"error","message":"x","errorType":"RATE_LIMIT","policyName":"DAILY","correlationId":"y"}`,
		`{"category":"VALIDATION_ERROR","errors":[{"message":"x","code":"INVALID_INTEGER","context":{"propertyName":["a"]}}]}`,
		`{"error":{"code":403,"status":"PERMISSION_DENIED","errors":[{"reason":"rateLimitExceeded"}],"details":[{"reason":"A","retryDelay":"34.07s"}]}}`,
		`{"error":{"details":[{"errors":[{"errorCode":{"quotaError":"RESOURCE_EXHAUSTED"},"location":{"fieldPathElements":[{"fieldName":"a","index":3}]}}]}]}}`,
		`{"error":{"code":"","message":"x","innerError":{"code":"A","innererror":{"code":"resyncRequired"}},"details":[{"code":"B","target":"c"}]}}`,
		`[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED","fields":["a","b"]}]`,
		`{"hasErrors":true,"results":[{"referenceId":"a","errors":[{"statusCode":"INVALID_EMAIL_ADDRESS","message":"x","fields":["Email"]}]}]}`,
		`{"error":{"type":"card_error","code":"card_declined","decline_code":"do_not_honor","param":"a","payment_intent":{"last_payment_error":{"code":"b"}}}}`,
		`{"errors":[{"id":"x","status":400,"code":"invalid","title":"x","detail":"y","source":{"pointer":"/data/a"}},{"code":"throttled","source":{"parameter":"filter"}}]}`,
		`{"type":"x","title":"Invalid Resource","status":400,"detail":"y","errors":[{"field":"email_address","message":"z"}]}`,
		`{"errors":[{"message":"Throttled","path":["a"],"extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":752,"throttleStatus":{"currentlyAvailable":312.5,"restoreRate":100}}}}`,
		`<html><body>Bad Gateway</body></html>`,
		"\xef\xbb\xbf{}", ``, `{`, `null`,
	} {
		f.Add(400, "60", []byte(body))
		f.Add(200, "Sun, 22 Nov 2026 12:00:45 GMT", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, header string, body []byte) {
		failure := v.Decode(policy.Answer{Status: status, Header: http.Header{"Retry-After": {header}}, Body: body})
		if failure == nil {
			if status >= 400 {
				t.Errorf("status %d: no failure", status)
			}
			return
		}
		if failure.Wait < 0 || len(failure.Items) > 101 {
			t.Errorf("wait %v, %d items", failure.Wait, len(failure.Items))
		}
		d := v.Policy().Decide(*failure, policy.State{Method: "POST"})
		if d.Class == apierrors.None || d.Action == apierrors.ActionNone || d.Rule == "" {
			t.Errorf("class %v, action %v, rule %q", d.Class, d.Action, d.Rule)
		}
		if d.Retry && d.Applied != apierrors.AppliedNo {
			t.Errorf("a POST that may have been applied is retried: %+v", d)
		}
	})
}

// FuzzDecodeBatch checks what the items of a batch must have for any request and response.
func FuzzDecodeBatch(f *testing.F) {
	v := bulk(f)
	paths := []string{list, collection, byID, userErrors, byKey, mutations, job}
	sent := `{"orders":[1,2],"records":[1,2],"requests":[{"id":"a"},{"id":"a"}],"variables":{"variants":[1,2]},"inputs":[{"traceId":"a"},{}]}`
	for i, body := range []string{
		`{"results":[{"status":200},{"status":422,"problems":[{"code":"REQUIRED"}]},{}]}`,
		`[{"success":true},{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW"}]}]`,
		`{"responses":[{"id":"a","status":429,"headers":{"Retry-After":"7"},"body":{"error":{"code":"x"}}}]}`,
		`{"data":{"a":{"userErrors":[{"field":["v","1","n"],"code":"TAKEN"},{"field":null}]}}}`,
		`{"errors":[{"category":"TAKEN","context":{"traceId":["a"]}}]}`,
		`{"data":{"a":{"userErrors":[{"field":["input"],"code":"TAKEN"}]},"b":{"userErrors":[]}}}`,
		`{"job":{"results":[{"id":7},{"id":8,"error":"TAKEN"},{"index":2,"success":false}]}}`,
	} {
		f.Add(uint(i), []byte(sent), []byte(body))
		f.Add(uint(i), []byte(sent), []byte(body[:len(body)-3]))
	}
	f.Fuzz(func(t *testing.T, path uint, sent, body []byte) {
		a := policy.Answer{Status: 200, Header: http.Header{}, Method: "POST", Path: paths[path%uint(len(paths))], Sent: sent, Body: body}
		if a.Path == job {
			a.Method = "GET"
		}
		failure := v.Decode(a)
		if failure == nil || failure.Batch == nil {
			return
		}
		b := failure.Batch
		if len(b.Items) > policy.MaxItems || (failure.Class == apierrors.None && len(b.Items) == 0) {
			t.Errorf("%d items of a failure of class %v", len(b.Items), failure.Class)
		}
		seen := map[int]bool{}
		for _, item := range b.Items {
			if item.Index < -1 || b.Size > 0 && item.Index >= b.Size || item.Index >= 0 && seen[item.Index] {
				t.Errorf("index %d of %d items, seen before %v", item.Index, b.Size, seen[item.Index])
			}
			seen[item.Index] = true
		}
		d := v.Policy().Decide(*failure, policy.State{Method: a.Method, Path: a.Path, CanSplit: true})
		for _, i := range d.Again {
			if d.Items[i].Applied != apierrors.AppliedNo {
				t.Errorf("an item that may have been executed is sent again: %+v", d.Items[i])
			}
		}
		if d.Retry && a.Method == "POST" && d.Action != apierrors.Shrink && d.Applied != apierrors.AppliedNo {
			t.Errorf("a batch that may have been executed is repeated as a whole: %v", d.Rule)
		}
	})
}

// FuzzQuotas checks that what a response says about limits makes sense, whatever its headers and
// its body hold.
func FuzzQuotas(f *testing.F) {
	quotas := parsed(f, telling).Profile().Quotas
	f.Add("/crm/a", "100", "7", "1795651200", []byte(`{}`))
	f.Add("/moment", "", "7.9", "2026-11-25T12:01Z", []byte(nil))
	f.Add("/admin/a", "32/40", "-1", "1e9", []byte(`{"status":"finished"}`))
	f.Add("/tickets", "total=50; remaining=9; resets=41", "99999999999", "60", []byte(`[`))
	f.Add("/graphql", "", "", "", []byte(`{"extensions":{"cost":{"actualQueryCost":12,"throttleStatus":{"currentlyAvailable":312.5}}}}`))
	f.Add("/exports/7", "", "", "", []byte(`{"status":"finished"}`))
	f.Fuzz(func(t *testing.T, path, text, left, reset string, body []byte) {
		header := http.Header{
			"X-Max": {text}, "X-Left": {left}, "X-Reset": {reset}, "X-Daily": {text}, "X-Daily-Left": {left}, "X-Daily-Reset": {reset},
			"X-Call-Limit": {text}, "Tickets-Index": {text},
		}
		for _, method := range []string{"GET", "POST", "DELETE"} {
			for _, q := range quotas(policy.Answer{Method: method, Path: path, Status: 200, Header: header, Body: body}) {
				isSilent := q.Left < 0 && q.Spent == 0 && !q.Freed
				if isSilent || q.Left < -1 || q.Size < 0 || q.Size > 0 && q.Left > q.Size || q.Spent < 0 || q.Reset < 0 || q.Reset > 366*24*time.Hour {
					t.Errorf("%s %s: %+v", method, path, q)
				}
			}
		}
	})
}

// FuzzParse checks that any file gives a vendor or an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte("vendor: shop\ntitle: Shop\ndocuments: [{url: \"https://shop.test\", read: 2026-11-22}]\ncodes:\n  - {code: A, class: validation}\n"))
	f.Add([]byte("vendor: shop\ncodes: [{code: A, class: x}, 1]\nlimits: {a: b}\n"))
	f.Add([]byte("retry: {max_attempts: -1, backoff: {base: 1s}}\nwaits:\n  - {header: a, unit: http}\n"))
	f.Add([]byte(head + "waits: [{header: a, unit: http, when: {status: 4xx, headers: b, is: \"0\"}}]\nheader_codes: [{headers: b, contains: \"\\0\", code: A}]\nrequest_id_body: /errors/*/code\ncodes:\n  - {code: A, class: conflict, backoff: {base: 1s, cap: 2s}, accept_after_codes: A}\n"))
	f.Add([]byte(head + telling))
	f.Add([]byte(head + "waits: [{header: a, pattern: '(x|y)+z{2,}', unit: epoch}]\nlimits: [{name: a, scope: account, window: 9/1m, headers: {header: b, pattern: '(?P<remaining>[0-9]+)'}, named_by: {body: /a/*, contains: b}}]\nstatuses: [{status: 4xx, class: rate_limited}]\n"))
	f.Add([]byte(head + "batches:\n  - {methods: POST, path: \"/a/*\", sent: \"/a/*\", sent_key: id, items: \"/r/*\", key: id, status: s, headers: h, body: /b/c, done: {at: /ok, is: [y, n]}, refused: true, decode: [{in: \"\", code: c}]}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := vendors.Parse(data)
		if (v == nil) == (err == nil) {
			t.Errorf("Parse = %v, %v", v, err)
		}
		if v != nil {
			if quotas := v.Profile().Quotas; quotas != nil {
				_ = quotas(policy.Answer{Method: "GET", Path: "/a", Status: 200, Header: http.Header{"A": {"1"}, "B": {"0"}}, Body: []byte(`{"a":1}`)})
			}
			_ = v.Decode(policy.Answer{Status: 400, Header: http.Header{"A": {"1"}, "B": {"0"}}, Body: []byte(`{"errors":[{"code":"A"}]}`)})
			_ = v.Samples()
			to := policy.Answer{Method: "GET", Path: "/a", Header: http.Header{}}
			for _, l := range v.Policy().Limits(to.Method, to.Path) {
				_, _ = v.Refusal(l, time.Minute, to), v.Announce(policy.Quota{Limit: l.Name, Size: 2, Left: 1, Spent: 1}, to)
			}
		}
	})
}
