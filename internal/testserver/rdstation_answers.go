package testserver

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A vendorError is one entry of the vendor's error document.
type vendorError struct {
	Type    string `json:"error_type"`
	Message string `json:"error_message"`
}

// refuse is a reply whose "errors" is a single object.
func refuse(status int, kind, message string) reply {
	return reply{status: status, body: map[string]any{"errors": vendorError{kind, message}}}
}

// refuseList is a reply whose "errors" is a list of one.
func refuseList(status int, kind, message string, header ...string) reply {
	return reply{status: status, header: header, body: map[string]any{"errors": []vendorError{{kind, message}}}}
}

// instead is part of dialect.
func (rd *RDStation) instead(fault retrywisetest.Fault, _ int, r *http.Request) retrywisetest.Answer {
	switch fault {
	case retrywisetest.Unavailable:
		return refuseList(http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "Service temporarily unavailable").send
	case LeadLimited:
		_, key, _ := strings.Cut(r.PathValue("contact"), ":")
		return leadLimited(key, rd.service.LeadWait).send
	case retrywisetest.RateLimited:
		return gatewayLimited(rdstationPerMinute, rd.service.LimitWait)
	case retrywisetest.ServerError, Disguised:
		return refuseList(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "Service temporarily unavailable").send
	case ExpireToken:
		rd.ExpireToken()
		return nil
	default:
		return nil
	}
}

// limited is part of dialect.
func (rd *RDStation) limited(wait time.Duration) retrywisetest.Answer {
	return gatewayLimited(rd.service.PerSecond, wait)
}

// check is part of dialect. The credential is a token.
func (rd *RDStation) check(header http.Header) (refusal reply, ok bool) {
	return rd.tokens.check(header)
}

// leadLimited is the 429 of the application. Like the real one, its text contains
// the contact. key is its address or uuid, and empty for events.
func leadLimited(key string, wait time.Duration) reply {
	return reply{status: http.StatusTooManyRequests, body: struct {
		Error         string `json:"error"`
		Max           int    `json:"max"`
		Usage         int    `json:"usage"`
		RemainingTime int    `json:"remaining_time"`
	}{
		Error:         fmt.Sprintf("'lead_limiter' rate limit exceeded for 86400 second(s) period for key %s", key),
		Max:           rdstationPerLead,
		Usage:         55,
		RemainingTime: seconds(wait),
	}}
}

// gatewayLimited is the 429 of the vendor's gateway. Its wait is in
// Retry-After-Quotas.
func gatewayLimited(limit int, wait time.Duration) retrywisetest.Answer {
	return retrywisetest.JSON(http.StatusTooManyRequests, `{"message":"API rate limit exceeded"}`,
		"RateLimit-Limit-Quotas", strconv.Itoa(limit),
		"Retry-After-Quotas", strconv.Itoa(seconds(wait)))
}
