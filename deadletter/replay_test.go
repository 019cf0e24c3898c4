package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

const no, yes = apierrors.AppliedNo, apierrors.AppliedYes

var (
	refusal = &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: no}
	revoked = &apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: no}
)

// What Replay does with one letter, what it calls for that, and what is left in the file.
func TestReplay(t *testing.T) {
	type result struct {
		Calls   []string // of the caller's functions
		Outcome deadletter.Outcome
		Left    []string // open letters
		Took    time.Duration
	}
	base := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // when virtual time begins
	for name, tt := range map[string]struct {
		letter  deadletter.Letter
		send    error
		applied apierrors.Applied // of the look-up
		lookUp  error
		mended  bool
		want    result
	}{
		"not applied": {
			deadletter.Letter{Applied: no}, nil, 0, nil, false,
			result{[]string{"send"}, deadletter.Delivered, nil, 0},
		},
		"not applied, and refused now": {
			deadletter.Letter{Applied: no}, refusal, 0, nil, false,
			result{[]string{"send"}, deadletter.Failed, []string{"validation, applied no"}, 0},
		},
		"not applied, and in doubt now": {
			deadletter.Letter{Applied: no}, errors.New("reset"), 0, nil, false,
			result{[]string{"send"}, deadletter.Failed, []string{"unknown, applied unknown"}, 0},
		},
		"due within the wait": {
			deadletter.Letter{Applied: no, RetryAt: base.Add(time.Minute)}, nil, 0, nil, false,
			result{[]string{"send"}, deadletter.Delivered, nil, time.Minute},
		},
		"due later": {
			deadletter.Letter{Applied: no, RetryAt: base.Add(2 * time.Minute)}, nil, 0, nil, false,
			result{nil, deadletter.Early, []string{"none, applied no"}, 0},
		},
		"in doubt, and there": {
			deadletter.Letter{}, nil, yes, nil, false,
			result{[]string{"look up"}, deadletter.Found, nil, 0},
		},
		"in doubt, and absent": {
			deadletter.Letter{}, nil, no, nil, false,
			result{[]string{"look up", "send"}, deadletter.Delivered, nil, 0},
		},
		"in doubt, absent, and not due": {
			deadletter.Letter{RetryAt: base.Add(time.Hour)}, nil, no, nil, false,
			result{[]string{"look up"}, deadletter.Early, []string{"none, applied no"}, 0},
		},
		"in doubt, and it stays so": {
			deadletter.Letter{}, nil, 0, nil, false,
			result{[]string{"look up"}, deadletter.InDoubt, []string{"none, applied unknown"}, 0},
		},
		"in doubt, and the look-up fails": {
			deadletter.Letter{}, nil, no, errors.New("down"), false,
			result{[]string{"look up"}, deadletter.InDoubt, []string{"none, applied unknown"}, 0},
		},
		"applied, and said to be absent": {
			deadletter.Letter{Applied: yes}, nil, no, nil, false,
			result{[]string{"look up"}, deadletter.InDoubt, []string{"none, applied yes"}, 0},
		},
		"being sent by a run that ended": {
			deadletter.Letter{Applied: no, Begun: base}, nil, yes, nil, false,
			result{[]string{"look up"}, deadletter.Found, nil, 0},
		},
		"in doubt, repeatable": {
			deadletter.Letter{Repeatable: true}, nil, 0, nil, false,
			result{[]string{"send"}, deadletter.Delivered, nil, 0},
		},
		"in doubt, repeatable, and refused now": {
			deadletter.Letter{Repeatable: true}, refusal, 0, nil, false,
			result{[]string{"send"}, deadletter.Failed, []string{"validation, applied unknown"}, 0},
		},
		"in doubt, with a key": {
			deadletter.Letter{IdempotencyKey: "k", KeyUntil: base.Add(time.Hour)}, nil, 0, nil, false,
			result{[]string{"send k until 1h0m0s"}, deadletter.Delivered, nil, 0},
		},
		"in doubt, with a key that expires while it waits": {
			deadletter.Letter{IdempotencyKey: "k", KeyUntil: base.Add(90 * time.Second), RetryAt: base.Add(time.Minute)}, nil, 0, nil, false,
			result{[]string{"look up"}, deadletter.InDoubt, []string{"none, applied unknown"}, time.Minute},
		},
		"not applied, with a key": {
			deadletter.Letter{Applied: no, IdempotencyKey: "k", KeyUntil: base.Add(time.Hour)}, nil, 0, nil, false,
			result{[]string{"send k"}, deadletter.Delivered, nil, 0},
		},
		"refused": {
			deadletter.Letter{Applied: no, Action: apierrors.Surface}, nil, 0, nil, false,
			result{[]string{"mend"}, deadletter.Refused, []string{"none, applied no"}, 0},
		},
		"refused, and mended": {
			deadletter.Letter{Applied: no, Action: apierrors.Surface, IdempotencyKey: "k"}, nil, 0, nil, true,
			result{[]string{"mend", "send mended"}, deadletter.Delivered, nil, 0},
		},
		"refused, mended, and refused again": {
			deadletter.Letter{Applied: no, Action: apierrors.Surface}, refusal, 0, nil, true,
			result{[]string{"mend", "send mended"}, deadletter.Failed, []string{"validation, applied no"}, 0},
		},
		"refused in doubt, and mended": {
			deadletter.Letter{Action: apierrors.Surface}, nil, 0, nil, true,
			result{[]string{"look up"}, deadletter.InDoubt, []string{"none, applied unknown"}, 0},
		},
		"refused in doubt, absent, and mended": {
			deadletter.Letter{Action: apierrors.Surface}, nil, no, nil, true,
			result{[]string{"look up", "mend", "send mended"}, deadletter.Delivered, nil, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				file := newFile(t)
				w := open(t, file)
				tt.letter.Record = "P-1"
				write(t, w, tt.letter)
				var got result
				start := time.Now()
				counts, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{
					Wait: time.Minute,
					Send: func(ctx context.Context, l deadletter.Letter) error {
						call := strings.TrimSpace("send " + l.IdempotencyKey)
						if end, ok := ctx.Deadline(); ok {
							call += " until " + end.Sub(start).String()
						}
						got.Calls = append(got.Calls, call)
						return tt.send
					},
					LookUp: func(context.Context, deadletter.Letter) (apierrors.Applied, error) {
						got.Calls = append(got.Calls, "look up")
						return tt.applied, tt.lookUp
					},
					Mend: func(l deadletter.Letter) (deadletter.Letter, bool) {
						got.Calls = append(got.Calls, "mend")
						l.IdempotencyKey = "mended"
						return l, tt.mended
					},
					Observe: func(_ deadletter.Letter, o deadletter.Outcome, err error) {
						got.Outcome = o
						if err != nil && !errors.Is(err, tt.send) && !errors.Is(err, tt.lookUp) {
							t.Errorf("error %v", err)
						}
					},
				})
				if err != nil || counts[got.Outcome] != 1 || len(counts) != 1 {
					t.Errorf("counts %v, error %v", counts, err)
				}
				got.Took, got.Left = time.Since(start), describe(t, file)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// describe returns the open letters of a file in words.
func describe(t *testing.T, file string) []string {
	t.Helper()
	letters, err := read(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range letters {
		if l.Record != "P-1" || !l.Begun.IsZero() {
			t.Errorf("record %q, being sent since %v", l.Record, l.Begun)
		}
		all = append(all, fmt.Sprintf("%v, applied %v", l.Class, l.Applied))
	}
	return all
}

// Without LookUp and Mend, nothing is guessed.
func TestReplayWithSendAlone(t *testing.T) {
	w := open(t, newFile(t))
	write(t, w, deadletter.Letter{}, deadletter.Letter{Action: apierrors.Surface, Applied: no}, deadletter.Letter{Applied: no})
	sent := 0
	send := func(context.Context, deadletter.Letter) error { sent++; return nil }
	counts, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{Send: send})
	want := map[deadletter.Outcome]int{deadletter.InDoubt: 1, deadletter.Refused: 1, deadletter.Delivered: 1}
	if diff := cmp.Diff(want, counts); diff != "" || err != nil || sent != 1 {
		t.Errorf("error %v, %d sent, counts (-want +got):\n%s", err, sent, diff)
	}
	if _, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{}); err == nil || err.Error() != "deadletter: ReplayOptions.Send is nil" {
		t.Errorf("without Send: error %v", err)
	}
}

// What every letter would meet ends the replay, as does the caller. The other letters stay as they
// are.
func TestReplayEndsEarly(t *testing.T) {
	stopped := errors.New("stopped")
	for name, tt := range map[string]struct {
		send, lookUp func(stop func(error)) error
		want         string
		left         []string
	}{
		"a failure of every call": {
			func(func(error)) error { return revoked }, nil,
			"deadletter: the replay was stopped, as every letter would fail: authentication", []string{"authentication, applied no", "none, applied unknown", "none, applied no"},
		},
		"the caller": {
			func(stop func(error)) error { stop(stopped); return nil }, nil,
			"deadletter: the replay was stopped: stopped", []string{"none, applied unknown", "none, applied no"},
		},
		"a look-up that every call would fail": {
			func(func(error)) error { return nil }, func(func(error)) error { return revoked },
			"deadletter: the replay was stopped, as every letter would fail: authentication", []string{"none, applied unknown", "none, applied no"},
		},
		"the caller, in a look-up": {
			func(func(error)) error { return nil }, func(stop func(error)) error { stop(stopped); return nil },
			"deadletter: the replay was stopped: stopped", []string{"none, applied no", "none, applied no"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := newFile(t)
			w := open(t, file)
			write(t, w, deadletter.Letter{Record: "P-1", Applied: no}, deadletter.Letter{Record: "P-1"}, deadletter.Letter{Record: "P-1", Applied: no})
			ctx, stop := context.WithCancelCause(t.Context())
			_, err := deadletter.Replay(ctx, w, deadletter.ReplayOptions{
				Send:   func(context.Context, deadletter.Letter) error { return tt.send(stop) },
				LookUp: func(context.Context, deadletter.Letter) (apierrors.Applied, error) { return no, tt.lookUp(stop) },
			})
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v; want %s", err, tt.want)
			}
			got := describe(t, file)
			slices.Sort(got)
			slices.Sort(tt.left)
			if diff := cmp.Diff(tt.left, got); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// A wait ends with the replay, and sends nothing then.
func TestReplayEndsInAWait(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		w := open(t, newFile(t))
		write(t, w, deadletter.Letter{Record: "a", Applied: no, RetryAt: time.Now().Add(time.Hour)}, deadletter.Letter{Record: "b", Applied: no, RetryAt: time.Now().Add(time.Minute)})
		start := time.Now()
		counts, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{
			Wait: 2 * time.Hour, Workers: 2,
			Send: func(_ context.Context, l deadletter.Letter) error {
				if l.Record == "a" {
					t.Error("a was sent")
				}
				return revoked
			},
		})
		want := map[deadletter.Outcome]int{deadletter.Early: 1, deadletter.Failed: 1}
		if diff := cmp.Diff(want, counts); diff != "" || !errors.Is(err, apierrors.Authentication) || time.Since(start) != time.Minute {
			t.Errorf("after %v, error %v, counts (-want +got):\n%s", time.Since(start), err, diff)
		}
	})
}

// Workers send letters at a time, and those of one record one after the other, in order.
func TestReplayWithWorkers(t *testing.T) {
	w := open(t, newFile(t))
	for n := range 20 {
		for record := range 10 {
			write(t, w, deadletter.Letter{Record: fmt.Sprint("P-", record), Applied: no, Attempts: n})
		}
	}
	var mu sync.Mutex
	sent, busy := map[string]int{}, map[string]bool{}
	counts, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{Workers: 4, Send: func(_ context.Context, l deadletter.Letter) error {
		mu.Lock()
		if busy[l.Record] || sent[l.Record] != l.Attempts {
			t.Errorf("%s: letter %d came after %d others, busy %v", l.Record, l.Attempts, sent[l.Record], busy[l.Record])
		}
		busy[l.Record] = true
		mu.Unlock()
		mu.Lock()
		defer mu.Unlock()
		sent[l.Record]++
		busy[l.Record] = false
		return nil
	}})
	if err != nil || counts[deadletter.Delivered] != 200 {
		t.Errorf("counts %v, error %v", counts, err)
	}
}

// What the process itself is delivering is not in doubt, also if it ends while Replay reads; and
// what was not selected stays.
func TestReplayLeavesLetters(t *testing.T) {
	file := newFile(t)
	w := open(t, file)
	write(t, w, deadletter.Letter{ID: "first", Applied: no}, deadletter.Letter{ID: "other", Op: "other", Applied: no})
	began, finish, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- w.Deliver(t.Context(), deadletter.Record{Key: "live"}, func(context.Context) error {
			close(began)
			<-finish
			return refusal
		})
	}()
	<-began
	replay := func(send func()) map[deadletter.Outcome]int {
		counts, err := deadletter.Replay(t.Context(), w, deadletter.ReplayOptions{
			Select: func(l deadletter.Letter) bool { return l.Op != "other" },
			Send:   func(context.Context, deadletter.Letter) error { send(); return nil },
			LookUp: func(_ context.Context, l deadletter.Letter) (apierrors.Applied, error) {
				t.Errorf("%s was looked up", l.Record)
				return no, nil
			},
		})
		if err != nil {
			t.Error(err)
		}
		return counts
	}
	counts := replay(func() {
		close(finish)
		<-ended
	})
	if diff := cmp.Diff(map[deadletter.Outcome]int{deadletter.Delivered: 1, deadletter.Left: 2}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	wantLetters(t, file, []deadletter.Letter{
		{Op: "other", Applied: no}, {Record: "live", Class: apierrors.Validation, Action: apierrors.Surface, Applied: no},
	}, "ID")
	if diff := cmp.Diff(map[deadletter.Outcome]int{deadletter.Refused: 1, deadletter.Left: 1}, replay(func() {})); diff != "" {
		t.Errorf("counts of the second replay (-want +got):\n%s", diff)
	}
}
