package wire

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// What ends an attempt after each sequence of events.
func TestClock(t *testing.T) {
	type step = func(c *clock)
	wait := func(d time.Duration) step { return func(*clock) { time.Sleep(d) } } // virtual
	progress, stop := (*clock).progress, (*clock).stop
	returned, read, endRead := (*clock).stopTimeout, (*clock).startRead, (*clock).endRead
	for name, tt := range map[string]struct {
		steps []step
		want  error
	}{
		"response in time":                         {[]step{wait(59 * time.Second), stop, wait(time.Hour)}, nil},
		"no response":                              {[]step{wait(61 * time.Second)}, errNoResponse},
		"upload makes progress":                    {[]step{wait(59 * time.Second), progress, wait(59 * time.Second), stop, wait(time.Hour)}, nil},
		"upload stops":                             {[]step{wait(59 * time.Second), progress, wait(61 * time.Second)}, errNoResponse},
		"Read stalls":                              {[]step{returned, read, wait(31 * time.Second)}, errStalled},
		"Read stalls, upload makes progress":       {[]step{returned, read, wait(29 * time.Second), progress, wait(2 * time.Second)}, errStalled},
		"Read returns":                             {[]step{returned, read, wait(29 * time.Second), endRead, wait(time.Hour)}, nil},
		"second Read stalls":                       {[]step{returned, read, wait(20 * time.Second), endRead, read, wait(29 * time.Second), wait(2 * time.Second)}, errStalled},
		"Reads return in time":                     {[]step{returned, read, wait(20 * time.Second), endRead, read, wait(20 * time.Second), endRead, wait(time.Hour)}, nil},
		"Reads return, but not within the timeout": {[]step{read, wait(20 * time.Second), endRead, read, wait(20 * time.Second), endRead, read, wait(21 * time.Second)}, errNoResponse},
		"Read stalls within the timeout":           {[]step{wait(time.Second), read, wait(31 * time.Second)}, errStalled},
		"upload makes progress after stop":         {[]step{stop, progress, wait(time.Hour)}, nil},
		"rings after stop":                         {[]step{stop, (*clock).ring, wait(time.Hour)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				var c clock
				c.run(time.Minute, 30*time.Second, cancel)
				for _, do := range tt.steps {
					do(&c)
				}
				retrywisetest.Settle()
				if got := context.Cause(ctx); !errors.Is(got, tt.want) {
					t.Errorf("the attempt ended by %v; want %v", got, tt.want)
				}
				c.stop()
			})
		})
	}
}
