//go:build redis

package retrywiseredis_test

import (
	"testing"
	"time"
)

// A server that is frozen for five seconds holds up a job for a moment only, by real clocks.
func TestFleetOfAFrozenServer(t *testing.T) {
	t.Parallel()
	s := start(t)
	testInRealTime(t, s.options, func() {
		s.freeze(t)
		frozen := time.NewTimer(5 * time.Second)
		<-frozen.C
		s.thaw(t)
	})
}
