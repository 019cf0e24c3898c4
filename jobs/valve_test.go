package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/jobs"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A queue notes when it is paused and resumed.
type queue struct {
	mu     sync.Mutex
	start  time.Time
	until  time.Time
	log    []event
	errs   []error       // of the next calls
	broken bool          // it panics
	hang   chan struct{} // Pause waits for its end; nil: it does not
	exits  bool          // Pause ends its goroutine
}

type event struct {
	At   time.Duration // since the start
	What string
}

func newQueue() *queue { return &queue{start: time.Now()} }

func (q *queue) note(what string) error {
	if q.broken {
		panic("out of order")
	}
	q.log = append(q.log, event{time.Since(q.start), what})
	if len(q.errs) == 0 {
		return nil
	}
	err := q.errs[0]
	q.errs = q.errs[1:]
	return err
}

func (q *queue) PausedUntil(context.Context) (time.Time, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.broken {
		panic("out of order")
	}
	return q.until, nil
}

func (q *queue) Pause(_ context.Context, until time.Time) error {
	if q.hang != nil {
		<-q.hang
	}
	if q.exits {
		runtime.Goexit()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	err := q.note("pause")
	if err == nil {
		q.until = until
	}
	return err
}

func (q *queue) Resume(context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	err := q.note("resume")
	if err == nil {
		q.until = time.Time{}
	}
	return err
}

func (q *queue) events() []event {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.log)
}

// held is the error of a call that the whole account has to wait for.
func held(wait time.Duration) error {
	return &apierrors.Error{Class: apierrors.RateLimited, Action: apierrors.Defer, Scope: apierrors.ScopeAccount, RetryAt: time.Now().Add(wait)}
}

// outage is the error of a call that is held because the vendor only fails.
func outage() error {
	return &apierrors.Error{Class: apierrors.ServerError, Stop: apierrors.StopHeld, Scope: apierrors.ScopeAccount, RetryAt: time.Now().Add(time.Hour)}
}

func TestValve(t *testing.T) {
	for name, test := range map[string]struct {
		o    jobs.ValveOptions
		err  func() error
		want []event
	}{
		"a wait of the account":      {err: func() error { return held(time.Minute) }, want: []event{{0, "pause"}, {time.Minute, "resume"}}},
		"a long wait is cut":         {err: func() error { return held(6 * time.Hour) }, want: []event{{0, "pause"}, {time.Hour, "resume"}}},
		"an outage":                  {err: outage, want: []event{{0, "pause"}, {time.Minute, "resume"}}},
		"options that are negative":  {o: jobs.ValveOptions{MinPause: -1, MaxPause: -1, MaxOutage: -1, Interval: -1}, err: func() error { return held(time.Minute) }, want: []event{{0, "pause"}, {time.Minute, "resume"}}},
		"a short wait is the call's": {err: func() error { return held(time.Second) }},
		"success":                    {err: func() error { return nil }},
		"an error of another kind":   {err: func() error { return errors.New("no such row") }},
		"a wait of one record": {err: func() error {
			return &apierrors.Error{Scope: apierrors.ScopeRecord, RetryAt: time.Now().Add(time.Minute)}
		}},
		"a vendor that fails, without a time": {err: func() error { return &apierrors.Error{Class: apierrors.ServerError, Scope: apierrors.ScopeGlobal} }},
		"a refused credential": {
			err:  func() error { return &apierrors.Error{Class: apierrors.Authentication, Scope: apierrors.ScopeAccount} },
			want: []event{{0, "pause"}, {5 * time.Minute, "resume"}},
		},
		"a refused credential, by choice": {
			o:   jobs.ValveOptions{ForCredential: -1},
			err: func() error { return &apierrors.Error{Class: apierrors.Authentication, Scope: apierrors.ScopeAccount} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				q := newQueue()
				v := jobs.NewValve(q, test.o)
				defer v.Close()
				if err := v.Note(t.Context(), test.err()); err != nil {
					t.Error(err)
				}
				time.Sleep(7 * time.Hour)
				if diff := cmp.Diff(test.want, q.events()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// Jobs that end during a pause change nothing: the times they get are spread behind its end.
func TestValvePausesOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		v := jobs.NewValve(q, jobs.ValveOptions{})
		defer v.Close()
		var jobs sync.WaitGroup
		for i := range 8 {
			jobs.Go(func() {
				if err := v.Note(t.Context(), held(time.Minute+time.Duration(i)*time.Second)); err != nil {
					t.Error(err)
				}
			})
		}
		jobs.Wait()
		time.Sleep(3 * time.Minute)
		got := q.events()
		if len(got) != 2 || got[1].At < time.Minute || got[1].At > time.Minute+7*time.Second {
			t.Errorf("got %v; want one pause of about a minute", got)
		}
	})
}

// A success shows that an outage is over, and says nothing about a limit.
func TestValveAfterASuccess(t *testing.T) {
	for name, test := range map[string]struct {
		err  func() error
		want []event
	}{
		"outage": {outage, []event{{0, "pause"}, {10 * time.Second, "resume"}, {20 * time.Second, "pause"}, {30 * time.Second, "resume"}}},
		"limit":  {func() error { return held(time.Minute) }, []event{{0, "pause"}, {time.Minute, "resume"}}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				q := newQueue()
				v := jobs.NewValve(q, jobs.ValveOptions{})
				defer v.Close()
				for _, err := range []error{test.err(), nil, test.err(), nil, nil} {
					if err := v.Note(t.Context(), err); err != nil {
						t.Error(err)
					}
					time.Sleep(10 * time.Second)
				}
				time.Sleep(time.Hour)
				if diff := cmp.Diff(test.want, q.events()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// A success of this process does not end the pause of another one, after the outage is over.
func TestValveAfterAnotherProcess(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		v, other := jobs.NewValve(q, jobs.ValveOptions{}), jobs.NewValve(q, jobs.ValveOptions{})
		defer v.Close()
		defer other.Close()
		if err := v.Note(t.Context(), outage()); err != nil {
			t.Error(err)
		}
		if err := q.Resume(t.Context()); err != nil { // by a third process
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if err := other.Note(t.Context(), held(time.Hour)); err != nil {
			t.Error(err)
		}
		if err := v.Note(t.Context(), nil); err != nil {
			t.Error(err)
		}
		want := []event{{0, "pause"}, {0, "resume"}, {10 * time.Second, "pause"}}
		if diff := cmp.Diff(want, q.events()); diff != "" {
			t.Error(diff)
		}
	})
}

// A Queue that ends its goroutine, as t.Fatal does in a test, does not hold the Valve up.
func TestValveOfAQueueThatExits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		q.exits = true
		v := jobs.NewValve(q, jobs.ValveOptions{})
		noted := make(chan struct{})
		go func() {
			defer close(noted)
			_ = v.Note(context.Background(), held(time.Minute))
		}()
		<-noted
		q.exits = false
		if err := v.Note(t.Context(), held(time.Minute)); err != nil {
			t.Error(err)
		}
		v.Close()
		if diff := cmp.Diff([]event{{0, "pause"}}, q.events()); diff != "" {
			t.Error(diff)
		}
	})
}

// The probe of an outage succeeds while a call that was held pauses the queue.
func TestValveDuringASuccess(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		q.hang = make(chan struct{})
		v := jobs.NewValve(q, jobs.ValveOptions{})
		defer v.Close()
		paused := make(chan error)
		go func() { paused <- v.Note(context.Background(), outage()) }()
		retrywisetest.Settle()
		if err := v.Note(t.Context(), nil); err != nil {
			t.Error(err)
		}
		close(q.hang)
		if err := <-paused; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]event{{0, "pause"}, {0, "resume"}}, q.events()); diff != "" {
			t.Error(diff)
		}
	})
}

// A pause of a process that was killed is ended by the others.
func TestValveResumesForOthers(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		other := jobs.NewValve(q, jobs.ValveOptions{})
		if err := other.Note(t.Context(), held(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		v := jobs.NewValve(q, jobs.ValveOptions{})
		retrywisetest.Settle()
		v.Close()
		if diff := cmp.Diff([]event{{0, "pause"}, {2 * time.Minute, "resume"}}, q.events()); diff != "" {
			t.Error(diff)
		}
	})
}

// The error of Pause is the job's, and that of Resume is reported and tried again.
func TestValveOfABrokenQueue(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		gone := errors.New("no connection")
		q.errs = []error{gone, nil, gone}
		var told []error
		var log bytes.Buffer
		o := jobs.ValveOptions{OnError: func(err error) {
			told = append(told, err)
			panic("callback")
		}}
		v := jobs.NewValve(q, o.Logged(slog.New(slog.NewTextHandler(&log, nil)), "orders"))
		if err := v.Note(t.Context(), held(time.Minute)); !errors.Is(err, gone) {
			t.Errorf("got %v, want the queue's error", err)
		}
		if err := v.Note(t.Context(), held(time.Minute)); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Minute)
		v.Close()
		want := []event{{0, "pause"}, {0, "pause"}, {time.Minute, "resume"}, {time.Minute + 5*time.Second, "resume"}}
		if diff := cmp.Diff(want, q.events()); diff != "" {
			t.Error(diff)
		}
		if len(told) != 1 || !errors.Is(told[0], gone) {
			t.Errorf("OnError got %v, want one %v", told, gone)
		}
		if line := log.String(); !strings.Contains(line, "level=WARN") || !strings.Contains(line, `queue=orders error="no connection"`) {
			t.Errorf("logged %q; want a warning with the queue and the error", line)
		}
	})
}

func TestValveOfAQueueThatPanics(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		q.broken = true
		v := jobs.NewValve(q, jobs.ValveOptions{})
		defer v.Close()
		if err := v.Note(t.Context(), held(time.Minute)); err == nil {
			t.Error("no error from a Queue that panics")
		}
	})
}

// A job whose time is over does not wait for the queue.
func TestValveIsCanceled(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		q := newQueue()
		q.hang = make(chan struct{})
		v := jobs.NewValve(q, jobs.ValveOptions{})
		defer v.Close()
		first := make(chan error)
		go func() { first <- v.Note(context.Background(), held(time.Minute)) }()
		retrywisetest.Settle()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("shutdown"))
		err := v.Note(ctx, held(time.Minute))
		close(q.hang)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if !errors.Is(err, context.Cause(ctx)) {
			t.Errorf("got %v, want %v", err, context.Cause(ctx))
		}
	})
}
