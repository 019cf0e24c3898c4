package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A tally counts what the clients of one vendor do. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex // guards the fields below
	requests int
	retries  int
	lookups  int // because it was in doubt whether a write was executed
	canceled int // calls; the vendor may not have received their last request
	waited   time.Duration
	byClass  map[string]int // failed attempts
}

func newTally() *tally { return &tally{byClass: map[string]int{}} }

// observer returns the hooks that count.
func (t *tally) observer() client.Observer {
	return client.Observer{AttemptEnd: t.attemptEnd, CallEnd: t.callEnd}
}

func (t *tally) attemptEnd(_ context.Context, e client.AttemptEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if e.Number > 1 {
		t.retries++
	}
	if e.Class != apierrors.None {
		t.byClass[e.Class.String()]++
	}
}

func (t *tally) callEnd(_ context.Context, e client.CallEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waited += e.Waited
	if strings.HasSuffix(e.Op, ".lookup") {
		t.lookups++
	}
	if e.Class == apierrors.Canceled {
		t.canceled++
	}
}
