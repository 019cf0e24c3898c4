package client

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	renewalTimeout = 30 * time.Second // of one renewal
	failureMemory  = 10 * time.Second // for so long a failed renewal answers for everybody
)

var errClosed = errors.New("client: closed")

// renewals runs one renewal for each refused credential, however many calls wait for
// it, and apart from the first caller's cancel. A failure is everybody's, also of those
// that come a little later.
type renewals struct {
	ctx  context.Context // ends with the client
	stop context.CancelCauseFunc
	wait sync.WaitGroup

	mu      sync.Mutex
	running map[string]*renewal // by the refused credential
}

type renewal struct {
	done    chan struct{} // closed at the end
	err     error         // valid after done
	expires time.Time     // a failure is forgotten then; valid after done
}

func newRenewals() *renewals {
	r := &renewals{running: map[string]*renewal{}}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	return r
}

// close ends the renewals that are under way and waits for them.
func (r *renewals) close() {
	r.mu.Lock()
	r.stop(errClosed)
	r.mu.Unlock()
	r.wait.Wait()
}

// renew waits for a renewal of the refused credential, and begins it if nobody has.
func (r *renewals) renew(ctx context.Context, auth Auth, rejected string) error {
	one, err := r.join(ctx, auth, rejected)
	if err != nil {
		return err
	}
	select {
	case <-one.done:
		return one.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *renewals) join(ctx context.Context, auth Auth, rejected string) (*renewal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(time.Now())
	if one, ok := r.running[rejected]; ok {
		return one, nil
	}
	if r.ctx.Err() != nil {
		return nil, errClosed
	}
	one := &renewal{done: make(chan struct{})}
	r.running[rejected] = one
	apart, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewalTimeout)
	stop := context.AfterFunc(r.ctx, cancel)
	r.wait.Go(func() {
		defer cancel()
		defer stop()
		r.finish(rejected, one, auth.Refresh(apart, rejected))
	})
	return one, nil
}

// finish tells the waiting calls. A success is forgotten at once: Refresh itself knows
// whether a credential has been replaced.
func (r *renewals) finish(rejected string, one *renewal, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one.err, one.expires = err, time.Now().Add(failureMemory)
	if err == nil {
		delete(r.running, rejected)
	}
	close(one.done)
}

// forget drops failures that are no longer remembered. The caller holds the lock.
func (r *renewals) forget(now time.Time) {
	for rejected, one := range r.running {
		if !one.expires.IsZero() && !now.Before(one.expires) {
			delete(r.running, rejected)
		}
	}
}
