package testserver

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A connectifError is the vendor's error document. It has only the fields that are
// set.
type connectifError struct {
	Status           int                `json:"status"`
	Title            string             `json:"title"`
	Detail           string             `json:"detail"`
	Code             string             `json:"code,omitempty"`
	ProductIDs       []string           `json:"productIds,omitempty"`
	ProductsID       []string           `json:"productsId,omitempty"` // the same, by the name in the vendor's example
	AllowedDomains   []string           `json:"allowedDomains,omitempty"`
	ValidationErrors []connectifProblem `json:"validationErrors,omitempty"`
}

// A connectifProblem is an invalid field in a 422.
type connectifProblem struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// reply sets the title and returns the document as a reply.
func (e connectifError) reply() reply {
	e.Title = http.StatusText(e.Status)
	return reply{status: e.Status, body: e}
}

// connectifRefuse returns a refusal without a code.
func connectifRefuse(status int, detail string) reply {
	return connectifError{Status: status, Detail: detail}.reply()
}

// connectifRefuseCode returns a refusal with a code. Its status is always 400.
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

// connectifPayload reads the JSON object of a call. If ok is false, refusal is the
// response.
func connectifPayload(c call) (payload map[string]any, refusal reply, ok bool) {
	if !isJSON(c.request) {
		return nil, connectifRefuse(http.StatusUnsupportedMediaType, "Request without application/json Content-Type header."), false
	}
	if json.Unmarshal(c.body, &payload) != nil || payload == nil {
		return nil, connectifRefuse(http.StatusBadRequest, "Invalid JSON payload received."), false
	}
	return payload, reply{}, true
}

// instead is part of dialect.
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

// connectifDisguise returns the refusal for a transient fault with a misleading
// status: the queue is full of exports of other users, or another user changes the
// contact fields at the same time.
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

// limited is part of dialect. The vendor documents neither a body nor a wait.
func (cf *Connectif) limited(time.Duration) retrywisetest.Answer {
	return retrywisetest.Status(http.StatusTooManyRequests)
}

// check is part of dialect. The credential is an API key. The vendor's 401 has no
// body.
func (cf *Connectif) check(header http.Header) (refusal reply, ok bool) {
	const want = "apiKey " + ConnectifKeyID + ":" + ConnectifKeySecret
	return reply{status: http.StatusUnauthorized}, header.Get("Authorization") == want
}
