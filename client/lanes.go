package client

import (
	"container/list"
	"sync"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"golang.org/x/time/rate"
)

// maxLanes bounds how many lanes a client remembers; the one that was not used for the
// longest time is dropped.
const maxLanes = 10_000

// A laneKey names a lane: a limit as one credential, or one record of it, meets it.
// The lane without a limit is the credential's own: every call takes it.
type laneKey struct{ limit, credential, record string }

// A lane is a pace and a gate. Calls travel through the lanes of all limits that they
// fall under; a 429 closes a gate for every call on that lane.
type lane struct {
	key   laneKey
	scope apierrors.Scope
	pace  *rate.Limiter // nil: no limit, only a gate

	budget budget // of the credential's own lane

	mu    sync.Mutex
	opens time.Time // the gate is closed until then
}

func (l *lane) close(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.opens) {
		l.opens = until
	}
}

// closedFor returns how long the gate stays closed; zero or less: it is open.
func (l *lane) closedFor(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opens.Sub(now)
}

// name is what a person reads of the lane.
func (l *lane) name(kind string) string {
	if l.key.limit == "" {
		return kind + " account"
	}
	return kind + " " + l.key.limit
}

// lanes remembers a bounded number of lanes, the latest used first.
type lanes struct {
	mu    sync.Mutex
	byKey map[laneKey]*list.Element
	order *list.List // of *lane

	reserving sync.Mutex // held while tokens are taken, or given back
}

func newLanes() *lanes {
	return &lanes{byKey: map[laneKey]*list.Element{}, order: list.New()}
}

// get returns the lane called key. If there is none, it is made with limit's pace, or
// not at all if limit is nil.
func (s *lanes) get(key laneKey, limit *policy.Limit) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.byKey[key]; ok {
		s.order.MoveToFront(e)
		found, _ := e.Value.(*lane)
		return found
	}
	if limit == nil {
		return nil
	}
	made := &lane{key: key, scope: limit.Scope}
	if !limit.Off && limit.Rate.Count > 0 {
		perSecond := float64(limit.Rate.Count) / limit.Rate.Per.Seconds()
		made.pace = rate.NewLimiter(rate.Limit(perSecond), max(limit.Burst, 1))
	}
	s.byKey[key] = s.order.PushFront(made)
	if s.order.Len() > maxLanes {
		oldest, _ := s.order.Remove(s.order.Back()).(*lane)
		delete(s.byKey, oldest.key)
	}
	return made
}

// account is the limit that every credential has: a gate without a pace.
var account = policy.Limit{Scope: apierrors.ScopeAccount, Off: true}

// lanesOf returns the lanes that the call travels through. A limit that is kept for
// each record is met only by calls that name theirs; one that is off has a lane only
// while its gate was closed.
func (x *call) lanesOf() []*lane {
	found := []*lane{x.c.lanes.get(laneKey{credential: x.credential}, &account)}
	for _, limit := range x.c.policy.Limits(x.req.Method, x.path) {
		key, ok := x.laneKey(limit)
		if !ok {
			continue
		}
		wanted := &limit
		if limit.Off {
			wanted = nil
		}
		if l := x.c.lanes.get(key, wanted); l != nil {
			found = append(found, l)
		}
	}
	return found
}

func (x *call) laneKey(limit policy.Limit) (laneKey, bool) {
	key := laneKey{limit: limit.Name, credential: x.credential}
	if limit.Scope == apierrors.ScopeRecord {
		key.record = x.options.RecordKey
		return key, key.record != ""
	}
	return key, true
}

// closeGate holds back every call on the limit that d names; without a name, every call
// with this credential. A record's limit holds back that record; if the call does not
// name its record, nobody else is held back.
func (x *call) closeGate(d policy.Decision) {
	until := time.Now().Add(d.PauseFor)
	limit, named := x.c.policy.LimitNamed(d.Limit)
	if !named {
		x.c.lanes.get(laneKey{credential: x.credential}, &account).close(until)
		return
	}
	if key, ok := x.laneKey(limit); ok {
		x.c.lanes.get(key, &limit).close(until)
	}
}

// reserve takes one token from each pace, or none if the longest wait does not fit. It
// returns the lane that takes the longest; nil if there is no wait. It is one step for
// all calls: a token can be given back whole only while nobody has reserved behind it.
func (s *lanes) reserve(met []*lane, fits func(time.Duration) bool) (slowest *lane, longest time.Duration) {
	s.reserving.Lock()
	defer s.reserving.Unlock()
	now := time.Now()
	var taken []*rate.Reservation
	for _, l := range met {
		if l.pace == nil {
			continue
		}
		r := l.pace.ReserveN(now, 1)
		taken = append(taken, r)
		if wait := r.DelayFrom(now); wait > longest {
			slowest, longest = l, wait
		}
	}
	if slowest != nil && !fits(longest) {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	return slowest, longest
}
