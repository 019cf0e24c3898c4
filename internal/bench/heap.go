package main

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"
)

// watchHeap watches how much the heap grows until ctx ends, and calls tooMuch if that is more
// than bound. The function that it returns ends that, and returns the largest growth in bytes.
func watchHeap(ctx context.Context, bound int, tooMuch func()) (peak func() int) {
	runtime.GC()
	before, largest := heap(), 0
	short, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for short.Err() == nil {
			if largest = max(largest, heap()-before); largest > bound {
				tooMuch()
			}
			select {
			case <-tick.C:
			case <-short.Done():
			}
		}
	}()
	return func() int {
		stop()
		<-done
		return largest
	}
}

// heap returns the bytes of all objects that have not been collected.
func heap() int {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64()) //nolint:gosec // it is less than the memory
}
