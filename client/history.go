package client

import (
	"slices"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// A history is what has happened in a call so far, as numbers. Its methods are the only
// ones that change it; the time is their argument.
type history struct {
	started   time.Time           // the call
	firstSend time.Time           // the first attempt
	latest    apierrors.Attempt   // if there was one
	past      []apierrors.Attempt // before it
	attempts  int                 // begun
	counted   int                 // attempts that cost one: not those that were throttled or refused for their token
	throttled int
	renewed   bool // the credential
	stale     bool // a connection that was no longer to be used cost nothing
	outcome   policy.Outcome
	proved    apierrors.Applied // by a look-up since the latest attempt; unknown: nothing
	waited    time.Duration     // in all
	imposed   time.Duration     // of that, by the vendor or a limit since the first attempt
	pending   time.Duration     // of that, since the latest attempt
	resumes   time.Time         // end of the wait that the vendor asked for last
}

// newHistory returns the history of a call that begins.
func newHistory(now time.Time) history { return history{started: now} }

// begin begins an attempt.
func (h *history) begin(now time.Time) {
	if h.attempts == 0 {
		h.firstSend, h.imposed = now, 0
	} else {
		h.past = append(h.past, h.latest)
	}
	h.attempts++
	h.proved = apierrors.AppliedUnknown
	h.latest = apierrors.Attempt{Start: now, Wait: h.pending}
	h.pending = 0
}

// end completes the latest attempt.
func (h *history) end(now time.Time, status int, class apierrors.Class, code, rule string) {
	a := &h.latest
	a.Took, a.Status, a.Class, a.Code, a.Rule = now.Sub(a.Start), status, class, code, rule
}

// learn notes what an attempt shows about whether the call was executed.
func (h *history) learn(shown apierrors.Applied) { h.outcome = h.outcome.After(shown) }

// prove notes what a look-up has proved: that an attempt was executed, or that none was.
func (h *history) prove(applied apierrors.Applied) {
	h.proved = applied
	switch applied {
	case apierrors.AppliedYes:
		h.outcome = policy.Applied
	case apierrors.AppliedNo:
		h.outcome = policy.NotApplied
	default:
	}
}

// sinceEnd is the time since the latest attempt has ended. Without one, an earlier call left the
// doubt, and this one followed at once.
func (h *history) sinceEnd(now time.Time) time.Duration {
	if h.attempts == 0 {
		return now.Sub(h.started)
	}
	return now.Sub(h.latest.Start.Add(h.latest.Took))
}

// count counts what the latest attempt costs, as d is what follows it.
func (h *history) count(d policy.Decision) {
	switch {
	case !d.Free:
		h.counted++
	case d.InOutage:
	case d.Action == apierrors.Throttle, d.Action == apierrors.Shrink: // of a batch whose items met a limit
		h.throttled++
	case d.Action == apierrors.Refresh:
		h.renewed = true
	default:
		h.stale = true
	}
}

// split begins the outcome of a part of a batch: what was executed is no part of it.
func (h *history) split() { h.outcome = policy.NotApplied }

// backOff counts a wait of our own.
func (h *history) backOff(wait time.Duration) {
	h.waited += wait
	h.pending += wait
}

// impose counts a wait that the vendor or a limit asked for.
func (h *history) impose(wait time.Duration) {
	h.backOff(wait)
	h.imposed += wait
}

// resumeAt notes when the wait ends that the vendor asked for.
func (h *history) resumeAt(moment time.Time) { h.resumes = moment }

// elapsed is the time since the first attempt, without the waits that were imposed.
func (h *history) elapsed(now time.Time) time.Duration {
	if h.firstSend.IsZero() {
		return 0
	}
	return now.Sub(h.firstSend) - h.imposed
}

// applied returns what is known of the whole call if it ends in that.
func (h *history) applied(end apierrors.Applied) apierrors.Applied {
	return h.outcome.After(end).Applied()
}

// list returns all attempts, for the caller to keep.
func (h *history) list() []apierrors.Attempt {
	if h.attempts == 0 {
		return nil
	}
	return append(slices.Clone(h.past), h.latest)
}

// state returns what the policy needs to know of it.
func (h *history) state(now time.Time) policy.State {
	s := policy.State{
		Attempts: h.counted + 1, Throttled: h.throttled, StaleBefore: h.stale,
		Elapsed: h.elapsed(now), Waited: h.waited, Before: h.outcome, Absent: h.proved == apierrors.AppliedNo,
	}
	for _, a := range h.past {
		if a.Code != "" {
			s.CodesBefore = append(s.CodesBefore, a.Code)
		}
	}
	return s
}
