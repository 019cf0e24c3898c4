package deadletter

import (
	"errors"
	"testing"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
)

var now = time.Date(2026, 11, 26, 7, 0, 0, 0, time.UTC)

// What may be done with a letter. That the vendor may have the record comes first.
func TestVerdict(t *testing.T) {
	const no, yes = apierrors.AppliedNo, apierrors.AppliedYes
	later, begun := now.Add(time.Hour), now.Add(-time.Hour)
	for name, tt := range map[string]struct {
		letter Letter
		want   verdict
	}{
		"not applied":                               {Letter{Applied: no}, maySend},
		"not applied, and the job was stopped":      {Letter{Applied: no, Action: apierrors.FailFast}, maySend},
		"not applied, due":                          {Letter{Applied: no, RetryAt: now}, maySend},
		"not applied, early":                        {Letter{Applied: no, RetryAt: later}, mustWait},
		"not applied, with a key that is forgotten": {Letter{Applied: no, IdempotencyKey: "k", KeyUntil: begun}, maySend},
		"refused":                                        {Letter{Applied: no, Action: apierrors.Surface}, mustMend},
		"refused, early":                                 {Letter{Applied: no, Action: apierrors.Surface, RetryAt: later}, mustMend},
		"in doubt":                                       {Letter{}, mustLookUp},
		"in doubt, early":                                {Letter{RetryAt: later}, mustLookUp},
		"in doubt, repeatable":                           {Letter{Repeatable: true}, maySend},
		"in doubt, repeatable, early":                    {Letter{Repeatable: true, RetryAt: later}, mustWait},
		"in doubt, with a key":                           {Letter{IdempotencyKey: "k", KeyUntil: later}, maySend},
		"in doubt, with a key that expires soon":         {Letter{IdempotencyKey: "k", KeyUntil: now.Add(keyMargin)}, mustLookUp},
		"in doubt, with a key that is forgotten":         {Letter{IdempotencyKey: "k", KeyUntil: begun}, mustLookUp},
		"in doubt, with a key of which nothing is known": {Letter{IdempotencyKey: "k"}, mustLookUp},
		"in doubt, with a time and no key":               {Letter{KeyUntil: later}, mustLookUp},
		"applied":                                        {Letter{Applied: yes}, mustLookUp},
		"applied, repeatable":                            {Letter{Applied: yes, Repeatable: true}, maySend},
		"being sent":                                     {Letter{Applied: no, Begun: begun}, mustLookUp},
		"being sent, repeatable":                         {Letter{Applied: no, Begun: begun, Repeatable: true}, maySend},
		"being sent, with a key":                         {Letter{Applied: no, Begun: begun, IdempotencyKey: "k", KeyUntil: later}, maySend},
		"refused, in doubt":                              {Letter{Action: apierrors.Surface}, mustLookUp},
		"refused, in doubt, repeatable":                  {Letter{Action: apierrors.Surface, Repeatable: true}, mustMend},
		"refused, in doubt, with a key":                  {Letter{Action: apierrors.Surface, IdempotencyKey: "k", KeyUntil: later}, mustLookUp},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.letter.verdict(now); got != tt.want {
				t.Errorf("verdict %v; want %v", got, tt.want)
			}
		})
	}
}

// What was in doubt stays in doubt after a refusal, and what was executed stays executed.
func TestLetterAfterAFailure(t *testing.T) {
	const unknown, no, yes = apierrors.AppliedUnknown, apierrors.AppliedNo, apierrors.AppliedYes
	for _, tt := range []struct {
		before      apierrors.Applied
		isBegun     bool
		shows, want apierrors.Applied
	}{
		{no, false, no, no}, {no, false, unknown, unknown}, {no, false, yes, yes},
		{no, true, no, unknown}, {no, true, yes, yes},
		{unknown, false, no, unknown}, {unknown, false, unknown, unknown}, {unknown, false, yes, yes},
		{yes, false, no, yes}, {yes, false, unknown, yes},
	} {
		l := Letter{ID: "a", Record: "r", IdempotencyKey: "k", KeyUntil: now, Applied: tt.before, Attempts: 2, Payload: []byte("1")}
		if tt.isBegun {
			l.Begun = now
		}
		next := l.after(&apierrors.Error{Class: apierrors.Network, Applied: tt.shows, Attempts: make([]apierrors.Attempt, 3), KeyExpires: now.Add(time.Hour)})
		if next.Applied != tt.want || !next.Begun.IsZero() || next.ID != l.ID || next.Attempts != 5 || !next.KeyUntil.Equal(now) || next.Record != "r" || string(next.Payload) != "1" {
			t.Errorf("%v (begun %v) and %v gave %+v; want applied %v", tt.before, tt.isBegun, tt.shows, next, tt.want)
		}
	}
	if next := (Letter{Applied: no}).after(errors.New("down")); next.Applied != unknown {
		t.Errorf("after an error of another kind: applied %v; want unknown", next.Applied)
	}
}
