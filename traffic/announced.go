package traffic

import (
	"slices"
	"time"

	"github.com/retrywise/retrywise/policy"
)

// readQuotas takes up what a response says about limits. A slot may be free of a limit that the
// request does not fall under.
func (q *queue) readQuotas(now time.Time, p *place, r Report) {
	if len(r.Quotas) == 0 || r.Answered.IsZero() {
		return
	}
	for _, l := range p.limiters {
		var own []policy.Quota
		for _, quota := range r.Quotas {
			if p.limiterOf(quota) == l {
				own = append(own, quota)
			}
		}
		l.readQuotas(now, p, r, own)
	}
	for _, quota := range r.Quotas {
		if e, ok := q.byKey[key{limit: quota.Limit}]; ok && quota.Freed {
			limiterAt(e).slots.free()
		}
	}
}

// readQuotas takes up what a response says about the limit. A pace that was only learned is of no
// use any more once windows are known.
func (l *limiter) readQuotas(now time.Time, p *place, r Report, quotas []policy.Quota) {
	for _, quota := range quotas {
		l.correct(now, p, quota)
	}
	quotas = slices.DeleteFunc(quotas, func(quota policy.Quota) bool { return !l.period.mayEnd(quota.Reset) })
	if !l.announced.update(r.Answered, quotas) {
		return
	}
	if l.pace != nil && l.pace.declared == 0 {
		l.dropPace()
	}
	edge := l.announced.readyAt(now, 1)
	if l.gate.open(); edge.After(now) && !now.Before(l.gate.until) {
		l.gate.rest(now, edge)
	}
	if first := l.announced.first(now); first != nil {
		l.period.align(first.edge)
	}
}

// correct takes from a response what the request took, and what is left of a rate, in place of
// what was counted; and what is left of a window whose end it does not say.
func (l *limiter) correct(now time.Time, p *place, quota policy.Quota) {
	more := 0
	if quota.Spent > 0 {
		more = quota.Spent - l.sizeOf(p.demand)
	}
	if more != 0 {
		l.period.correct(now, more)
	}
	isLeft := quota.Reset == 0 && quota.Left >= 0 && l.key != key{}
	if isLeft {
		l.period.keepTo(now, l.load, quota.Left)
	}
	switch {
	case l.bucket == nil || l.pace.declared == 0:
	case isLeft:
		l.bucket.setLeft(now, quota.Left)
	case more != 0:
		l.bucket.correct(now, more)
	}
}
