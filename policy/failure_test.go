package policy_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/policy"
)

func TestAnswerNow(t *testing.T) {
	received := noon.Add(time.Minute)
	for name, tt := range map[string]struct {
		date string
		want time.Time
	}{
		"the vendor's": {"Sun, 22 Nov 2026 12:00:00 GMT", noon},
		"none":         {"", received},
		"wrong":        {"today", received},
	} {
		a := policy.Answer{Header: http.Header{"Date": {tt.date}}, Received: received}
		if got := a.Now(); !got.Equal(tt.want) {
			t.Errorf("%s: Now() = %v; want %v", name, got, tt.want)
		}
	}
}
