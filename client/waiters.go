package client

import (
	"context"
	"sync"
)

// waiters are the calls that wait for a gate or a limit, which Close ends. The zero value has
// none.
type waiters struct {
	mu       sync.Mutex
	isClosed bool
	all      map[*call]context.CancelCauseFunc
}

// add adds a call that begins to wait. After close, its wait ends at once.
func (w *waiters) add(x *call, cancel context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isClosed {
		cancel(errClosed)
		return
	}
	if w.all == nil {
		w.all = map[*call]context.CancelCauseFunc{}
	}
	w.all[x] = cancel
}

// remove takes out a call that does not wait any more.
func (w *waiters) remove(x *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, x)
}

// close ends all waits.
func (w *waiters) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.isClosed = true
	for _, cancel := range w.all {
		cancel(errClosed)
	}
}
