package retrywisetemporal_test

import (
	"fmt"
	"strings"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
)

// rateOf returns a limit and the beginning of its reason in words.
func rateOf(limit *taskqueuepb.RateLimitConfig) string {
	reason, _, _ := strings.Cut(limit.GetMetadata().GetReason(), ":")
	text := "no limit"
	if rate := limit.GetRateLimit(); rate != nil {
		text = fmt.Sprintf("%v per second", rate.GetRequestsPerSecond())
	}
	if reason != "" {
		text += ", " + reason
	}
	return text
}
