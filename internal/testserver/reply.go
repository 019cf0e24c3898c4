package testserver

import (
	"encoding/json"
	"net/http"
	"time"
)

// A reply is what a fake vendor wants to answer to an executed request.
type reply struct {
	status int
	body   any      // encoded as JSON; nil: no body
	xml    string   // in place of body, for a vendor that also speaks XML
	header []string // pairs of key and value
	sent   func()   // called just before an undamaged answer goes out to a client still there; may be nil
}

func (p reply) text() string {
	switch {
	case p.xml != "":
		return p.xml
	case p.body == nil:
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
	switch {
	case p.xml != "":
		whole(p.status, "application/xml", p.xml, p.header)(w, r)
	case p.body != nil:
		JSON(p.status, p.text(), p.header...)(w, r)
	default:
		Status(p.status, p.header...)(w, r)
	}
}

// deliver sends the reply of a request that was executed, damaged by fault if
// fault is one that strikes afterwards.
func deliver(fault Fault, p reply) Answer {
	switch {
	case fault == ResetAfter, fault == CutBody && p.text() == "":
		return Reset()
	case fault == CutBody && p.xml != "":
		return cut(p.status, "application/xml", p.xml)
	case fault == CutBody:
		return Cut(p.status, p.text())
	default:
		return p.send
	}
}

// seconds returns d in whole seconds, rounded up.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
