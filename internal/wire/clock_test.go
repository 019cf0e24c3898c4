package wire

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestClock(t *testing.T) {
	type step = func(c *clock)
	wait := func(d time.Duration) step { return func(*clock) { time.Sleep(d) } } // virtual
	progress, stop := (*clock).progress, (*clock).stop
	returned, read, endRead := (*clock).stopTimeout, (*clock).startRead, (*clock).endRead
	for name, tt := range map[string]struct {
		steps []step
		want  error
	}{
		"within the timeout":                        {[]step{wait(59 * time.Second), stop, wait(time.Hour)}, nil},
		"no response":                               {[]step{wait(61 * time.Second)}, errNoResponse},
		"an upload goes on":                         {[]step{wait(59 * time.Second), progress, wait(59 * time.Second), stop, wait(time.Hour)}, nil},
		"an upload ends":                            {[]step{wait(59 * time.Second), progress, wait(61 * time.Second)}, errNoResponse},
		"a Read stalls":                             {[]step{returned, read, wait(31 * time.Second)}, errStalled},
		"a Read stalls, and an upload goes on":      {[]step{returned, read, wait(29 * time.Second), progress, wait(2 * time.Second)}, errStalled},
		"a Read returns":                            {[]step{returned, read, wait(29 * time.Second), endRead, wait(time.Hour)}, nil},
		"the second of two Reads stalls":            {[]step{returned, read, wait(20 * time.Second), endRead, read, wait(29 * time.Second), wait(2 * time.Second)}, errStalled},
		"Reads that each return in time":            {[]step{returned, read, wait(20 * time.Second), endRead, read, wait(20 * time.Second), endRead, wait(time.Hour)}, nil},
		"a body that trickles within the attempt":   {[]step{read, wait(20 * time.Second), endRead, read, wait(20 * time.Second), endRead, read, wait(21 * time.Second)}, errNoResponse},
		"a Read stalls within the attempt":          {[]step{wait(time.Second), read, wait(31 * time.Second)}, errStalled},
		"an upload goes on after the clock stopped": {[]step{stop, progress, wait(time.Hour)}, nil},
		"it rings while it is stopped":              {[]step{stop, (*clock).ring, wait(time.Hour)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				var c clock
				c.run(time.Minute, cancel)
				for _, do := range tt.steps {
					do(&c)
				}
				retrywisetest.Settle()
				if got := context.Cause(ctx); !errors.Is(got, tt.want) {
					t.Errorf("ended by %v; want %v", got, tt.want)
				}
				c.stop()
			})
		})
	}
}
