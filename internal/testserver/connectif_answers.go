package testserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A connectifError is the vendor's error document. A field that is not set is
// left out.
type connectifError struct {
	Status           int                `json:"status"`
	Title            string             `json:"title"`
	Detail           string             `json:"detail"`
	Code             string             `json:"code,omitempty"`
	ProductIDs       []string           `json:"productIds,omitempty"`
	ProductsID       []string           `json:"productsId,omitempty"` // the same, as the vendor's example has it
	AllowedDomains   []string           `json:"allowedDomains,omitempty"`
	ValidationErrors []connectifProblem `json:"validationErrors,omitempty"`
}

// A connectifProblem is one field that a 422 complains of.
type connectifProblem struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// reply completes the document with what follows from its status.
func (e connectifError) reply() reply {
	e.Title = http.StatusText(e.Status)
	return reply{status: e.Status, body: e}
}

// connectifRefuse is a refusal without a code.
func connectifRefuse(status int, detail string) reply {
	return connectifError{Status: status, Detail: detail}.reply()
}

// connectifRefuseCode is a refusal with a code, which is always a 400.
func connectifRefuseCode(code, detail string) reply {
	return connectifError{Status: http.StatusBadRequest, Code: code, Detail: detail}.reply()
}

func connectifNotFound() reply {
	return connectifRefuse(http.StatusNotFound, "Resource not found.")
}

func connectifInvalid(problems []connectifProblem) reply {
	return connectifError{
		Status:           http.StatusUnprocessableEntity,
		Detail:           "Resource contains validation errors.",
		ValidationErrors: problems,
	}.reply()
}

func connectifServerError() reply {
	return connectifRefuse(http.StatusInternalServerError, "Internal server error")
}

func connectifQueueIsFull() reply {
	return connectifRefuseCode("E0301",
		"You have reached the limit of 5 queued exports. Please try again when any queued export has been completed or deleted.")
}

// connectifPayload reads the JSON object of a request. The refusal is meant if
// ok is false.
func connectifPayload(c call) (payload map[string]any, refusal reply, ok bool) {
	if !isJSON(c.request) {
		return nil, connectifRefuse(http.StatusUnsupportedMediaType, "Request without application/json Content-Type header."), false
	}
	if json.Unmarshal(c.body, &payload) != nil || payload == nil {
		return nil, connectifRefuse(http.StatusBadRequest, "Invalid JSON payload received."), false
	}
	return payload, reply{}, true
}

// instead returns the answer of a fault that keeps request number n from being
// executed, or nil if fault is not of that kind or the gateway's.
func (cf *Connectif) instead(fault retrywisetest.Fault, _ int, r *http.Request) retrywisetest.Answer {
	switch fault {
	case retrywisetest.Unavailable:
		return connectifRefuse(http.StatusServiceUnavailable, "Service temporarily unavailable").send
	case retrywisetest.RateLimited, LeadLimited:
		return cf.limited(0)
	case retrywisetest.ServerError:
		return connectifServerError().send
	case Disguised:
		return connectifDisguise(r).send
	case ExpireToken:
		return retrywisetest.Status(http.StatusUnauthorized)
	default:
		return nil
	}
}

// connectifDisguise is the passing fault of an endpoint in the dress of
// another status: the queue is full of other people's exports, or somebody
// else changes the contact fields.
func connectifDisguise(r *http.Request) reply {
	switch {
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/exports"):
		return connectifQueueIsFull()
	case r.Method == http.MethodPatch:
		return connectifRefuseCode("E0603", "Contact field could not be created due to a concurrent modification")
	default:
		return connectifServerError()
	}
}

// limited is the answer to a request beyond the rate of the service. The
// vendor's documents know neither a body nor a wait for it.
func (cf *Connectif) limited(time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusTooManyRequests)
}

// check is that of the API key. The vendor's 401 has no body.
func (cf *Connectif) check(header http.Header) (refusal reply, ok bool) {
	const want = "apiKey " + ConnectifKeyID + ":" + ConnectifKeySecret
	return reply{status: http.StatusUnauthorized}, header.Get("Authorization") == want
}
