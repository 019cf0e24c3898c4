//go:build redis

package retrywiseasynq_test

import (
	"testing"
	"time"
)

// A pause ends even if no process is left. A Redis in memory has no clock.
func TestPauseExpires(t *testing.T) {
	e := newEngine(t)
	e.enqueue(t, []string{"P-1"})
	if err := e.queue(t).Pause(t.Context(), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if !e.isPaused(t) {
		t.Error("the queue is not paused")
	}
	poll(t, "the pause is over", func() bool { return !e.isPaused(t) })
}
