package traffic

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// What a pause does to those that wait: those that no longer fit in are refused at once, and
// the first of the others finds out whether it is over.
func TestPauseOfThoseThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		first := admitted(t, m, Demand{})
		var all sync.WaitGroup
		var mu sync.Mutex
		got := map[string]time.Duration{}
		began := time.Now()
		_ = first.Done(t.Context(), began, Report{Answered: began, Pause: 10 * time.Second, VendorPause: true})
		for i := range 4 {
			p := m.Admit(t.Context(), time.Now(), Demand{MaxWait: time.Hour})
			all.Go(func() {
				if err := p.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				mu.Lock()
				got[fmt.Sprint(i)] = time.Since(began)
				mu.Unlock()
				time.Sleep(time.Second)
				answer(p)
			})
		}
		late := m.Admit(t.Context(), time.Now(), Demand{MaxWait: 5 * time.Second})
		if err := late.Wait(t.Context()); err == nil || time.Since(began) != 0 {
			t.Errorf("a request with 5s of time: error %v after %v; want one at once", err, time.Since(began))
		}
		all.Wait()
		if got["0"] != 10*time.Second || got["1"] != 11*time.Second {
			t.Errorf("the first two started after %v; want 10s and 11s", got)
		}
	})
}

// A pause that begins while a request waits for a token may be too long for it.
func TestPauseThatNoLongerFits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		d := Demand{Limits: []policy.Limit{perSecond("x", 1, 1)}, MaxWait: time.Minute}
		first := admitted(t, m, d)
		second := m.Admit(t.Context(), time.Now(), d)
		time.Sleep(500 * time.Millisecond)
		_ = first.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: time.Hour, VendorPause: true})
		began := time.Now()
		err := second.Wait(t.Context())
		r, ok := errors.AsType[*Refusal](err)
		if !ok || r.By != "gate account" || time.Since(began) != 0 {
			t.Errorf("got %v after %v; want a refusal by gate account at once", err, time.Since(began))
		}
	})
}

// A response that names a limit which is off closes its gate for the request's record, also
// for those that wait already.
func TestPauseOfALimitThatIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		off := limitOf("lead", apierrors.ScopeRecord, 24, 24*time.Hour, 24)
		off.Off = true
		of := func(key string) Demand {
			return Demand{Record: key, Limits: []policy.Limit{perSecond("x", 1, 1), off}, MaxWait: time.Minute}
		}
		first := admitted(t, m, of("a"))
		second := m.Admit(t.Context(), time.Now(), of("a"))
		other := m.Admit(t.Context(), time.Now(), of("b"))
		_ = first.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: time.Hour, VendorPause: true, Limits: []policy.Limit{off}})
		if r, ok := errors.AsType[*Refusal](second.Wait(t.Context())); !ok || r.By != "gate lead" || r.Scope != apierrors.ScopeRecord {
			t.Errorf("the same record: got %+v; want a refusal by gate lead", r)
		}
		if err := other.Wait(t.Context()); err != nil {
			t.Errorf("another record: %v", err)
		}
		answer(other)
		nobody := admitted(t, m, Demand{Limits: []policy.Limit{off}})
		if hold := nobody.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: time.Hour, VendorPause: true, Limits: []policy.Limit{off}}); hold != time.Hour {
			t.Errorf("a request without a record is held back for %v; want 1h, alone", hold)
		}
	})
}

// If a guess meets a second limit, the account is paused as well.
func TestPauseOfAGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		a, b := limitOf("a", apierrors.ScopeAccount, 1, time.Minute, 1), limitOf("b", apierrors.ScopeAccount, 1, time.Minute, 1)
		throttle := func(l policy.Limit) {
			p := admitted(t, m, Demand{Limits: []policy.Limit{l}})
			_ = p.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Pause: 30 * time.Second, VendorPause: true, Limits: []policy.Limit{l}, Guessed: true})
		}
		throttle(a)
		answer(admitted(t, m, Demand{}))
		throttle(b)
		if err := m.Admit(t.Context(), time.Now(), Demand{}).Wait(t.Context()); err == nil {
			t.Error("after two guesses, a request under no limit starts; want a refusal")
		}
	})
}
