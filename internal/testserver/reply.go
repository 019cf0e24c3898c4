package testserver

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A reply is the response of a fake to a call that it has executed or refused.
type reply struct {
	status int
	body   any      // encoded as JSON; nil: no body
	xml    string   // replaces body; for a vendor that also has XML
	header []string // keys and values in turn
	sent   func()   // called before a complete response is sent to a client still connected; may be nil
}

func (p reply) answer() retrywisetest.Answer {
	switch {
	case p.xml != "":
		return retrywisetest.Body(p.status, "application/xml", p.xml, p.header...)
	case p.body == nil:
		return retrywisetest.Status(p.status, p.header...)
	}
	text, err := json.Marshal(p.body)
	if err != nil {
		return retrywisetest.Text(http.StatusInternalServerError, err.Error()) // never: bodies consist of maps, structs and strings
	}
	return retrywisetest.JSON(p.status, string(text), p.header...)
}

// send sends the complete response.
func (p reply) send(w http.ResponseWriter, r *http.Request) {
	if p.sent != nil && r.Context().Err() == nil {
		p.sent()
	}
	p.answer()(w, r)
}

// deliver returns the response to a call that met fault and has the reply p. A fault
// that strikes after the execution replaces, cuts or delays the response.
func deliver(fault retrywisetest.Fault, p reply) retrywisetest.Answer {
	switch fault {
	case retrywisetest.GatewayTimeoutAfter:
		return retrywisetest.HTML(http.StatusGatewayTimeout)
	case retrywisetest.ResetAfter:
		return retrywisetest.Reset()
	case retrywisetest.CutBody:
		return retrywisetest.Cut(p.answer())
	case retrywisetest.Slow:
		return retrywisetest.After(time.Minute, p.send)
	default:
		return p.send
	}
}

// seconds returns d in whole seconds, rounded up.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
