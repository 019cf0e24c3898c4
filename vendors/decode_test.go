package vendors_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

func TestDecodeOfASuccess(t *testing.T) {
	for _, name := range vendors.Names() {
		v := lookup(t, name)
		for _, status := range []int{0, 200, 204, 302, 304} {
			for _, body := range []string{"", "{}", `{"errors":{"error_type":"TAKEN"}}`, `{"code":"E0301"}`, `{"Data":true}`, "<html></html>"} {
				if f := v.Decode(policy.Answer{Status: status, Body: []byte(body)}); f != nil {
					t.Errorf("%s: status %d, body %s: %+v", name, status, body, f)
				}
			}
		}
	}
}

// A body that cannot be understood has no code and leads to the same decision as an empty
// body.
func TestDecodeJudgesOddBodiesByStatus(t *testing.T) {
	deep := func(open, inner, shut string) string {
		return strings.Repeat(open, 10_000) + inner + strings.Repeat(shut, 10_000)
	}
	for name, body := range map[string]string{
		"blank":                    " \n\t",
		"cut JSON":                 `{"errors":{"error_type":"TAKEN"`,
		"cut XML":                  `<Error><Code>400120</Code>`,
		"two values":               `{"Error":{"Code":400120}}{"Error":{"Code":400120}}`,
		"mixed":                    `{"Error":<Code>400120</Code>}`,
		"HTML around JSON":         `<html>{"code":"E0301"}</html>`,
		"HTML with its type":       `<!DOCTYPE html><html><Error><Code>400120</Code></Error></html>`,
		"text":                     "E0301",
		"a text in JSON":           `"E0301"`,
		"null":                     "null",
		"JSON that is too deep":    deep(`{"Error":`, `{"Code":400120}`, "}"),
		"arrays that are too deep": deep("[", `{"code":"E0301"}`, "]"),
		"XML that is too deep":     deep("<Error>", "<Code>400120</Code>", "</Error>"),
		"entities that expand":     `<!DOCTYPE a [<!ENTITY x "400120"><!ENTITY y "&x;&x;">]><Error><Code>&x;</Code></Error>`,
		"NUL":                      "\x00" + `{"code":"E0301"}`,
		"UTF-16":                   "\xff\xfe{\x00}\x00",
		"another charset":          `<?xml version="1.0" encoding="UTF-16"?><Error><Code>400120</Code></Error>`,
		"an empty list":            `{"errors":[]}`,
		"numbers":                  `{"errors":{"name":[1,2,3]},"Data":0}`,
		"a gigantic number":        `{"Error":{"Code":` + strings.Repeat("9", 1000) + `},"code":1e+999}`,
		"a code that is too long":  `{"code":"` + strings.Repeat("A", 129) + `","Error":{"Code":"` + strings.Repeat("1", 129) + `"}}`,
		"a code of objects":        `{"code":{"a":1},"Error":{"Code":[400120]},"errors":{"error_type":{"a":1}}}`,
		"an address as a code":     `{"code":"jane@example.com","Error":{"Code":"a b"},"errors":{"error_type":"x@y"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, vendor := range vendors.Names() {
				v := lookup(t, vendor)
				for _, status := range []int{400, 401, 404, 422, 429, 500, 503, 504} {
					bare := v.Policy().Decide(*v.Decode(policy.Answer{Status: status}), policy.State{Method: "POST"})
					f := v.Decode(policy.Answer{Status: status, Body: []byte(body)})
					d := v.Policy().Decide(*f, policy.State{Method: "POST"})
					if diff := cmp.Diff(bare, d); diff != "" {
						t.Errorf("%s, status %d: decision differs from that for an empty body (-want +got):\n%s", vendor, status, diff)
					}
				}
			}
		})
	}
}

func TestDecodeBoundsTexts(t *testing.T) {
	v := lookup(t, vendors.RDStation)
	long := strings.Repeat("ç", 5_000)
	many := `{"errors":{"` + long + `":[` + strings.Repeat(`{"error_type":"TAKEN","error_message":"`+long+`\n\u0007x"},`, 500) + `{"error_type":"INVALID"}]}}`
	f := v.Decode(policy.Answer{Status: 400, Body: []byte(many)})
	if len(f.Items) != 100 {
		t.Errorf("%d items; want 100", len(f.Items))
	}
	for _, item := range f.Items {
		if len(item.Message) > 512 || len(item.Path) > 128 || strings.ContainsAny(item.Message, "\n\a\ufffd") {
			t.Fatalf("item of %d and %d bytes: %q", len(item.Path), len(item.Message), item.Message)
		}
	}
}

// The values of a duplicate key are both decoded, and the graver decides.
func TestDecodeReadsADuplicateKeyTwice(t *testing.T) {
	v := lookup(t, vendors.RDStation)
	f := v.Decode(policy.Answer{Status: 400, Body: []byte(`{"errors":{"name":[{"error_type":"TAKEN"}],"name":[{"error_type":"BAD_REQUEST"}]}}`)})
	if d := v.Policy().Decide(*f, asked); d.Code != "BAD_REQUEST" || d.Action != apierrors.FailFast {
		t.Errorf("code %q, action %v", d.Code, d.Action)
	}
}

// The first place of the file that has a wait decides, and of its values the longest. An
// invalid wait is none.
func TestDecodeReturnsTheFirstWait(t *testing.T) {
	received := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		want   time.Duration
	}{
		"none":              {http.Header{}, ``, 0},
		"body":              {http.Header{}, `{"error":"x","remaining_time":20745}`, 20745 * time.Second},
		"body as text":      {http.Header{}, `{"error":"x","remaining_time":"60"}`, time.Minute},
		"header":            {http.Header{"Retry-After-Quotas": {"37"}}, `{"message":"x"}`, 37 * time.Second},
		"the first":         {http.Header{"Retry-After-Quotas": {"37"}, "Retry-After": {"90"}}, `{"error":"x","remaining_time":60}`, time.Minute},
		"the first valid":   {http.Header{"Retry-After-Quotas": {"37"}, "Retry-After": {"90"}}, `{"error":"x","remaining_time":0}`, 37 * time.Second},
		"several values":    {http.Header{"Retry-After": {"5", "90", "7"}}, ``, 90 * time.Second},
		"zero and negative": {http.Header{"Retry-After-Quotas": {"0"}, "Retry-After": {"-5"}}, `{"error":"x","remaining_time":-1}`, 0},
		"a date, by the Date header": {
			http.Header{"Date": {"Sun, 22 Nov 2026 10:00:00 GMT"}, "Retry-After": {"Sun, 22 Nov 2026 10:00:45 GMT"}}, ``, 45 * time.Second,
		},
		"a date, without a Date header": {http.Header{"Retry-After": {"Sun, 22 Nov 2026 12:00:45 GMT"}}, ``, 45 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f := lookup(t, vendors.RDStation).Decode(policy.Answer{Status: 429, Header: tt.header, Body: []byte(tt.body), Received: received})
			if f.Wait != tt.want {
				t.Errorf("wait %v; want %v", f.Wait, tt.want)
			}
		})
	}
}

// Connectif's E0605 after an E0603 in the same call: the field was created after all.
func TestPolicyAcceptsAFieldThatAnEarlierAttemptCreated(t *testing.T) {
	v := lookup(t, vendors.Connectif)
	f := v.Decode(policy.Answer{Status: 400, Body: []byte(`{"status":400,"code":"E0605","detail":"Contact field already exists with provided id"}`)})
	for before, want := range map[string]apierrors.Action{"E0603": apierrors.Accept, "E0601": apierrors.Surface} {
		d := v.Policy().Decide(*f, policy.State{Method: "POST", CodesBefore: []string{before}})
		if d.Action != want {
			t.Errorf("after %s: %v; want %v", before, d.Action, want)
		}
	}
}

// CustomerGauge's errors in a 2xx are errors even without a usable code.
func TestDecodeOfAnErrorIn2xxWithoutACode(t *testing.T) {
	v := lookup(t, vendors.CustomerGauge)
	for _, body := range []string{
		`{"Error":{"Message":"x"}}`, `{"Error":"x"}`, `{"Error":{"Code":"bad code","Message":"x"}}`, `{"Error":{"Code":null,"Message":"x"}}`,
		`<Error><Message>x</Message></Error>`,
	} {
		f := v.Decode(policy.Answer{Status: 200, Body: []byte(body)})
		if f == nil {
			t.Errorf("Decode of %s: no failure", body)
			continue
		}
		if d := v.Policy().Decide(*f, policy.State{Method: "POST"}); d.Class != apierrors.Unknown || d.Action != apierrors.Surface || d.Retry {
			t.Errorf("%s: %v, %v", body, d.Class, d.Action)
		}
	}
	for _, body := range []string{`{"Data":{"Error":1}}`, `{"Error":null}`, `{"Error":{}}`, `{"Data":true}`} {
		if f := v.Decode(policy.Answer{Status: 200, Body: []byte(body)}); f != nil {
			t.Errorf("Decode of %s: failure %+v", body, f.Items)
		}
	}
}

// A body in none of the vendor's forms that is a problem document gives its fields, whether errors
// is a list, as in RFC 9457, or a map, as of ASP.NET.
func TestDecodeOfAProblemDocument(t *testing.T) {
	v := parsed(t, "decode: [{in: /fault, code: id}]\n")
	for name, errors := range map[string]string{
		"a list": `[{"detail":"required","pointer":"#/Name"}]`,
		"a map":  `{"Name":["required"]}`,
	} {
		f := v.Decode(policy.Answer{Status: 400, Body: []byte(`{"type":"about:blank","title":"Bad Request","errors":` + errors + `}`)})
		if diff := cmp.Diff([]apierrors.Field{{Path: "Name", Message: "required"}}, f.Items); diff != "" {
			t.Errorf("%s: Items mismatch (-want +got):\n%s", name, diff)
		}
	}
}

// Playable has limits for single paths. A throttled call is about the one of its path, unless the
// wait is longer than that takes.
func TestPolicyOfPlayableFindsTheLimitOfAPath(t *testing.T) {
	p := lookup(t, vendors.Playable).Policy()
	for name, tt := range map[string]struct {
		status int
		wait   time.Duration
		path   string
		want   string
	}{
		"clear-cache":                 {429, 0, "/v1/campaign/7/clear-cache", "clear-cache"},
		"clear-cache, with a wait":    {429, 5 * time.Minute, "/v1/campaign/7/clear-cache", "clear-cache"},
		"clear-cache, another status": {403, time.Minute, "/v1/campaign/7/clear-cache", "clear-cache"},
		"the hour of the account":     {429, 40 * time.Minute, "/v1/campaign/7/clear-cache", "account"},
		"a path without a limit":      {429, time.Minute, "/v1/campaign/7", "account"},
	} {
		d := p.Decide(policy.Failure{Status: tt.status, Wait: tt.wait}, policy.State{Method: "POST", Path: tt.path, Random: 0.5})
		if len(d.Limits) != 1 || d.Limits[0].Name != tt.want || d.PauseFor == 0 {
			t.Errorf("%s: limits %v, pause %v; want %q", name, d.Limits, d.PauseFor, tt.want)
		}
	}
}

// How a response names a limit says that no other response is about it.
func TestParseKnowsWhichLimitsAreNamed(t *testing.T) {
	rd := lookup(t, vendors.RDStation).Policy()
	for limit, want := range map[string]bool{"lead": true, "account": false} {
		if got, _ := rd.LimitNamed(limit); got.Named != want {
			t.Errorf("limit %s: named %v; want %v", limit, got.Named, want)
		}
	}
}
