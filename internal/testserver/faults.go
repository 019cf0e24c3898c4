package testserver

import (
	"slices"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Faults of the fakes, in addition to those of retrywisetest. A call that meets
// one of these is not executed.
const (
	LeadLimited retrywisetest.Fault = "lead_limited" // 429 of the application: too many calls for this contact
	Disguised   retrywisetest.Fault = "disguised"    // a transient fault with a misleading status, such as a 400; a 500 if the vendor has none
	ExpireToken retrywisetest.Fault = "expire_token" // the access token expires before this call
)

// Seeded returns retrywisetest.Seeded with the mix of faults that the examples
// use. LeadLimited is rare, because it stops the calls for its contact for hours.
// ExpireToken is left out, because a token that expires twice in a row looks like
// a wrong credential; use Service.TokenUses.
func Seeded(seed uint64, rate float64) retrywisetest.Plan {
	return retrywisetest.Seeded(seed, rate, mix()...)
}

// mix returns one hundred faults. Changing the order changes all seeded runs, and
// so the output of the examples.
func mix() []retrywisetest.Fault {
	var faults []retrywisetest.Fault
	for _, share := range []struct {
		fault   retrywisetest.Fault
		percent int
	}{
		{retrywisetest.Unavailable, 21},
		{retrywisetest.BadGateway, 12},
		{retrywisetest.GatewayTimeout, 10},
		{retrywisetest.ResetBefore, 12},
		{retrywisetest.ResetAfter, 12},
		{retrywisetest.CutBody, 10},
		{LeadLimited, 1},
		{retrywisetest.RateLimited, 12},
		{retrywisetest.ServerError, 5},
		{Disguised, 5},
	} {
		faults = append(faults, slices.Repeat([]retrywisetest.Fault{share.fault}, share.percent)...)
	}
	return faults
}
