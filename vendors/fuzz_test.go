package vendors_test

import (
	"net/http"
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

func FuzzDecodeCustomerGauge(f *testing.F) { fuzzDecode(f, vendors.CustomerGauge) }
func FuzzDecodeConnectif(f *testing.F)     { fuzzDecode(f, vendors.Connectif) }
func FuzzDecodeKleene(f *testing.F)        { fuzzDecode(f, vendors.Kleene) }
func FuzzDecodePlayable(f *testing.F)      { fuzzDecode(f, vendors.Playable) }
func FuzzDecodeRDStation(f *testing.F)     { fuzzDecode(f, vendors.RDStation) }

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

// FuzzParse checks that any file gives a vendor or an error.
func FuzzParse(f *testing.F) {
	f.Add([]byte("vendor: shop\ntitle: Shop\ndocuments: [{url: \"https://shop.test\", read: 2026-11-22}]\ncodes:\n  - {code: A, class: validation}\n"))
	f.Add([]byte("vendor: shop\ncodes: [{code: A, class: x}, 1]\nlimits: {a: b}\n"))
	f.Add([]byte("retry: {max_attempts: -1, backoff: {base: 1s}}\nwaits:\n  - {header: a, unit: http}\n"))
	f.Add([]byte(head + "waits: [{header: a, unit: http, when: {status: 4xx, headers: b, is: \"0\"}}]\nheader_codes: [{headers: b, contains: \"\\0\", code: A}]\nrequest_id_body: /errors/*/code\ncodes:\n  - {code: A, class: conflict, backoff: {base: 1s, cap: 2s}, accept_after_codes: A}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := vendors.Parse(data)
		if (v == nil) == (err == nil) {
			t.Errorf("Parse = %v, %v", v, err)
		}
		if v != nil {
			_ = v.Decode(policy.Answer{Status: 400, Header: http.Header{"A": {"1"}, "B": {"0"}}, Body: []byte(`{"errors":[{"code":"A"}]}`)})
		}
	})
}
