package retrywisetest

import (
	"math/rand/v2"
	"slices"
)

// A Plan decides which request meets which fault. It is a value without state:
// the same request number always meets the same fault, so several handlers can
// use one Plan. The zero Plan has no faults.
type Plan struct {
	at func(n int) Fault
}

// Sequence returns the Plan in which the first requests meet faults, one each and
// in this order. Later requests meet none.
func Sequence(faults ...Fault) Plan {
	faults = slices.Clone(faults)
	return Plan{at: func(n int) Fault {
		if n < 0 || n >= len(faults) {
			return NoFault
		}
		return faults[n]
	}}
}

// Seeded returns a Plan in which a share of the requests meets a fault: rate is
// that share, from 0 (none) to 1 (all). Each of faults is equally likely, and one
// that is listed twice is twice as likely. Without faults, the Plan draws from a
// mix of all faults except Slow.
//
// The same seed, rate and faults always give the same Plan.
func Seeded(seed uint64, rate float64, faults ...Fault) Plan {
	faults = slices.Clone(faults)
	if len(faults) == 0 {
		faults = usualMix()
	}
	return Plan{at: func(n int) Fault {
		dice := rand.New(rand.NewPCG(seed, uint64(n)))
		if dice.Float64() >= rate {
			return NoFault
		}
		return faults[dice.IntN(len(faults))]
	}}
}

// Fault returns the fault of request number n. The first request has number 0.
func (p Plan) Fault(n int) Fault {
	if p.at == nil {
		return NoFault
	}
	return p.at(n)
}

// usualMix is what Seeded draws from by default. Outages are the most likely; one
// fault in three strikes after the request was executed.
func usualMix() []Fault {
	return slices.Concat(
		slices.Repeat([]Fault{Unavailable}, 4),
		slices.Repeat([]Fault{RateLimited, BadGateway, GatewayTimeout, ResetBefore, ServerError}, 2),
		slices.Repeat([]Fault{ResetAfter, CutBody}, 3),
		[]Fault{GatewayTimeoutAfter},
	)
}
