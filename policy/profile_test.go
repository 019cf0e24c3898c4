package policy_test

import (
	"net/http"
	"testing"

	"github.com/retrywise/retrywise/policy"
)

func TestProfileRequestID(t *testing.T) {
	header := http.Header{"Cf-Ray": {"ray"}, "X-Correlation-Id": {"correlation"}, "X-Shop-Id": {"shop"}, "X-Request-Id": {""}}
	for name, tt := range map[string]struct {
		names []string
		want  string
	}{
		"the common headers, in their order": {nil, "correlation"},
		"the vendor's":                       {[]string{"X-Other", "x-shop-id"}, "shop"},
		"none of the vendor's":               {[]string{"X-Other"}, ""},
		"an empty list":                      {[]string{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (policy.Profile{RequestIDHeaders: tt.names}).RequestID(header); got != tt.want {
				t.Errorf("RequestID = %q; want %q", got, tt.want)
			}
		})
	}
	for name, id := range map[string]string{
		"X-GitHub-Request-Id": "C0FE:1A2B:3C4D", "Request-Id": "req_8sgnCpGZ", "request-id": "b7a3ae39", "client-request-id": "9a1c",
		"X-Zendesk-Request-Id": "9d6c5d0ee0a1", "X-Request-Id": "r", "Cf-Ray": "8f-FRA",
	} {
		h := http.Header{}
		h.Set(name, id)
		if got := (policy.Profile{}).RequestID(h); got != id {
			t.Errorf("RequestID of %s = %q; want %q", name, got, id)
		}
	}
	both := http.Header{"X-Request-Id": {"gateway"}, "X-Zendesk-Request-Id": {"zendesk"}, "Client-Request-Id": {"ours"}}
	if got := (policy.Profile{}).RequestID(both); got != "zendesk" {
		t.Errorf("RequestID of several headers = %q; want the vendor's own", got)
	}
	if got := (policy.Profile{}).RequestID(nil); got != "" {
		t.Errorf("RequestID of no header = %q", got)
	}
}
