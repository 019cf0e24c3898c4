package deadletter

import (
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/enum"
)

// An Outcome is what Replay did with a letter. The set is closed.
type Outcome uint8

// The outcomes. The zero value, Left, is that of a letter that ReplayOptions.Select did not choose.
const (
	Left      Outcome = iota
	Delivered         // it was sent, and the vendor has the record
	Found             // it was looked up, and the vendor has the record
	Failed            // it was sent, and the failure is a new letter
	Early             // it was left, as it is not to be sent yet
	Refused           // it was left, as the vendor refused the record and nobody mended it
	InDoubt           // it was left, as the vendor may have the record, and nothing proves or disproves it
)

var outcomes = enum.Set[Outcome]{Kind: "outcome", Names: []string{
	Left: "left", Delivered: "delivered", Found: "found", Failed: "failed", Early: "early", Refused: "refused", InDoubt: "in_doubt",
}}

// String returns the name of o, such as "in_doubt".
func (o Outcome) String() string { return outcomes.Text(o) }

// MarshalText returns the name of o. It returns an error if o is not in the set.
func (o Outcome) MarshalText() ([]byte, error) { return outcomes.Marshal(o) }

// UnmarshalText sets o to the outcome called text.
func (o *Outcome) UnmarshalText(text []byte) error { return outcomes.Unmarshal(o, text) }

// A verdict is what may be done with a letter.
type verdict uint8

const (
	maySend    verdict = iota
	mustLookUp         // the vendor may have the record, and sending it could execute it twice
	mustMend           // the vendor refused the record
	mustWait           // until RetryAt
)

// keyMargin is how long before the vendor forgets a key a letter is no longer sent because of it:
// a request may be under way that long.
const keyMargin = time.Minute

// verdict says what may be done with the letter now. Whether the vendor may have executed the
// record comes first. A valid key makes the same record safe, and no mended one.
func (l Letter) verdict(now time.Time) verdict {
	isRefused := l.Action == apierrors.Surface
	isSafe := !l.InDoubt() || l.Repeatable || l.isKeyValid(now) && !isRefused
	switch {
	case !isSafe:
		return mustLookUp
	case isRefused:
		return mustMend
	case l.RetryAt.After(now):
		return mustWait
	default:
		return maySend
	}
}

func (l Letter) isKeyValid(now time.Time) bool {
	return l.IdempotencyKey != "" && now.Add(keyMargin).Before(l.KeyUntil)
}

// needsKey reports whether the key alone makes it safe to send the letter.
func (l Letter) needsKey() bool { return l.InDoubt() && !l.Repeatable }
