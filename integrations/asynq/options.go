package retrywiseasynq

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"
	"github.com/retrywise/retrywise/jobs"
)

// Options say what an Adapter does. The zero value works: it pauses no queue and looks nothing
// up.
type Options struct {
	// Queues are the queues that are paused while the vendor takes no calls. The tasks of each call
	// one account of one vendor.
	Queues []string

	// Valve says when they are paused, and for how long. Its OnError is called after Logger. Its
	// Interval is also how often tasks are looked for that are run again from the archive.
	Valve jobs.ValveOptions

	// Jobs says how tasks are run.
	Jobs jobs.Options

	// MaxDelays is how often a task is run again without using up an attempt. After that, each
	// failure uses up one. Default 1000.
	MaxDelays int

	// LookUps find out whether the vendor executed the call of a task, by the type of the task. A
	// task of another type is archived if that is not known.
	LookUps map[string]LookUp

	// LookUpAfter is how long after the call it is looked up, as the vendor may still be executing
	// it. Default 1 minute.
	LookUpAfter time.Duration

	// Logger gets a line for each task whose call failed, and for each failure of Redis. nil: no
	// log.
	Logger *slog.Logger
}

// A LookUp finds out whether the vendor executed the call of a task. It is called before a task is
// run again whose call may have been executed, or whose earlier run was cut off: its process was
// killed, its handler panicked, or asynq gave it up.
//
// If it returns true, the task is done without another run: the LookUp does what the handler does
// after its call. If it returns false, the task is run again; a vendor that does not have the record
// proves nothing where its reads lag behind its writes. Its error, which may be that of a call,
// leaves it open: the record is looked up again later, or the task is archived.
type LookUp func(ctx context.Context, t *asynq.Task) (executed bool, err error)

func (o Options) withDefaults() Options {
	o.MaxDelays = cmp.Or(o.MaxDelays, 1000)
	if o.Valve.Interval <= 0 {
		o.Valve.Interval = 5 * time.Second
	}
	o.LookUpAfter = cmp.Or(o.LookUpAfter, time.Minute)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
