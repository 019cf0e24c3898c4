package jobs

import (
	"context"
	"time"
)

// EndEarly returns a context that ends a little before ctx: a tenth of what is left, and at most five
// seconds. It is for an engine that runs a job again whose time is up, whatever its call did: so a
// call ends in time to say that. Call cancel when the job ends. Without a deadline, it ends with ctx.
func EndEarly(ctx context.Context) (early context.Context, cancel context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-min(time.Until(end)/10, 5*time.Second)))
}
