package testserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// accountLimit is the limit that a GatewayLimited answer tells: the vendor's
// 120 contact calls per minute.
const accountLimit = 120

// A reply is what the fake vendor wants to answer to an executed request.
type reply struct {
	status int
	body   any      // encoded as JSON; nil: no body
	header []string // pairs of key and value
	sent   func()   // called just before an undamaged answer goes out to a client still there; may be nil
}

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

func (p reply) text() string {
	if p.body == nil {
		return ""
	}
	data, err := json.Marshal(p.body)
	if err != nil {
		return "" // never: all bodies are made of maps and strings
	}
	return string(data)
}

func (p reply) send(w http.ResponseWriter, r *http.Request) {
	if p.sent != nil && r.Context().Err() == nil {
		p.sent()
	}
	if p.body == nil {
		Status(p.status, p.header...)(w, r)
		return
	}
	JSON(p.status, p.text(), p.header...)(w, r)
}

// deliver sends the reply of a request that was executed, damaged by fault if
// fault is one that strikes afterwards.
func deliver(fault Fault, p reply) Answer {
	switch {
	case fault == ResetAfter, fault == CutBody && p.body == nil:
		return Reset()
	case fault == CutBody:
		return Cut(p.status, p.text())
	default:
		return p.send
	}
}

// instead returns the answer of a fault that keeps request number n from being
// executed, or nil if fault is not of that kind.
func (rd *RDStation) instead(fault Fault, n int, r *http.Request) Answer {
	switch fault {
	case Unavailable:
		if n%2 == 1 {
			return HTML(http.StatusServiceUnavailable)
		}
		return refuseList(http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "Service temporarily unavailable").send
	case BadGateway:
		return HTML(http.StatusBadGateway)
	case GatewayTimeout:
		return HTML(http.StatusGatewayTimeout)
	case ResetBefore:
		return Reset()
	case LeadLimited:
		return leadLimited(r.PathValue("contact"), rd.cfg.LeadWait)
	case GatewayLimited:
		return gatewayLimited(accountLimit, rd.cfg.GatewayWait)
	case ServerError:
		return refuseList(http.StatusInternalServerError, "INTERNAL_SERVER_ERROR", "Service temporarily unavailable").send
	case ExpireToken:
		rd.ExpireToken()
		return nil
	default:
		return nil
	}
}

// leadLimited is the application's 429. As with the real one, its text names
// the contact. The contact comes as in the URL; events have none.
func leadLimited(contact string, rest time.Duration) Answer {
	_, key, _ := strings.Cut(contact, ":")
	return reply{status: http.StatusTooManyRequests, body: struct {
		Error         string `json:"error"`
		Max           int    `json:"max"`
		Usage         int    `json:"usage"`
		RemainingTime int    `json:"remaining_time"`
	}{
		Error:         fmt.Sprintf("'lead_limiter' rate limit exceeded for 86400 second(s) period for key %s", key),
		Max:           24,
		Usage:         55,
		RemainingTime: seconds(rest),
	}}.send
}

// gatewayLimited is the gateway's 429: the wait is in a header of its own.
func gatewayLimited(limit int, rest time.Duration) Answer {
	return JSON(http.StatusTooManyRequests, `{"message":"API rate limit exceeded"}`,
		"RateLimit-Limit-Quotas", strconv.Itoa(limit),
		"Retry-After-Quotas", strconv.Itoa(seconds(rest)))
}

// seconds returns d in whole seconds, rounded up.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
