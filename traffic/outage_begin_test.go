package traffic

import (
	"testing"
	"testing/synctest"
	"time"
)

// Many requests leave while others, whose responses take 40 ms, succeed; then nothing but failures
// come. A failure counts only if it cannot be older than the successes.
func TestOutageBeginsAfterTheLatestSuccess(t *testing.T) {
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		successLeaves time.Duration // it comes at 40 ms
		leave         time.Duration // the requests that fail
		fail          time.Duration // when they do
		want          OutageState
	}{
		"failures of requests that left after the success came":    {0, 50 * ms, 60 * ms, Suspect},
		"failures that come soon after the success":                {0, 10 * ms, 60 * ms, Healthy},
		"timeouts of requests that left before the success came":   {0, 10 * ms, 510 * ms, Suspect},
		"timeouts of requests that left before the one of success": {20 * ms, 10 * ms, 510 * ms, Healthy},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, m := time.Now(), NewMemory()
				at := func(since time.Duration, do func()) { time.AfterFunc(since-time.Since(start), do) }
				leave := func() Place {
					p := m.Admit(t.Context(), time.Now(), Demand{Endpoint: "/items", MaxWait: time.Minute})
					if err := p.Wait(t.Context()); err != nil {
						t.Error(err)
					}
					return p
				}
				at(tt.successLeaves, func() {
					p := leave()
					at(40*ms, func() { endOf(t, p, Working) })
				})
				at(tt.leave, func() {
					for range 8 {
						p := leave()
						at(tt.fail, func() { endOf(t, p, Failing) })
					}
				})
				time.Sleep(600 * ms)
				if o := m.Outage(t.Context(), time.Now(), Account{}, "/items"); o.State != tt.want {
					t.Errorf("state %v; want %v", o.State, tt.want)
				}
			})
		})
	}
}
