package retrywiseriver_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseriver "github.com/retrywise/retrywise/integrations/river"
	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
)

// held is the error of a call that the whole account has to wait for.
func held(until time.Time) error {
	return &apierrors.Error{
		Class: apierrors.RateLimited, Action: apierrors.Defer, Scope: apierrors.ScopeAccount, Applied: apierrors.AppliedNo, RetryAt: until,
	}
}

// A pause is known to all processes, and a person's is left alone.
func testQueue[TTx any](t *testing.T, open opener[TTx]) {
	over, soon, later := time.Now().Add(-time.Second).UTC(), time.Now().Add(time.Hour).UTC(), time.Now().Add(2*time.Hour).UTC()
	type state struct {
		Paused bool
		Until  time.Time
		Team   string // in the metadata of the queue, which is not ours
	}
	for name, test := range map[string]struct {
		do   []string
		want state
	}{
		"nothing":                           {nil, state{Team: "crm"}},
		"a pause":                           {[]string{"pause soon"}, state{true, soon, "crm"}},
		"a pause and its end":               {[]string{"pause over", "resume"}, state{Team: "crm"}},
		"an end before its time":            {[]string{"pause soon", "resume"}, state{Team: "crm"}},
		"of two processes, the first":       {[]string{"pause soon", "pause later"}, state{true, soon, "crm"}},
		"after the time is over, the other": {[]string{"pause over", "pause later"}, state{true, later, "crm"}},
		"a person's pause":                  {[]string{"person pauses", "pause over", "resume"}, state{Paused: true, Team: "crm"}},
		"a person resumes":                  {[]string{"pause soon", "person resumes"}, state{Team: "crm"}},
		"a person resumes and pauses":       {[]string{"pause over", "person resumes", "person pauses", "resume"}, state{Paused: true, Team: "crm"}},
		"a pause after that of a person":    {[]string{"person pauses", "person resumes", "pause soon"}, state{true, soon, "crm"}},
	} {
		t.Run(name, func(t *testing.T) {
			connect := open(t)
			p := start(t, connect(), 1, retrywiseriver.Options{}, nil)
			if _, err := p.QueueUpdate(t.Context(), vendorQueue, &river.QueueUpdateParams{Metadata: []byte(`{"team":"crm"}`)}); err != nil {
				t.Fatal(err)
			}
			ours, others := queueOf(t, connect()), queueOf(t, connect())
			steps := map[string]func() error{
				"pause over":     func() error { return ours.Pause(t.Context(), over) },
				"pause soon":     func() error { return ours.Pause(t.Context(), soon) },
				"pause later":    func() error { return others.Pause(t.Context(), later) },
				"resume":         func() error { return others.Resume(t.Context()) },
				"person pauses":  func() error { return p.QueuePause(t.Context(), vendorQueue, nil) },
				"person resumes": func() error { return p.QueueResume(t.Context(), vendorQueue, nil) },
			}
			for _, step := range test.do {
				if err := steps[step](); err != nil {
					t.Fatalf("%s: %v", step, err)
				}
			}
			row, err := p.QueueGet(t.Context(), vendorQueue)
			if err != nil {
				t.Fatal(err)
			}
			until, err := others.PausedUntil(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var metadata struct{ Team string }
			if err := json.Unmarshal(row.Metadata, &metadata); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, state{row.PausedAt != nil, until, metadata.Team}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// queueOf returns the queue as another process has it.
func queueOf[TTx any](t *testing.T, driver riverdriver.Driver[TTx]) jobs.Queue {
	t.Helper()
	c, err := river.NewClient(driver, &river.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return retrywiseriver.NewQueue(driver, c, vendorQueue)
}

// A queue that no process has worked on is not paused.
func testUnknownQueue[TTx any](t *testing.T, open opener[TTx]) {
	until, err := queueOf(t, open(t)()).PausedUntil(t.Context())
	if err != nil || !until.IsZero() {
		t.Errorf("paused until %v, %v", until, err)
	}
}

// The job that learns of a pause goes on until its process starts no other one, and another
// process ends the pause of one that is gone.
func testPauseOfAnotherProcess[TTx any](t *testing.T, open opener[TTx]) {
	for name, polls := range map[string]bool{"listens": false, "polls": true} {
		t.Run(name, func(t *testing.T) {
			connect := open(t)
			o := retrywiseriver.Options{Queues: []string{vendorQueue}}
			insertBefore(t, connect(), "P-1", "P-2", "P-3")
			var runs atomic.Int64
			gone := start(t, connect(), 1, o, func(context.Context, *river.Job[delivery]) error {
				runs.Add(1)
				return held(time.Now().Add(3 * time.Second))
			}, func(c *river.Config) { c.PollOnly = polls })
			gone.next(t)
			if err := gone.StopAndCancel(t.Context()); err != nil {
				t.Fatal(err)
			}
			_ = gone.middleware.Close()
			if n := runs.Load(); n != 1 {
				t.Errorf("%d jobs ran; want that which learnt of the pause", n)
			}
			other := start(t, connect(), 1, o, func(context.Context, *river.Job[delivery]) error { return nil })
			row, err := other.QueueGet(t.Context(), vendorQueue)
			if err != nil || row.PausedAt == nil {
				t.Fatalf("the queue is not paused: %v", err)
			}
			for range 3 {
				if e := other.next(t); e.Kind != river.EventKindJobCompleted {
					t.Errorf("%s; want all completed", e.Kind)
				}
			}
		})
	}
}
