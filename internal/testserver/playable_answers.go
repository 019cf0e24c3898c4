package testserver

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// playableConnectTimeout is not an IANA status. The vendor's help page lists it as
// Network Connect Timeout Error, without a body.
const (
	playableConnectTimeout = 599
	playableTimeoutPage    = "<html>\r\n<head><title>599 Network Connect Timeout Error</title></head>\r\n<body>\r\n<center><h1>599 Network Connect Timeout Error</h1></center>\r\n</body>\r\n</html>\r\n"
)

// A playableMessage is the body of all refusals. The vendor has no codes.
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

// throttled returns the refusal of a request that may be retried after wait.
func (p *Playable) throttled(wait time.Duration) reply {
	refusal := playableRefusal(http.StatusTooManyRequests, "Too Many Attempts.")
	if p.throttles.Add(1)%2 == 0 {
		refusal.status = http.StatusForbidden
	}
	refusal.header = []string{"Retry-After", strconv.Itoa(seconds(wait))}
	return refusal
}

// limited is part of dialect.
func (p *Playable) limited(wait time.Duration) retrywisetest.Answer { return p.throttled(wait).send }

// instead is part of dialect.
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

// check is part of dialect. The credential is a token.
func (p *Playable) check(header http.Header) (refusal reply, ok bool) {
	token, isBearer := strings.CutPrefix(header.Get("Authorization"), "Bearer ")
	if !isBearer || !p.tokens.use(token) {
		return playableUnauthenticated(), false
	}
	return reply{}, true
}
