package client

import (
	"bytes"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/traffic"
)

// maxPauses bounds how many responses are kept.
const maxPauses = 100

// pauses keeps the responses that closed a gate. A call through HTTP() that the gate holds
// back gets a copy, as its caller, such as an SDK, reads a vendor's limit from a response.
type pauses struct {
	mu     sync.Mutex
	latest []pause // the oldest first
}

type pause struct {
	key      pauseKey
	response http.Response // without its body
	body     []byte        // or the beginning of it
}

// A pauseKey names a gate.
type pauseKey struct {
	account traffic.Account
	by      string // as in a traffic.Verdict
	of      string // the record or the endpoint; empty: the gate is of the account
}

func (r request) pauseKey(by string, scope apierrors.Scope) pauseKey {
	k := pauseKey{account: r.account, by: by}
	switch scope {
	case apierrors.ScopeRecord:
		k.of = r.record
	case apierrors.ScopeEndpoint:
		k.of = r.endpoint
	default:
	}
	return k
}

// keepPause keeps the response of a failed attempt that closed a gate. That of a 2xx is not
// what a caller takes for a limit: it only replaces an earlier one. If the limit is a guess,
// the account may be closed as well.
func (x *call) keepPause(j *judgement, r traffic.Report) {
	if j.decision.PauseFor <= 0 || x.attempt == nil || x.attempt.shown == nil || x.destination.isForeign {
		return
	}
	p := pause{response: *x.attempt.shown, body: j.body}
	p.response.Header = x.c.repeatable(p.response.Header)
	p.response.Request, p.response.Body, p.response.Trailer, p.response.TLS = nil, nil, nil, nil
	if r.Limits == nil || r.Guessed {
		p.key = x.request.pauseKey("gate account", apierrors.ScopeAccount)
		x.c.traffic.pauses.keep(p)
	}
	for _, limit := range r.Limits {
		p.key = x.request.pauseKey("gate "+limit.Name, limit.Scope)
		x.c.traffic.pauses.keep(p)
	}
}

// repeatable returns a header without what belongs to one response alone.
func (c *Client) repeatable(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Set-Cookie")
	for id := c.profile.RequestID(h); id != ""; id = c.profile.RequestID(h) {
		maps.DeleteFunc(h, func(_ string, values []string) bool { return slices.Contains(values, id) })
	}
	return h
}

func (p *pauses) keep(one pause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latest = slices.DeleteFunc(p.latest, func(old pause) bool { return old.key == one.key })
	if one.response.StatusCode < http.StatusBadRequest {
		return
	}
	if len(p.latest) == maxPauses {
		p.latest = slices.Delete(p.latest, 0, 1)
	}
	p.latest = append(p.latest, one)
}

func (p *pauses) find(key pauseKey) (pause, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.latest, func(one pause) bool { return one.key == key })
	if i < 0 {
		return pause{}, false
	}
	return p.latest[i], true
}

// keptResponse returns the response that closed the gate which holds the call back, with the
// wait that is left; nil if there is none, or this is not HTTP(). Check has the call's error.
func (x *call) keptResponse(r *refusal) *http.Response {
	if !x.dropIn {
		return nil
	}
	kept, ok := x.c.traffic.pauses.find(x.request.pauseKey(r.By, r.Scope))
	if !ok {
		return nil
	}
	resp := inMemory(&kept.response, kept.body)
	resp.Header.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.Wait.Seconds()))))
	resp.Request = x.request.original
	if x.request.http.Method == http.MethodHead {
		resp.Body = http.NoBody
	}
	return resp
}

// inMemory returns a copy of a response with a body that is in memory.
func inMemory(resp *http.Response, body []byte) *http.Response {
	copied := *resp
	copied.Header = resp.Header.Clone()
	copied.Header.Set("Content-Length", strconv.Itoa(len(body)))
	copied.ContentLength, copied.Body = int64(len(body)), io.NopCloser(bytes.NewReader(body))
	return &copied
}
