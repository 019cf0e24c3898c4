package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// A sought write is one that reached the fake, and that the vendor's file says how to look up.
type sought struct {
	lookup     policy.Lookup // with its values
	body       []byte
	isExecuted bool
}

// lookupOf returns how the vendor's file looks up a write, with the values of its templates. It
// reports whether the file says it.
func (a *API) lookupOf(r *http.Request, body []byte) (policy.Lookup, bool) {
	path := a.pathOf(r)
	l, segments, ok := a.policy.LookupFor(r.Method, path)
	if !ok || a.options.Handler != nil {
		return policy.Lookup{}, false
	}
	filled, missing := l.Fill(func(name string) (string, bool) {
		if member, ok := strings.CutPrefix(name, "body."); ok {
			return answer.TextAt(body, strings.Split(member, ".")...)
		}
		value, ok := segments[name]
		return value, ok
	})
	return filled, missing == ""
}

// expect notes that a write has arrived, which may be lost before it is executed.
func (a *API) expect(r *http.Request, body []byte) {
	l, ok := a.lookupOf(r, body)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sought[l.String()] == nil {
		a.sought[l.String()] = &sought{lookup: l}
	}
}

// keep notes that a write was executed: from now on, a look-up finds it.
func (a *API) keep(r *http.Request, body []byte) {
	l, ok := a.lookupOf(r, body)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sought[l.String()] = &sought{lookup: l, body: bytes.Clone(body), isExecuted: true}
}

// lookedUp returns the response to a look-up of a write that has arrived. It reports whether r is
// one.
func (a *API) lookedUp(r *http.Request) (policy.Answer, bool) {
	name := r.Method + " " + a.pathOf(r)
	if r.URL.RawQuery != "" {
		name += "?" + r.URL.RawQuery
	}
	a.mu.Lock()
	s := a.sought[name]
	a.mu.Unlock()
	switch {
	case s == nil:
		return policy.Answer{}, false
	case !s.isExecuted && s.lookup.In == "":
		return a.said(r, aboutAbsence(s.lookup)), true
	default:
		return s.found(), true
	}
}

// found returns the response that has the record, or an empty list.
func (s *sought) found() policy.Answer {
	var document any = []any{}
	if s.isExecuted {
		document = s.record()
	}
	if s.isExecuted && s.lookup.In != "" {
		document = []any{document}
	}
	text, _ := json.Marshal(put(nil, keysOf(s.lookup.In), document)) // made of JSON
	status := http.StatusOK
	if len(s.lookup.Found) > 0 {
		status = s.lookup.Found[0].From
	}
	return policy.Answer{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: text}
}

// record returns the body of the write, and in it what the look-up finds it by.
func (s *sought) record() any {
	var record any // null, if the body is not JSON
	_ = json.Unmarshal(s.body, &record)
	at := keysOf(s.lookup.At)
	if text, ok := answer.TextAt(s.body, at...); len(at) == 0 || ok && text == s.lookup.Is {
		return record
	}
	return put(record, at, s.lookup.Is)
}

// keysOf returns the keys of a JSON pointer, which was checked.
func keysOf(pointer string) answer.Pointer {
	var keys answer.Pointer
	if pointer != "" {
		_ = keys.UnmarshalText([]byte(pointer))
	}
	return keys
}

// put returns a document with a value at the place that keys lead to. It makes what is missing on
// the way.
func put(document any, keys answer.Pointer, value any) any {
	if len(keys) == 0 {
		return value
	}
	if keys[0] == "*" || keys[0] == "0" {
		return []any{put(nil, keys[1:], value)}
	}
	object, ok := document.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	object[keys[0]] = put(object[keys[0]], keys[1:], value)
	return object
}
