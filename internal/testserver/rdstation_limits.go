package testserver

import (
	"net/http"
	"time"
)

// The vendor's limits: calls for contacts a minute, on the plans Light, Basic and Pro, and
// PATCHes of a contact in 24 hours.
const (
	rdstationPerMinute = 120
	rdstationPerLead   = 24
)

// AllowContactCalls sets how many calls for contacts a minute the account's plan allows; 0:
// no limit. It is 120 at first; the vendor's plan Advanced has 500.
func (rd *RDStation) AllowContactCalls(perMinute int) { rd.minute.allow(perMinute) }

// meter wraps the endpoint of calls for contacts. It refuses those that are beyond the limit
// of the minute.
func (rd *RDStation) meter(endpoint http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, wait := rd.minute.take(time.Now()); wait > 0 {
			gatewayLimited(rd.minute.size(), wait)(w, r)
			return
		}
		endpoint.ServeHTTP(w, r)
	})
}
