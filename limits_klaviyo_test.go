package retrywise_test

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/vendors"
)

// klaviyo is a fake of one operation of Klaviyo, which has a limit of a second and one of a minute.
// A response says how much of the minute is left, and a refusal only how long to wait.
func klaviyo(second, minute int) *meteredAPI {
	return &meteredAPI{
		meters: []*meter{{name: "steady", count: minute, per: time.Minute}, {name: "burst", count: second, per: time.Second}},
		told: func(h http.Header, m *meter) {
			if m.name == "steady" {
				h.Set("RateLimit-Limit", fmt.Sprint(m.count))
				h.Set("RateLimit-Remaining", fmt.Sprint(m.left()))
				h.Set("RateLimit-Reset", fmt.Sprint(m.reset()))
			}
		},
		refuse: func(w http.ResponseWriter, m *meter) {
			for _, name := range []string{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} {
				w.Header().Del(name)
			}
			w.Header().Set("Retry-After", fmt.Sprint(m.reset()))
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"errors":[{"status":429,"code":"throttled","title":"Request was throttled.","source":{"pointer":"/data/"}}]}`)
		},
	}
}

// reset returns in how many seconds, rounded up, the first request of the period is forgotten.
func (m *meter) reset() int {
	if len(m.taken) == 0 {
		return int(m.per.Seconds())
	}
	return int((time.Until(m.taken[0].Add(m.per)) + time.Second - 1) / time.Second)
}

// klaviyoAccounts reads accounts, once in any second and 15 times in any minute.
func klaviyoAccounts() limitedJob {
	return klaviyo(1, 15).job(vendors.Klaviyo, 45, 2*time.Minute+14*(time.Second+trip), client.Call{Path: "/api/accounts", Options: patient})
}

// klaviyoProfiles writes profiles, 75 in any second and 700 in any minute.
func klaviyoProfiles() limitedJob {
	return klaviyo(75, 700).job(vendors.Klaviyo, 2100, 2*time.Minute+9*(time.Second+trip), client.Call{Method: http.MethodPost, Path: "/api/profile-import", Options: patient})
}
