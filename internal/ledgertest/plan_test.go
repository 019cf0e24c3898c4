package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// A plan is one call, and what its requests meet.
type plan struct {
	index      int // in its batch
	way        int // index of ways
	door       string
	method     string
	body       string
	key        bool // it has an idempotency key
	foreign    bool // it is addressed to another origin than the vendor's
	repeatable bool // CallOptions.Repeatable
	lookup     bool // CallOptions.Lookup
	attempts   int  // CallOptions.MaxAttempts
	timeout    time.Duration
	cancel     string        // how the caller gives up; empty: not at all
	after      time.Duration // when
	faults     []fault       // of its requests, one after the other; later ones meet none
}

func (p plan) String() string {
	text := fmt.Sprintf("%s %s by %s, body: %s, at most %d attempts", ways[p.way].name, p.method, p.door, p.body, p.attempts)
	for name, is := range map[string]bool{"with a key": p.key, "foreign": p.foreign, "repeatable": p.repeatable, "looked up": p.lookup} {
		if is {
			text += ", " + name
		}
	}
	if p.timeout < patient {
		text += fmt.Sprint(", timeout ", p.timeout)
	}
	if p.cancel != "" {
		text += fmt.Sprint(", ", p.cancel, " after ", p.after)
	}
	return text + fmt.Sprintf(", faults %v", p.faults)
}

// mayRepeat reports whether the call may be executed twice. The vendor executes a key once;
// another origin does not know keys.
func (p plan) mayRepeat() bool { return p.repeatable || p.isIdempotent() }

func (p plan) isIdempotent() bool {
	return p.method == http.MethodGet || p.method == http.MethodPut || p.method == http.MethodDelete
}

// patient is the timeout of an attempt that no fault keeps waiting.
const patient = 10 * time.Second

// How callers give up.
const (
	canceledBefore = "canceled before"
	canceled       = "canceled"
	deadline       = "deadline"
)

// newPlan draws the plan of a call from the seed.
func newPlan(seed uint64, number int) plan {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	p := plan{
		index: number % batchSize, way: r.IntN(len(ways)), timeout: patient, attempts: 1 + r.IntN(5),
		method: pick(r, "POST", "POST", "POST", "POST", "PATCH", "PUT", "DELETE", "GET"),
		door:   pick(r, byDo, bySend, byHTTP),
		key:    r.IntN(4) == 0, repeatable: r.IntN(16) == 0,
	}
	p.foreign = p.door != byDo && r.IntN(3) == 0
	if p.body = noBody; p.method != http.MethodGet && p.method != http.MethodDelete {
		p.body = pick(r, bodies...)
	}
	for range r.IntN(4) {
		p.faults = append(p.faults, pick(r, faults...))
	}
	if p.mayWait() {
		p.timeout = time.Duration(20+r.IntN(40)) * time.Millisecond
	}
	if r.IntN(8) == 0 {
		p.cancel, p.after = pick(r, canceledBefore, canceled, canceled, deadline, deadline), time.Duration(r.IntN(30))*time.Millisecond
	}
	return p
}

// mayWait reports whether an attempt ends only by its timeout.
func (p plan) mayWait() bool {
	for _, f := range p.faults {
		if f.end == hang || f.stage == late {
			return true
		}
	}
	return p.body == stuckPipe || p.body == blockedReader
}

func (p plan) isRedirected() bool {
	for _, f := range p.faults {
		if f.status == http.StatusTemporaryRedirect {
			return true
		}
	}
	return false
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
