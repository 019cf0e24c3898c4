package main

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Where a connection is cut. Each is as likely as the others.
const (
	beforeExecution retrywisetest.Fault = "before_execution"
	duringExecution retrywisetest.Fault = "during_execution"
	duringResponse  retrywisetest.Fault = "during_response"
	afterResponse   retrywisetest.Fault = "after_response"
)

// execution is what it takes to execute a write.
const execution = 10 * time.Millisecond

// A cutter is a vendor that executes writes, and cuts the connections of 40% of the requests.
type cutter struct {
	honors  bool // a key that it has seen: then it answers as before, and does not execute again
	plan    retrywisetest.Plan
	created retrywisetest.Ledger

	mu       sync.Mutex // guards the fields below
	requests int
	keys     map[string]bool
}

func newCutter(honors bool) *cutter {
	plan := retrywisetest.Seeded(1, 0.4, beforeExecution, duringExecution, duringResponse, afterResponse)
	return &cutter{honors: honors, plan: plan, keys: map[string]bool{}}
}

// ServeHTTP executes a request about the record in its query. A GET says whether it was created.
func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := c.next()
	if r.Method == http.MethodGet {
		c.find(w, r, fault)
		return
	}
	if fault == beforeExecution {
		retrywisetest.Reset()(w, r)
		return
	}
	time.Sleep(execution / 2)
	if fault == duringExecution {
		retrywisetest.Reset()(w, r)
	}
	if c.isNew(r.Header.Get(keyHeader)) {
		c.created.Record(r.URL.Query().Get("record"), nil)
	}
	time.Sleep(execution / 2)
	const body = `{"created":true}`
	answer := retrywisetest.JSON(http.StatusOK, body, "Content-Length", strconv.Itoa(len(body)))
	switch fault {
	case duringExecution: // nobody is there
	case duringResponse:
		retrywisetest.Cut(answer)(w, r)
	case afterResponse:
		answer(w, r)
		hangUp(w)
	default:
		answer(w, r)
	}
}

// find serves a GET, whose connection is cut as any other.
func (c *cutter) find(w http.ResponseWriter, r *http.Request, fault retrywisetest.Fault) {
	answer := retrywisetest.Status(http.StatusNotFound)
	if c.created.Count(r.URL.Query().Get("record")) > 0 {
		answer = retrywisetest.JSON(http.StatusOK, `{"record":"`+r.URL.Query().Get("record")+`"}`)
	}
	switch fault {
	case beforeExecution, duringExecution:
		retrywisetest.Reset()(w, r)
	case duringResponse:
		retrywisetest.Cut(answer)(w, r)
	default:
		answer(w, r)
	}
}

// next returns what happens to the next request.
func (c *cutter) next() retrywisetest.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	return c.plan.Fault(c.requests - 1)
}

// isNew says whether a request with this key is to be executed.
func (c *cutter) isNew(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.keys[key]
	c.keys[key] = true
	return key == "" || !c.honors || !seen
}

// hangUp closes the connection after a complete response that does not announce it: the next
// request on that connection may get no answer.
func hangUp(w http.ResponseWriter) {
	ctl := http.NewResponseController(w)
	if err := ctl.Flush(); err != nil {
		return // the client has gone
	}
	if conn, _, err := ctl.Hijack(); err == nil {
		_ = conn.Close()
	}
}
