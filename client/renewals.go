package client

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/traffic"
)

const (
	renewalTimeout = 30 * time.Second // of one renewal
	refusalMemory  = 10 * time.Second // how long a refused renewal is not tried again
	failureMemory  = time.Second      // and one that failed for a passing reason
	renewalGrace   = time.Second      // for a Refresh to return after its context has ended
)

var (
	errClosed     = errors.New("client: closed")
	errStuck      = fmt.Errorf("client: Auth.Refresh does not return, although its context has ended: %w", context.DeadlineExceeded)
	errOwnRenewal = fmt.Errorf("%w: the renewal makes a call that needs the credential; make it with another Client", ErrRefused)
)

// renewalKey is the context key of the renewals that a renewal runs for.
type renewalKey struct{}

// renewals runs one renewal for each rejected credential, however many calls wait for it.
// It does not end with the call that began it. Its failure is that of all calls that wait,
// and of those that come shortly after.
type renewals struct {
	c     *Client
	ctx   context.Context // ends with the client
	stop  context.CancelCauseFunc
	group sync.WaitGroup

	isFixed    atomic.Bool // Auth cannot renew
	mu         sync.Mutex
	byRejected map[string]*renewal // under way, or failed a moment ago; by hash of the identity
	unsaved    map[string]bool     // have a new token that is still to be saved: the right is kept
}

type renewal struct {
	done chan struct{} // closed at the end
	err  error         // valid after done
	over time.Time     // when a failure is forgotten; valid after done

	returned chan error // how Refresh ended; has room for one
	running  bool       // until then; the lock of renewals guards it

	isOurs atomic.Bool // this process has the right to renew
}

func newRenewals(c *Client) *renewals {
	r := &renewals{c: c, byRejected: map[string]*renewal{}, unsaved: map[string]bool{}}
	if _, isFixed := c.auth.(fixed); isFixed {
		r.isFixed.Store(true)
	}
	r.ctx, r.stop = context.WithCancelCause(context.Background())
	return r
}

// isHopeless reports whether the credential cannot be renewed, as Auth has said.
func (r *renewals) isHopeless() bool { return r.isFixed.Load() }

// close ends the renewals that are under way, and waits for them.
func (r *renewals) close() {
	r.mu.Lock()
	r.stop(errClosed)
	r.mu.Unlock()
	r.group.Wait()
}

// renew waits for a renewal of the rejected credential, and begins it if nobody has.
func (r *renewals) renew(ctx context.Context, rejected string) error {
	one, err := r.join(ctx, rejected)
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

// start begins a renewal if nobody has, and does not wait for it.
func (r *renewals) start(ctx context.Context, rejected string) {
	_, _ = r.join(ctx, rejected) // the calls that need the credential get the error
}

// join returns the renewal of the rejected credential, and begins it if nobody has.
func (r *renewals) join(ctx context.Context, rejected string) (*renewal, error) {
	if ctx.Value(renewalKey{}) == r {
		return nil, errOwnRenewal
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(time.Now())
	key := hashed(rejected)
	if one, ok := r.byRejected[key]; ok {
		return one, nil
	}
	if r.ctx.Err() != nil {
		return nil, errClosed
	}
	right := traffic.Renewal{Account: traffic.Account{Vendor: r.c.profile.Name, Identity: hashed(r.c.account)}, Rejected: key, Timeout: renewalTimeout}
	one := &renewal{done: make(chan struct{}), returned: make(chan error, 1), running: true}
	r.byRejected[key] = one
	apart, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(ctx), renewalKey{}, r), renewalTimeout)
	stop := context.AfterFunc(r.ctx, cancel)
	go r.run(apart, rejected, right, one) // ends with Refresh, which may never return
	r.group.Go(func() {
		defer cancel()
		defer stop()
		if err := one.wait(apart); r.finish(right, one, err) {
			r.group.Go(func() { r.saveLater(rejected) })
		}
	})
	return one, nil
}

// run runs a renewal in a goroutine of its own. While it does, no other one begins.
func (r *renewals) run(ctx context.Context, rejected string, right traffic.Renewal, one *renewal) {
	var err error = &callbackError{problem: "Auth.Refresh or an Observer ended its goroutine"}
	defer func() {
		one.returned <- err
		r.mu.Lock()
		defer r.mu.Unlock()
		one.running = false
	}()
	defer recovered("the Observer or the Logger", &err)
	if failed := r.claim(ctx, right); failed != nil {
		err = failed
		return
	}
	one.isOurs.Store(true)
	err = r.refresh(ctx, rejected)
}

// wait returns how a renewal ended, shortly after the end of its context at the latest.
func (one *renewal) wait(ctx context.Context) error {
	select {
	case err := <-one.returned:
		return err
	case <-ctx.Done():
	}
	grace := time.NewTimer(renewalGrace)
	defer grace.Stop()
	select {
	case err := <-one.returned:
		return err
	case <-grace.C:
		return errStuck
	}
}

// refresh runs one renewal, and reports it.
func (r *renewals) refresh(ctx context.Context, rejected string) error {
	e := RenewalEvent{Vendor: r.c.profile.Name, Start: time.Now()}
	ctx = start(ctx, r.c.watch.observer.RenewalStart, e)
	err := r.callRefresh(ctx, rejected)
	if e.Took = time.Since(e.Start); err != nil {
		e.Class = credentialClass(err)
	}
	if errors.Is(err, ErrNotRenewable) {
		r.isFixed.Store(true)
	}
	end(ctx, r.c.watch.observer.RenewalEnd, e)
	r.c.watch.logRenewal(ctx, e, err)
	return err
}

func (r *renewals) callRefresh(ctx context.Context, rejected string) (err error) {
	defer recovered("Auth.Refresh", &err)
	return r.c.auth.Refresh(ctx, rejected)
}

// finish ends a renewal for the calls that wait, and reports whether its token is still to be saved.
// A success is forgotten at once, as Refresh itself knows whether the credential was replaced.
func (r *renewals) finish(right traffic.Renewal, one *renewal, err error) (isUnsaved bool) {
	now, memory := time.Now(), failureMemory
	isUnsaved = errors.Is(err, errUnsaved) || err != nil && r.isUnsaved(right.Rejected)
	switch {
	case err == nil:
		memory = 0
	case credentialClass(err) == apierrors.Authentication:
		memory = refusalMemory
	}
	if one.isOurs.Load() {
		holdOff := memory
		if isUnsaved {
			holdOff = unsavedHold
		}
		r.c.traffic.EndRenewal(context.WithoutCancel(r.ctx), now, right, holdOff)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	one.err, one.over = err, now.Add(memory)
	switch {
	case err == nil:
		delete(r.byRejected, right.Rejected)
		delete(r.unsaved, right.Rejected)
	case isUnsaved:
		r.unsaved[right.Rejected] = true
	}
	close(one.done)
	return isUnsaved
}

// forget drops failures whose time is over, unless their Refresh is still running. The caller holds the lock.
func (r *renewals) forget(now time.Time) {
	for key, one := range r.byRejected {
		if !one.running && !one.over.IsZero() && !now.Before(one.over) {
			delete(r.byRejected, key)
		}
	}
}
