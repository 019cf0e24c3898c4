package testserver

import "time"

// playableHourly is the vendor's limit of requests per hour, for an app.
const playableHourly = 3600

// newPlayableEndpoints returns the limits of endpoints, by the last part of their path. The
// documents do not say whether they are for an app or a campaign; here, they are for an
// app.
func newPlayableEndpoints() map[string]*windowLimit {
	return map[string]*windowLimit{
		"pause":                {calls: 1, per: time.Minute},
		"resume":               {calls: 1, per: time.Minute},
		"game-data-statistics": {calls: 1, per: time.Minute},
		"copy":                 {calls: 10, per: time.Minute},
		"clear-cache":          {calls: 1, per: 5 * time.Minute},
	}
}

// limitedTo wraps what executes a call. It refuses the calls that are beyond the limit of
// an endpoint.
func (p *Playable) limitedTo(endpoint string, execute func(call) reply) func(call) reply {
	limit := p.endpoints[endpoint]
	return func(c call) reply {
		if _, wait := limit.take(time.Now()); wait > 0 {
			return p.throttled(wait)
		}
		return execute(c)
	}
}

// Throttled returns how many requests were refused by a limit or a RateLimited fault.
func (p *Playable) Throttled() int { return int(p.throttles.Load()) }
