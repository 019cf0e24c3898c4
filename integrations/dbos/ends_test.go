package retrywisedbos_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	"github.com/google/go-cmp/cmp"

	apierrors "github.com/retrywise/retrywise/errors"
	retrywisedbos "github.com/retrywise/retrywise/integrations/dbos"
	"github.com/retrywise/retrywise/jobs"
)

// A vendor's words: the errors of one call after the other. After the last of them, calls succeed.
type words struct {
	calls      []error
	lookUps    []error // errAbsent: it is not there
	repeatable bool
	noLookUp   bool
}

var errAbsent = errors.New("absent")

// later is a call that is deferred for so long from now on.
type later time.Duration

func (later) Error() string { return "later" }

// An ending is what DBOS shows of a workflow.
type ending struct {
	State string
	Steps string // what they are, without those of DBOS's own
	Error string
	Next  string // in its attributes
}

// A desk answers calls in words.
type desk struct {
	mu sync.Mutex
	of map[string]words
}

func (d *desk) next(id string, of func(*words) *[]error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.of[id]
	said := of(&w)
	if len(*said) == 0 {
		return nil
	}
	err := (*said)[0]
	*said = (*said)[1:]
	d.of[id] = w
	if d, ok := errors.AsType[later](err); ok {
		return &apierrors.Error{Class: apierrors.RateLimited, Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(time.Duration(d))}
	}
	return err
}

func (d *desk) work(ctx dbos.Context, o retrywisedbos.Options, id string) (string, error) {
	d.mu.Lock()
	w := d.of[id]
	d.mu.Unlock()
	c := retrywisedbos.Call[string]{
		Name:       "deliver",
		Repeatable: w.repeatable,
		Do: func(context.Context) (string, error) {
			return "done", d.next(id, func(w *words) *[]error { return &w.calls })
		},
		LookUp: func(context.Context) (string, bool, error) {
			err := d.next(id, func(w *words) *[]error { return &w.lookUps })
			if errors.Is(err, errAbsent) {
				return "", false, nil
			}
			return "found", err == nil, err
		},
	}
	if w.noLookUp {
		c.LookUp = nil
	}
	return retrywisedbos.Run(ctx, o, c, dbos.WithStepMaxRetries(2), dbos.WithStepBaseInterval(time.Millisecond))
}

// What DBOS does with a job after each error of its call.
func testEnds(t *testing.T, db database) {
	const (
		called     = "deliver: begin, deliver"
		calledMore = called + ", DBOS.sleep, " + called
		sought     = called + ", DBOS.sleep, deliver: look-up"
		set        = ", DBOS.updateWorkflowAttributes"
	)
	no := apierrors.AppliedNo
	deferred := later(50 * time.Millisecond)
	temporary := &apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Retry, Applied: no, Status: 503}
	surfaced := &apierrors.Error{Class: apierrors.Validation, Action: apierrors.Surface, Applied: no, Status: 422}
	doubt := &apierrors.Error{Class: apierrors.Timeout, Action: apierrors.Retry}
	refused := &apierrors.Error{Class: apierrors.ServerError, Action: apierrors.Surface, Status: 500}
	failFast := &apierrors.Error{Class: apierrors.Authentication, Action: apierrors.FailFast, Applied: no, Status: 401}
	foreign := errors.New("no such row")
	exceeded := "DBOS Error MaxStepRetriesExceeded: Step deliver has exceeded its maximum of 2 retries: "
	table := map[string]struct {
		words
		want ending
	}{
		"success":                {words{}, ending{"SUCCESS done", called, "", ""}},
		"read":                   {words{repeatable: true}, ending{"SUCCESS done", "deliver", "", ""}},
		"own error, once":        {words{calls: []error{foreign}}, ending{"SUCCESS done", called, "", ""}},
		"own error":              {words{calls: []error{foreign, foreign, foreign}}, ending{"ERROR", called, exceeded + "no such row\nno such row\nno such row", ""}},
		"temporary":              {words{calls: []error{temporary, temporary}}, ending{"SUCCESS done", called, "", ""}},
		"temporary for ever":     {words{calls: []error{temporary, temporary, temporary}}, ending{"ERROR", called + set, "retrywise: run_again: " + exceeded + "server_error (503)\nserver_error (503)\nserver_error (503)", "run_again"}},
		"deferred":               {words{calls: []error{deferred}}, ending{"SUCCESS done", calledMore, "", ""}},
		"deferred too often":     {words{calls: []error{deferred, deferred, deferred, deferred}}, ending{"ERROR", calledMore + ", DBOS.sleep, " + called + ", DBOS.sleep" + set, "retrywise: run_again: it was deferred too often", "run_again"}},
		"surfaced":               {words{calls: []error{surfaced}}, ending{"ERROR", called + set, "retrywise: set_aside: validation (422)", "set_aside"}},
		"fail fast":              {words{calls: []error{failFast}}, ending{"ERROR", called + set, "retrywise: stop: authentication (401)", "stop"}},
		"in doubt, by hand":      {words{calls: []error{doubt}, noLookUp: true}, ending{"ERROR", called + set, "retrywise: look_up: timeout", "look_up"}},
		"in doubt, found":        {words{calls: []error{doubt}}, ending{"SUCCESS found", sought, "", ""}},
		"in doubt, absent":       {words{calls: []error{doubt}, lookUps: []error{errAbsent}}, ending{"SUCCESS done", sought + ", " + called, "", ""}},
		"refused, absent":        {words{calls: []error{refused}, lookUps: []error{errAbsent}}, ending{"ERROR", sought + set, "retrywise: set_aside: server_error (500)", "set_aside"}},
		"look-up is deferred":    {words{calls: []error{doubt}, lookUps: []error{deferred}}, ending{"SUCCESS found", sought + ", DBOS.sleep, deliver: look-up", "", ""}},
		"look-up fails once":     {words{calls: []error{doubt}, lookUps: []error{temporary}}, ending{"SUCCESS found", sought, "", ""}},
		"look-up fails":          {words{calls: []error{doubt}, lookUps: []error{temporary, temporary, temporary}}, ending{"ERROR", sought + set, "", "look_up"}},
		"look-up is not allowed": {words{calls: []error{doubt}, lookUps: []error{failFast}}, ending{"ERROR", sought + set, "retrywise: look_up: timeout; the look-up failed: authentication (401)", "look_up"}},
	}
	d := &desk{of: map[string]words{}}
	var ids []string
	for id, test := range table {
		d.of[id] = test.words
		ids = append(ids, id)
	}
	p := start(t, db, setting{slots: 8, valve: jobs.ValveOptions{ForCredential: -1}, options: retrywisedbos.Options{LookUpAfter: time.Millisecond, MaxDeferrals: 3}}, d.work)
	enqueue(t, p, ids...)
	for _, w := range wait(t, p) {
		got, want := endingOf(t, p, w), table[w.ID].want
		if want.Error == "" && got.State == "ERROR" {
			got.Error = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", w.ID, diff)
		}
		if next, ok := retrywisedbos.NextOf(w.Error); ok != (want.Next != "") || ok && next.String() != want.Next {
			t.Errorf("%s: NextOf(%v) = %v, %v", w.ID, w.Error, next, ok)
		}
	}
}

func endingOf(t *testing.T, p *process, w dbos.WorkflowStatus) ending {
	t.Helper()
	e := ending{State: string(w.Status)}
	if w.Error != nil {
		e.Error = w.Error.Error()
	} else {
		e.State += " " + strings.Trim(w.Output.(string), `"`)
	}
	if about, ok := w.Attributes["retrywise"].(map[string]any); ok {
		e.Next = about["next"].(string)
	}
	e.Steps = stepsOf(t, p, w.ID)
	return e
}

func stepsOf(t *testing.T, p *process, id string) string {
	t.Helper()
	steps, err := dbos.GetWorkflowSteps(p.dbos, id)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(steps, func(a, b dbos.StepInfo) int { return a.StepID - b.StepID })
	var names []string
	for _, s := range steps {
		names = append(names, s.StepName)
	}
	return strings.Join(names, ", ")
}

func TestRetryable(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"temporary":  {&apierrors.Error{Action: apierrors.Retry, Applied: apierrors.AppliedNo}, true},
		"another":    {errors.New("no such row"), true},
		"in doubt":   {&apierrors.Error{Action: apierrors.Retry}, false},
		"surfaced":   {&apierrors.Error{Action: apierrors.Surface, Applied: apierrors.AppliedNo}, false},
		"has a time": {&apierrors.Error{Action: apierrors.Defer, Applied: apierrors.AppliedNo, RetryAt: time.Now().Add(time.Hour)}, false},
		"success":    {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := retrywisedbos.Retryable(test.err); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// A process that ends in the middle of a call leaves it in doubt, and not failed.
func testShutdown(t *testing.T, db database) {
	var calls []string
	begun := make(chan struct{}, 1)
	work := func(ctx dbos.Context, o retrywisedbos.Options, id string) (string, error) {
		return retrywisedbos.Run(ctx, o, retrywisedbos.Call[string]{
			Name: "deliver",
			Do: func(ctx context.Context) (string, error) {
				calls = append(calls, id)
				begun <- struct{}{}
				<-ctx.Done()
				return "done", nil // the vendor has executed it, but DBOS will not store that
			},
			LookUp: func(context.Context) (string, bool, error) { return "found", true, nil },
		})
	}
	s := setting{executor: "same", slots: 1, options: retrywisedbos.Options{LookUpAfter: time.Millisecond}}
	p := start(t, db, s, work)
	enqueue(t, p, "P-1")
	receive(t, begun)
	p.stop()
	p = start(t, db, s, work)
	got := wait(t, p)[0]
	if got.Status != dbos.WorkflowStatusSuccess || got.Output != `"found"` || len(calls) != 1 {
		t.Errorf("%v %v %v after %d calls; want it to be found after one", got.Status, got.Output, got.Error, len(calls))
	}
}

// A workflow that sleeps goes on in the next process.
func testSleepSurvives(t *testing.T, db database) {
	d := &desk{of: map[string]words{"P-1": {calls: []error{later(2 * time.Second)}}}}
	s := setting{executor: "same", slots: 1}
	p := start(t, db, s, d.work)
	enqueue(t, p, "P-1")
	for n := 0; !strings.HasSuffix(stepsOf(t, p, "P-1"), "DBOS.sleep"); n++ {
		if time.Sleep(10 * time.Millisecond); n == 3000 {
			t.Fatal("the workflow does not sleep")
		}
	}
	p.stop()
	p = start(t, db, s, d.work)
	want := ending{"SUCCESS done", "deliver: begin, deliver, DBOS.sleep, deliver: begin, deliver", "", ""}
	if diff := cmp.Diff(want, endingOf(t, p, wait(t, p)[0])); diff != "" {
		t.Error(diff)
	}
}
