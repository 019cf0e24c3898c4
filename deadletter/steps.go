package deadletter

import (
	"context"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

// deliver does with a letter what may be done, step by step: one that is absent, was mended or has
// waited may be sent then. Left is that of a replay that was stopped. err is that of Send or
// LookUp; a failure of the file stops the replay.
func (r *replay) deliver(ctx context.Context, l Letter) (o Outcome, err error) {
	for !r.isStopped(ctx) {
		switch l.verdict(time.Now()) {
		case mustLookUp:
			l, o, err = r.lookUp(ctx, l)
		case mustMend:
			l, o = r.mend(l)
		case mustWait:
			o = r.wait(l.RetryAt)
		default:
			return r.send(ctx, l)
		}
		if o != Left {
			return o, err
		}
	}
	return Left, nil
}

// lookUp asks whether the vendor has a record. If it does not, the letter is one that was not
// applied.
func (r *replay) lookUp(ctx context.Context, l Letter) (Letter, Outcome, error) {
	if r.o.LookUp == nil {
		return l, InDoubt, nil
	}
	applied, err := r.o.LookUp(ctx, l)
	switch {
	case err != nil:
		return l, InDoubt, err
	case applied == apierrors.AppliedYes:
		r.check(r.w.Settle(l.ID))
		return l, Found, nil
	case applied == apierrors.AppliedNo && l.Applied != apierrors.AppliedYes:
		absent := l
		absent.Applied, absent.Begun = apierrors.AppliedNo, time.Time{}
		return r.replace(l, absent), Left, nil
	default:
		return l, InDoubt, nil
	}
}

// mend asks for the letter of a refused record as it is to be sent now.
func (r *replay) mend(l Letter) (Letter, Outcome) {
	if r.o.Mend == nil {
		return l, Refused
	}
	mended, ok := r.o.Mend(l)
	if !ok {
		return l, Refused
	}
	mended.Applied, mended.Begun = l.Applied, l.Begun
	mended.Action, mended.Stop, mended.RetryAt = apierrors.ActionNone, apierrors.StopNone, time.Time{}
	return r.replace(l, mended), Left
}

// replace settles a letter by another one, which it returns with its id.
func (r *replay) replace(l, next Letter) Letter {
	next.ID = l.ID // whatever the caller made of it
	next = next.renewed()
	r.check(r.w.put(next))
	return next
}

// wait waits until a letter may be sent, if that is not too long.
func (r *replay) wait(until time.Time) Outcome {
	wait := time.Until(until)
	if wait > r.o.Wait {
		return Early
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return Left
	case <-r.waits.Done():
		return Early
	}
}

// send sends a letter, and notes before that it does, and after that how it ended.
func (r *replay) send(ctx context.Context, l Letter) (Outcome, error) {
	if l.needsKey() {
		limited, cancel := context.WithDeadline(ctx, l.KeyUntil)
		defer cancel()
		ctx = limited
	}
	if !r.check(r.w.mark(isBegun, l.ID)) {
		return Left, nil
	}
	err := r.o.Send(ctx, l)
	r.check(r.w.end(l, err))
	if err != nil {
		return Failed, err
	}
	return Delivered, nil
}

// check has the replay end early after a failure of the file. It reports whether there was none.
func (r *replay) check(err error) bool {
	if err != nil {
		r.stop(err)
	}
	return err == nil
}
