package vendors_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

func TestAnAnswerThatIsNoFailure(t *testing.T) {
	v := lookup(t, vendors.RDStation)
	for _, status := range []int{0, 200, 204, 302, 304} {
		if f := v.Decode(policy.Answer{Status: status, Body: []byte(`{"errors":{"error_type":"TAKEN"}}`)}); f != nil {
			t.Errorf("status %d: %+v", status, f)
		}
	}
}

// Odd bytes are judged by their status; they bring no code and no message.
func TestOddBodiesAreJudgedByStatus(t *testing.T) {
	taken := `{"errors":{"error_type":"TAKEN","error_message":"Already in use"}}`
	for name, body := range map[string]string{
		"empty":             "",
		"blank":             " \n\t",
		"cut":               taken[:len(taken)-2],
		"two values":        taken + taken,
		"HTML":              "<html>" + taken + "</html>",
		"text":              "TAKEN",
		"a string":          `"TAKEN"`,
		"null":              "null",
		"too deep":          strings.Repeat(`{"errors":`, 10_000) + taken + strings.Repeat("}", 10_000),
		"NUL":               "\x00" + taken,
		"UTF-16":            "\xff\xfe{\x00}\x00",
		"an empty list":     `{"errors":[]}`,
		"numbers":           `{"errors":{"name":[1,2,3]}}`,
		"a code too long":   `{"errors":{"error_type":"` + strings.Repeat("A", 65) + `"}}`,
		"a code of objects": `{"errors":{"error_type":{"a":1}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			v := lookup(t, vendors.RDStation)
			f := v.Decode(policy.Answer{Status: 400, Body: []byte(body)})
			d := v.Policy().Decide(*f, asked)
			if d.Code != "" || d.Rule != "rdstation status 400" || len(f.Items) > 1 {
				t.Errorf("code %q by %q, items %v", d.Code, d.Rule, f.Items)
			}
		})
	}
}

func TestWordsAreBounded(t *testing.T) {
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

// A key that stands twice is read twice: the graver of the two decides.
func TestAKeyThatStandsTwice(t *testing.T) {
	v := lookup(t, vendors.RDStation)
	f := v.Decode(policy.Answer{Status: 400, Body: []byte(`{"errors":{"name":[{"error_type":"TAKEN"}],"name":[{"error_type":"BAD_REQUEST"}]}}`)})
	if d := v.Policy().Decide(*f, asked); d.Code != "BAD_REQUEST" || d.Action != apierrors.FailFast {
		t.Errorf("code %q, action %v", d.Code, d.Action)
	}
}

// The longest usable wait wins; what is unusable is as if it were absent.
func TestTheLongestWait(t *testing.T) {
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
		"the longest":       {http.Header{"Retry-After-Quotas": {"37"}, "Retry-After": {"90"}}, `{"error":"x","remaining_time":60}`, 90 * time.Second},
		"several values":    {http.Header{"Retry-After": {"5", "90", "7"}}, ``, 90 * time.Second},
		"zero and negative": {http.Header{"Retry-After-Quotas": {"0"}, "Retry-After": {"-5"}}, `{"error":"x","remaining_time":-1}`, 0},
		"a date, by the answer's own clock": {
			http.Header{"Date": {"Sun, 22 Nov 2026 10:00:00 GMT"}, "Retry-After": {"Sun, 22 Nov 2026 10:00:45 GMT"}}, ``, 45 * time.Second,
		},
		"a date, without the answer's clock": {http.Header{"Retry-After": {"Sun, 22 Nov 2026 12:00:45 GMT"}}, ``, 45 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f := lookup(t, vendors.RDStation).Decode(policy.Answer{Status: 429, Header: tt.header, Body: []byte(tt.body), Received: received})
			if f.Wait != tt.want {
				t.Errorf("wait %v; want %v", f.Wait, tt.want)
			}
		})
	}
}
