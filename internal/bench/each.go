package main

import (
	"context"
	"sync"
	"sync/atomic"
)

// each calls do with the numbers below n, so many at a time, until all have returned or ctx
// has ended.
func each(ctx context.Context, n, workers int, do func(i int)) {
	var all sync.WaitGroup
	var next atomic.Int64
	for range workers {
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	all.Wait()
}
