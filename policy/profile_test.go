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
	if got := (policy.Profile{}).RequestID(nil); got != "" {
		t.Errorf("RequestID of no header = %q", got)
	}
}
