package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

var now = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

func TestAfter(t *testing.T) {
	in := func(d time.Duration) time.Time { return now.Add(d) }
	for name, test := range map[string]struct {
		err  error
		o    Options
		want Step
	}{
		"success":                       {nil, Options{}, Step{Next: Done}},
		"error of another kind":         {errors.New("no such row"), Options{}, Step{Next: RunAgain}},
		"wrapped":                       {fmt.Errorf("job 7: %w", &apierrors.Error{Action: apierrors.Surface, Applied: apierrors.AppliedNo}), Options{}, Step{Next: SetAside}},
		"a vendor that is down":         {&apierrors.Error{Action: apierrors.Retry, Applied: apierrors.AppliedNo}, Options{}, Step{Next: RunAgain}},
		"a read that may be repeated":   {&apierrors.Error{Action: apierrors.Retry, Repeatable: true}, Options{}, Step{Next: RunAgain}},
		"a time of the vendor":          {&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: in(6 * time.Hour)}, Options{}, Step{Next: RunAgain, Delay: 6*time.Hour + 30*time.Second}},
		"a short time is spread by 10%": {&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: in(100 * time.Second)}, Options{}, Step{Next: RunAgain, Delay: 105 * time.Second}},
		"a time that has passed":        {&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: in(-time.Second)}, Options{}, Step{Next: RunAgain, Delay: 1050 * time.Microsecond}},
		"more than a day":               {&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: in(48 * time.Hour)}, Options{}, Step{Next: RunAgain, Delay: 24*time.Hour + 30*time.Second}},
		"more than MaxDelay":            {&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: in(time.Hour)}, Options{MaxDelay: time.Second}, Step{Next: RunAgain, Delay: 1050 * time.Millisecond}},
		"a time beside a refusal":       {&apierrors.Error{Action: apierrors.FailFast, Applied: apierrors.AppliedNo, RetryAt: in(time.Second)}, Options{}, Step{Next: RunAgain, Delay: 1050 * time.Millisecond}},
		"refused record":                {&apierrors.Error{Action: apierrors.Surface, Applied: apierrors.AppliedNo}, Options{}, Step{Next: SetAside}},
		"too large":                     {&apierrors.Error{Action: apierrors.Shrink, Applied: apierrors.AppliedNo}, Options{}, Step{Next: SetAside}},
		"part of a batch":               {&apierrors.Error{Class: apierrors.Partial, Action: apierrors.Surface, Applied: apierrors.AppliedYes}, Options{}, Step{Next: SetAside}},
		"part of a batch, with a time":  {&apierrors.Error{Class: apierrors.Partial, Action: apierrors.Surface, Applied: apierrors.AppliedYes, RetryAt: in(time.Second)}, Options{}, Step{Next: SetAside, Delay: 1050 * time.Millisecond}},
		"wrong credential":              {&apierrors.Error{Action: apierrors.FailFast, Applied: apierrors.AppliedNo}, Options{}, Step{Next: Stop}},
		"token that cannot be renewed":  {&apierrors.Error{Action: apierrors.Refresh, Applied: apierrors.AppliedNo}, Options{}, Step{Next: Stop}},
		"in doubt":                      {&apierrors.Error{Action: apierrors.Retry}, Options{}, Step{Next: LookUp, IfAbsent: RunAgain}},
		"in doubt, with a time":         {&apierrors.Error{Action: apierrors.Retry, RetryAt: in(time.Second)}, Options{}, Step{Next: LookUp, IfAbsent: RunAgain, Delay: 1050 * time.Millisecond}},
		"in doubt, and refused":         {&apierrors.Error{Action: apierrors.Surface}, Options{}, Step{Next: LookUp, IfAbsent: SetAside}},
		"done, and the response lost":   {&apierrors.Error{Action: apierrors.Retry, Applied: apierrors.AppliedYes}, Options{}, Step{Next: LookUp, IfAbsent: SetAside}},
		"done, with the same key":       {&apierrors.Error{Action: apierrors.Retry, Applied: apierrors.AppliedYes, KeyExpires: in(time.Hour)}, Options{SameKey: true}, Step{Next: RunAgain}},
		"in doubt, with the same key":   {&apierrors.Error{Action: apierrors.Retry, KeyExpires: in(time.Hour)}, Options{SameKey: true}, Step{Next: RunAgain}},
		"a key that is soon forgotten":  {&apierrors.Error{Action: apierrors.Retry, KeyExpires: in(keyMargin)}, Options{SameKey: true}, Step{Next: LookUp, IfAbsent: RunAgain}},
		"a key that the delay outlives": {&apierrors.Error{Action: apierrors.Defer, RetryAt: in(2 * time.Hour), KeyExpires: in(time.Hour)}, Options{SameKey: true}, Step{Next: LookUp, IfAbsent: RunAgain, Delay: 2*time.Hour + 30*time.Second}},
		"a key that outlives the delay": {&apierrors.Error{Action: apierrors.Defer, RetryAt: in(2 * time.Hour), KeyExpires: in(3 * time.Hour)}, Options{SameKey: true}, Step{Next: RunAgain, Delay: 2*time.Hour + 30*time.Second}},
		"another key in the next run":   {&apierrors.Error{Action: apierrors.Retry, KeyExpires: in(time.Hour)}, Options{}, Step{Next: LookUp, IfAbsent: RunAgain}},
		"canceled before it was sent":   {&apierrors.Error{Class: apierrors.Canceled, Applied: apierrors.AppliedNo, Err: context.Canceled}, Options{}, Step{Next: RunAgain}},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.o.after(test.err, now, 0.5)
			if e, ok := errors.AsType[*apierrors.Error](test.err); ok && got.Err != e {
				t.Errorf("Err = %v, want that of the call", got.Err)
			}
			if got.Err = nil; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// A delay is at least as long as the vendor asks for.
func TestAfterIsNotEarly(t *testing.T) {
	at := time.Now().Add(time.Hour)
	step := After(&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: at}, Options{})
	if until := time.Now().Add(step.Delay); until.Before(at) || until.After(at.Add(7*time.Minute)) {
		t.Errorf("the job is run again at %v; want from %v on", until, at)
	}
}

func TestNextLevel(t *testing.T) {
	want := []slog.Level{Done: slog.LevelInfo, RunAgain: slog.LevelInfo, LookUp: slog.LevelWarn, SetAside: slog.LevelWarn, Stop: slog.LevelError}
	for n, level := range want {
		if got := Next(n).Level(); got != level {
			t.Errorf("%v: %v, want %v", Next(n), got, level)
		}
	}
}

func TestNextNames(t *testing.T) {
	for n := Done; n <= Stop; n++ {
		text, err := n.MarshalText()
		var back Next
		if err != nil || back.UnmarshalText(text) != nil || back != n || n.String() != string(text) {
			t.Errorf("%v: %q, %v; read back as %v", n, text, err, back)
		}
	}
}
