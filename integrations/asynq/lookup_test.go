package retrywiseasynq_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseasynq "github.com/retrywise/retrywise/integrations/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// doubt is the error of a call that may have been executed.
func doubt(a apierrors.Action) error {
	return &apierrors.Error{Class: apierrors.Timeout, Action: a}
}

// steps are what happened to a task, in order.
type steps struct {
	mu  sync.Mutex
	all []string
}

func (s *steps) add(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, what)
}

func TestLookUp(t *testing.T) {
	t.Parallel()
	refused := &apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: apierrors.AppliedNo}
	for name, test := range map[string]struct {
		run   []error // the ends of its runs
		found []any   // true, false or an error
		want  []string
		end   end
	}{
		"executed":                {[]error{doubt(apierrors.Retry)}, []any{true}, []string{"run", "look up"}, end{State: "completed", LastErr: "look_up: timeout"}},
		"absent":                  {[]error{doubt(apierrors.Retry), nil}, []any{false}, []string{"run", "look up", "run"}, end{State: "completed", LastErr: "look_up: timeout"}},
		"absent, and refused":     {[]error{doubt(apierrors.Surface)}, []any{false}, []string{"run", "look up"}, end{State: "archived", LastErr: "set_aside: timeout", Next: jobs.SetAside}},
		"in doubt twice":          {[]error{doubt(apierrors.Retry), doubt(apierrors.Retry)}, []any{false, true}, []string{"run", "look up", "run", "look up"}, end{State: "completed", LastErr: "look_up: timeout"}},
		"look-up that fails once": {[]error{doubt(apierrors.Retry)}, []any{errors.New("down"), true}, []string{"run", "look up", "look up"}, end{State: "completed", Retried: 1, LastErr: "look_up: down"}},
		"look-up that waits":      {[]error{doubt(apierrors.Surface)}, []any{errHeld, false}, []string{"run", "look up", "look up"}, end{State: "archived", LastErr: "set_aside: timeout", Next: jobs.SetAside}},
		"look-up that is refused": {[]error{doubt(apierrors.Retry)}, []any{refused}, []string{"run", "look up"}, end{State: "archived", LastErr: "look_up: authentication", Next: jobs.LookUp}},
		"panic":                   {[]error{errPanic}, []any{true}, []string{"run", "look up"}, end{State: "completed", Retried: 1}},
		"own skip":                {[]error{asynq.SkipRetry}, nil, []string{"run"}, end{State: "archived", LastErr: "skip retry for the task"}},
		"delayed, not in doubt":   {[]error{errHeld, nil}, nil, []string{"run", "run"}, end{State: "completed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			var s steps
			find := func(context.Context, *asynq.Task) (bool, error) {
				s.add("look up")
				next := test.found[0]
				test.found = test.found[1:]
				err, _ := next.(error)
				return next == true, now(err)
			}
			e.process(t, 1, retrywiseasynq.Options{LookUps: map[string]retrywiseasynq.LookUp{delivery: find}, LookUpAfter: time.Millisecond},
				func(context.Context, string) error {
					s.add("run")
					err := test.run[0]
					test.run = test.run[1:]
					return now(err)
				})
			e.enqueue(t, []string{"P-1"})
			e.ended(t, 1)
			if diff := cmp.Diff(test.want, s.all); diff != "" {
				t.Error(diff)
			}
			got := e.endOf(t, "P-1")
			if got.Result = ""; test.end.LastErr == "" {
				got.LastErr = ""
			}
			if diff := cmp.Diff(test.end, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var (
	errPanic = errors.New("the handler panics")
	errHeld  = errors.New("the vendor has just said when")
)

// now returns what a handler or a look-up returns in the place of err.
func now(err error) error {
	switch {
	case errors.Is(err, errPanic):
		panic(err)
	case errors.Is(err, errHeld):
		return held(500 * time.Millisecond)
	default:
		return err
	}
}

// A task whose run was cut off is looked up before it is run again, and uses up no attempt.
func TestLookUpAfterACutOffRun(t *testing.T) {
	for name, cutOff := range map[string]func(*engine, *asynq.Server){
		"canceled by a person":     func(e *engine, _ *asynq.Server) { _ = e.inspector.CancelProcessing("P-1") },
		"longer than the shutdown": func(_ *engine, s *asynq.Server) { s.Shutdown() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t)
			var s steps
			o := retrywiseasynq.Options{LookUps: map[string]retrywiseasynq.LookUp{delivery: func(context.Context, *asynq.Task) (bool, error) {
				s.add("look up")
				return true, nil
			}}}
			a, err := retrywiseasynq.New(e.redis, o)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = a.Close() })
			hang, began := make(chan struct{}), make(chan struct{})
			server := e.run(t, a, asynq.Config{
				Queues: map[string]int{vendorQueue: 1}, Logger: quiet{}, Concurrency: 1, ShutdownTimeout: 100 * time.Millisecond,
				RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 0 },
			}, func(context.Context, string) error {
				s.add("run")
				close(began)
				<-hang // asynq has given it up
				return nil
			})
			e.enqueue(t, []string{"P-1"})
			<-began
			cutOff(e, server)
			e.process(t, 1, o, func(context.Context, string) error { return errors.New("it was run again") })
			e.ended(t, 1)
			close(hang)
			if diff := cmp.Diff([]string{"run", "look up"}, s.all); diff != "" {
				t.Error(diff)
			}
			if info := e.task(t, "P-1"); info.Retried != 0 || info.State != asynq.TaskStateCompleted {
				t.Errorf("%v, and %d attempts were used up; want completed, and 0", info.State, info.Retried)
			}
		})
	}
}

// A handler learns before asynq that the time of its task is over, so that the end of its call counts.
func TestTimeoutCutsOffNoCall(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	e.process(t, 1, retrywiseasynq.Options{}, func(ctx context.Context, _ string) error {
		<-ctx.Done()
		return doubt(apierrors.Retry)
	})
	e.enqueue(t, []string{"P-1"}, asynq.Timeout(2*time.Second))
	e.ended(t, 1)
	if got := e.task(t, "P-1").LastErr; got != "look_up: timeout" {
		t.Errorf("got %q", got)
	}
}
