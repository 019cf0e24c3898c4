package retrywiseasynq_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flag"

	"github.com/hibiken/asynq"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/internal/enginetest"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
)

var taskCount = flag.Int("tasks", 400, "how many tasks meet a pause")

// While the vendor takes no calls, no tasks are started to be delayed.
func TestPause(t *testing.T) {
	const pause = 4 * time.Second
	e, v := newEngine(t), enginetest.NewVendor(t, retrywisetest.Faults{})
	v.Takes = 20 * time.Millisecond // so that the workers, and not what the client learns, set the pace
	e.enqueue(t, enginetest.IDs(*taskCount))
	c := newClient(t, v)
	var s enginetest.Starts
	var begin time.Time
	var once sync.Once
	var paused atomic.Bool
	first := time.Now()
	work := deliver(c, http.MethodPost)
	o := retrywiseasynq.Options{Queues: []string{vendorQueue}, LookUps: isThere(c)}
	e.process(t, 8, o, func(ctx context.Context, id string) error {
		s.Add()
		if v.Total() >= *taskCount/2 {
			once.Do(func() {
				time.AfterFunc(pause/2, func() { paused.Store(e.isPaused(t)) })
				begin = v.Deny(pause, enginetest.TooMany)
			})
		}
		return work(ctx, id)
	})
	e.ended(t, *taskCount)
	end := begin.Add(pause)
	inPause := s.Between(begin, end)
	second := func(n int) int {
		return s.Between(end.Add(time.Duration(n)*time.Second), end.Add(time.Duration(n+1)*time.Second))
	}
	t.Logf("%d tasks started in a pause of %v; per second: %.0f before, and %d, %d, %d after it",
		inPause, pause, float64(s.Between(first, begin))/begin.Sub(first).Seconds(), second(0), second(1), second(2))
	if inPause > 10 || !paused.Load() {
		t.Errorf("paused: %v; %d tasks started in the pause; want 10 at most", paused.Load(), inPause)
	}
	if v.Total() != *taskCount || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), *taskCount, v.Duplicates())
	}
}

// An outage of the vendor uses up few attempts.
func TestOutage(t *testing.T) {
	const count, outage = 300, 4 * time.Second
	e, v := newEngine(t), enginetest.NewVendor(t, retrywisetest.Faults{})
	e.enqueue(t, enginetest.IDs(count))
	c := newClient(t, v)
	var s enginetest.Starts
	var begin time.Time
	var once sync.Once
	work := deliver(c, http.MethodPut)
	o := retrywiseasynq.Options{Queues: []string{vendorQueue}, Valve: jobs.ValveOptions{MaxOutage: time.Second}, Jobs: jobs.Options{MaxDelay: time.Second}}
	e.process(t, 8, o, func(ctx context.Context, id string) error {
		s.Add()
		if v.Total() >= count/2 {
			once.Do(func() { begin = v.Deny(outage, enginetest.Unavailable) })
		}
		return work(ctx, id)
	})
	e.ended(t, count)
	used := 0
	for _, id := range enginetest.IDs(count) {
		used += e.task(t, id).Retried
	}
	t.Logf("%d starts in an outage of %v, %d attempts used up; all done %v after it", s.Between(begin, begin.Add(outage)), outage,
		used, time.Since(begin.Add(outage)).Round(time.Millisecond))
	if used > 20 {
		t.Errorf("%d attempts were used up; want 20 at most", used)
	}
	if v.Total() != count || v.Duplicates() != 0 {
		t.Errorf("%d executions of %d, %d of them duplicates", v.Total(), count, v.Duplicates())
	}
}

// Whatever goes wrong, each task is done, or a person knows of it.
func TestFaults(t *testing.T) {
	const count = 300
	for name, withLookUp := range map[string]bool{"look-up": true, "by hand": false} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t)
			v := enginetest.NewVendor(t, enginetest.TenPercent())
			c := newClient(t, v)
			o := retrywiseasynq.Options{Queues: []string{vendorQueue}, LookUpAfter: 10 * time.Millisecond}
			if withLookUp {
				o.LookUps = isThere(c)
			}
			e.process(t, 8, o, deliver(c, http.MethodPost))
			e.enqueue(t, enginetest.IDs(count))
			e.ended(t, count)
			ends := map[string]int{}
			for _, id := range enginetest.IDs(count) {
				info := e.task(t, id)
				next, _ := retrywiseasynq.NextOf(info)
				ends[fmt.Sprintf("%v %v", info.State, next)]++
				executed := v.Count(id)
				if executed > 1 || info.State == asynq.TaskStateCompleted && executed == 0 || next == jobs.SetAside && executed != 0 ||
					info.State == asynq.TaskStateArchived && next != jobs.SetAside && next != jobs.LookUp {
					t.Errorf("%s: %v, executed %d times; %s", id, info.State, executed, info.LastErr)
				}
			}
			t.Log(ends)
			if v.Duplicates() != 0 || withLookUp && ends["archived look_up"] != 0 {
				t.Errorf("%v, %d duplicates", ends, v.Duplicates())
			}
		})
	}
}
