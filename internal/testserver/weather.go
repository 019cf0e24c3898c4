package testserver

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A Fault is one way in which a request to the fake vendor goes wrong.
type Fault uint8

// The faults. The request is executed only in the two cases that say so.
const (
	NoFault        Fault = iota // the request is served
	Unavailable                 // 503, by turns as JSON and as an HTML page
	BadGateway                  // 502 with an HTML page
	GatewayTimeout              // 504 with an HTML page
	ResetBefore                 // the connection closes; nothing was executed
	ResetAfter                  // executed, then the connection closes: the client cannot know
	CutBody                     // executed, then only half of the answer's body comes
	LeadLimited                 // 429 of the application: this contact had too many calls today
	GatewayLimited              // 429 of the gateway: the account had too many calls
	ServerError                 // 500
	Disguised                   // the vendor's own passing fault in the dress of another status, such as a 400 with a code; a 500 of a vendor that has none
	ExpireToken                 // the access token dies, and this request is the first to notice
	numFaults
)

// faults gives each fault its name and its share, in percent, of the faults of
// a Seeded weather. LeadLimited is rare because it takes its contact out of
// the run for hours. ExpireToken is for scripts: two of them close together
// look like a credential that is refused for good; tokens expire by TokenUses.
var faults = [numFaults]struct {
	name  string
	share int
}{
	NoFault:        {"none", 0},
	Unavailable:    {"unavailable", 21},
	BadGateway:     {"bad_gateway", 12},
	GatewayTimeout: {"gateway_timeout", 10},
	ResetBefore:    {"reset_before", 12},
	ResetAfter:     {"reset_after", 12},
	CutBody:        {"cut_body", 10},
	LeadLimited:    {"lead_limited", 1},
	GatewayLimited: {"gateway_limited", 12},
	ServerError:    {"server_error", 5},
	Disguised:      {"disguised", 5},
	ExpireToken:    {"expire_token", 0},
}

// String returns the name of f, such as "reset_after".
func (f Fault) String() string {
	if f >= numFaults {
		return fmt.Sprintf("fault(%d)", uint8(f))
	}
	return faults[f].name
}

// A Weather decides which request meets which fault. It is a value without
// state: the same request number always meets the same fault. The zero Weather
// is clear.
type Weather struct {
	at func(n int) Fault
}

// Clear returns a weather without faults.
func Clear() Weather { return Weather{} }

// Scripted returns a weather in which the first requests meet the faults of
// script, one each and in this order; later requests meet none.
func Scripted(script ...Fault) Weather {
	script = slices.Clone(script)
	return Weather{at: func(n int) Fault {
		if n < 0 || n >= len(script) {
			return NoFault
		}
		return script[n]
	}}
}

// Seeded returns a weather in which a share of rate (0 none, 1 all) of the
// requests meets a fault. Which ones and what fault follows from seed alone.
func Seeded(seed uint64, rate float64) Weather {
	return Weather{at: func(n int) Fault {
		dice := rand.New(rand.NewPCG(seed, uint64(n)))
		if dice.Float64() >= rate {
			return NoFault
		}
		return draw(dice.IntN(100))
	}}
}

// Fault returns what the request of number n meets; the first one has number 0.
func (w Weather) Fault(n int) Fault {
	if w.at == nil {
		return NoFault
	}
	return w.at(n)
}

// draw returns the fault that owns percent, a number from 0 to 99.
func draw(percent int) Fault {
	for f := range numFaults {
		percent -= faults[f].share
		if percent < 0 {
			return f
		}
	}
	return NoFault
}
