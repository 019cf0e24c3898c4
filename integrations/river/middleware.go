package retrywiseriver

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/retrywise/retrywise/jobs"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// Options say what a Middleware does. The zero value works: it pauses no queue and looks nothing
// up.
type Options struct {
	// Queues are the queues that are paused while the vendor takes no calls. The jobs of each call
	// one account of one vendor.
	Queues []string

	// Valve says when they are paused, and for how long. Its OnError is called after Logger.
	Valve jobs.ValveOptions

	// Jobs says how jobs are run.
	Jobs jobs.Options

	// MaxSnoozes is how often a job is snoozed. After that, each failure uses up an attempt.
	// Default 1000.
	MaxSnoozes int

	// LookUps find out whether the vendor executed the call of a job. A job of another kind is
	// canceled if that is not known.
	LookUps []LookUp

	// LookUpAfter is how long after the call it is looked up, as the vendor may still be executing
	// it. Default 1 minute.
	LookUpAfter time.Duration

	// Logger gets a line for each job that a failed call snoozes, cancels or has looked up, and for
	// each error of a pause. nil: no log.
	Logger *slog.Logger

	// Schema is that of the river.Config.
	Schema string
}

// A Middleware translates the errors that workers return, and pauses queues. It is one of
// river.Config.Middleware. It is safe for concurrent use.
type Middleware[TTx any] struct {
	river.MiddlewareDefaults
	o       Options
	valves  map[string]*jobs.Valve
	lookUps map[string]func(context.Context, *rivertype.JobRow) (bool, error)
}

// New returns a Middleware for clients of the driver's database. Call Close after the last of them
// has stopped.
func New[TTx any](driver riverdriver.Driver[TTx], o Options) (*Middleware[TTx], error) {
	o.MaxSnoozes = cmp.Or(o.MaxSnoozes, 1000)
	o.LookUpAfter = cmp.Or(o.LookUpAfter, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c, err := river.NewClient(driver, &river.Config{Logger: o.Logger, Schema: o.Schema})
	if err != nil {
		return nil, err
	}
	m := &Middleware[TTx]{
		o:       o,
		valves:  map[string]*jobs.Valve{},
		lookUps: map[string]func(context.Context, *rivertype.JobRow) (bool, error){},
	}
	for _, l := range o.LookUps {
		m.lookUps[l.kind] = l.find
	}
	for _, name := range o.Queues {
		if m.valves[name] == nil {
			m.valves[name] = jobs.NewValve(&queue[TTx]{name, driver, c}, o.Valve.Logged(o.Logger, name))
		}
	}
	return m, nil
}

// Close ends the goroutines of m. A queue that is paused stays so: another process resumes it, or
// this one when it is back. The error is always nil.
func (m *Middleware[TTx]) Close() error {
	for _, v := range m.valves {
		_ = v.Close()
	}
	return nil
}

// Work runs a job, unless the call of an earlier run turns out to have been executed. River calls it.
func (m *Middleware[TTx]) Work(ctx context.Context, job *rivertype.JobRow, run func(context.Context) error) error {
	before := historyOf(job)
	find := m.lookUps[job.Kind]
	if find != nil && before.isInDoubt() {
		found, err := find(ctx, job)
		switch refused := before.IfAbsent; {
		case found || err != nil:
			next, step := afterLookUp(err, m.o.Jobs)
			next.IfAbsent = before.IfAbsent
			return m.end(ctx, job, err, next, step)
		case refused == jobs.SetAside || refused == jobs.Stop:
			return m.end(ctx, job, errors.New(before.Reason), record{Next: refused}, jobs.Step{Next: refused})
		}
	}
	err := run(ctx)
	step := jobs.After(err, m.o.Jobs)
	next := record{Next: step.Next, IfAbsent: step.IfAbsent}
	if step.Next == jobs.LookUp && find != nil {
		step.Next, step.Delay = jobs.RunAgain, max(step.Delay, m.o.LookUpAfter)
	}
	return m.end(ctx, job, err, next, step)
}

// end pauses the queue, records what is next for the job, and returns what River does with it.
func (m *Middleware[TTx]) end(ctx context.Context, job *rivertype.JobRow, err error, next record, step jobs.Step) error {
	m.pause(ctx, job, err)
	if isDecided(err) {
		return err
	}
	if historyOf(job).snoozes >= m.o.MaxSnoozes {
		step.Delay = 0
	}
	m.write(ctx, job, err, next, step)
	return translate(err, step)
}

// pause pauses the queue of a job if err says that every call of the account is held back. The job
// goes on until then, so that no other one starts in between. A success ends the pause of an outage.
func (m *Middleware[TTx]) pause(ctx context.Context, job *rivertype.JobRow, err error) {
	v := m.valves[job.Queue]
	if v == nil {
		return
	}
	if failure := v.Note(ctx, err); failure != nil && ctx.Err() == nil {
		m.o.Logger.WarnContext(ctx, "a queue was not paused or resumed", "queue", job.Queue, "error", failure)
	}
}
