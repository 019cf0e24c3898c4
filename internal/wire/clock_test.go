package wire

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	type step = func(c *clock)
	wait := func(d time.Duration) step { return func(*clock) { time.Sleep(d) } } // virtual
	progress, read, stop := (*clock).progress, (*clock).watchRead, (*clock).stop
	for name, tt := range map[string]struct {
		steps []step
		want  error
	}{
		"within the timeout":                      {[]step{wait(59 * time.Second), stop, wait(time.Hour)}, nil},
		"no response":                             {[]step{wait(61 * time.Second)}, errNoResponse},
		"an upload goes on":                       {[]step{wait(59 * time.Second), progress, wait(59 * time.Second), stop}, nil},
		"an upload ends":                          {[]step{wait(59 * time.Second), progress, wait(61 * time.Second)}, errNoResponse},
		"a Read stalls":                           {[]step{wait(time.Second), stop, read, wait(31 * time.Second)}, errStalled},
		"a Read stalls, and an upload goes on":    {[]step{stop, read, wait(29 * time.Second), progress, wait(2 * time.Second)}, errStalled},
		"a Read returns":                          {[]step{stop, read, wait(29 * time.Second), stop, wait(time.Hour)}, nil},
		"an upload goes on after the clock ended": {[]step{stop, progress, wait(time.Hour)}, nil},
		"it rings while it is stopped":            {[]step{stop, (*clock).ring, wait(time.Hour)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				var c clock
				c.run(time.Minute, cancel)
				for _, do := range tt.steps {
					do(&c)
				}
				synctest.Wait()
				if got := context.Cause(ctx); !errors.Is(got, tt.want) {
					t.Errorf("ended by %v; want %v", got, tt.want)
				}
				c.stop()
			})
		})
	}
}
