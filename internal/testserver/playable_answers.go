package testserver

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// playableConnectTimeout is no status of IANA's; the vendor's help page lists it
// as Network Connect Timeout Error. No body is documented.
const (
	playableConnectTimeout = 599
	playableTimeoutPage    = "<html>\r\n<head><title>599 Network Connect Timeout Error</title></head>\r\n<body>\r\n<center><h1>599 Network Connect Timeout Error</h1></center>\r\n</body>\r\n</html>\r\n"
)

// A playableMessage is the body of all the vendor's refusals: it has no code.
type playableMessage struct {
	Message string `json:"message"`
}

func playableRefusal(status int, message string) reply {
	return reply{status: status, body: playableMessage{message}}
}

func playableNotFound() reply { return playableRefusal(http.StatusNotFound, "Not Found") }

func playableUnauthenticated() reply {
	return playableRefusal(http.StatusUnauthorized, "Unauthenticated.")
}

// throttled refuses a call for rest.
func (p *Playable) throttled(rest time.Duration) reply {
	refusal := playableRefusal(http.StatusTooManyRequests, "Too Many Attempts.")
	if p.throttles.Add(1)%2 == 0 {
		refusal.status = http.StatusForbidden
	}
	refusal.header = []string{"Retry-After", strconv.Itoa(seconds(rest))}
	return refusal
}

// limited is the answer to a request beyond the rate of the service.
func (p *Playable) limited(rest time.Duration) retrywisetest.Answer { return p.throttled(rest).send }

// instead returns the answer of a fault that keeps request number n from being
// executed, or nil if fault is not of that kind or the gateway's.
func (p *Playable) instead(fault retrywisetest.Fault, _ int, _ *http.Request) retrywisetest.Answer {
	switch fault {
	case retrywisetest.Unavailable:
		return playableRefusal(http.StatusServiceUnavailable, "Service Unavailable").send
	case LeadLimited, retrywisetest.RateLimited:
		return p.limited(p.service.LimitWait)
	case retrywisetest.ServerError:
		return playableRefusal(http.StatusInternalServerError, "Server Error").send
	case Disguised:
		return retrywisetest.Body(playableConnectTimeout, "text/html", playableTimeoutPage)
	case ExpireToken:
		p.ExpireToken()
		return nil
	default:
		return nil
	}
}

// check is that of the token.
func (p *Playable) check(header http.Header) (refusal reply, ok bool) {
	token, isBearer := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	if !isBearer || !p.tokens.use(token) {
		return playableUnauthenticated(), false
	}
	return reply{}, true
}
