package retrywisetest

import (
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"time"
)

// defaultDelay is how long Slow holds an answer back.
const defaultDelay = time.Minute

// Faults makes requests fail by a Plan: those to a handler, or those through a transport.
// The zero Faults lets every request pass.
type Faults struct {
	// Plan decides which request meets which fault. Zero: none.
	Plan Plan

	// Answers replaces the answers of faults. A fault of this package still strikes
	// before or after the handler, as documented; a fault that a test defines
	// strikes before. An entry for NoFault is ignored. Nil: the answers of this
	// package.
	Answers map[Fault]Answer

	// Delay is how long Slow holds an answer back. 0: one minute.
	Delay time.Duration

	// Only selects the requests that are counted and may fail, such as those of one
	// endpoint. It is called concurrently. Nil: all.
	Only func(*http.Request) bool

	// Struck is called for each request that meets a fault, before it does, such as to log
	// it. It is called concurrently. Nil: it is not.
	Struck func(*http.Request, Fault)
}

// Handler returns a handler that makes requests to h fail. It numbers requests in
// order of arrival, from 0; each handler that Handler returns counts for itself.
// A fault that has no answer is answered with status 500 and its name.
//
// The handler is safe for concurrent use if h is.
func (f Faults) Handler(h http.Handler) http.Handler {
	f.Answers = maps.Clone(f.Answers)
	meets := f.counter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.answer(meets(r), h.ServeHTTP)(w, r)
	})
}

// counter returns a function that numbers requests, from 0, and returns the fault of each.
func (f Faults) counter() func(*http.Request) Fault {
	var requests atomic.Int64
	return func(r *http.Request) Fault {
		if f.Only != nil && !f.Only(r) {
			return NoFault
		}
		fault := f.Plan.Fault(int(requests.Add(1) - 1))
		if fault != NoFault && f.Struck != nil {
			f.Struck(r, fault)
		}
		return fault
	}
}

// answer returns the answer to a request that meets fault. execute is the handler.
func (f Faults) answer(fault Fault, execute Answer) Answer {
	own := f.Answers[fault]
	switch {
	case fault == NoFault:
		return execute
	case fault.IsAfterExecution() && own != nil:
		return instead(execute, own)
	case fault.IsAfterExecution():
		return f.afterExecution(fault, execute)
	case own != nil:
		return own
	default:
		return beforeExecution(fault)
	}
}

// afterExecution returns the answer of a fault that strikes after the handler.
func (f Faults) afterExecution(fault Fault, execute Answer) Answer {
	switch fault {
	case GatewayTimeoutAfter:
		return instead(execute, HTML(http.StatusGatewayTimeout))
	case CutBody:
		return Cut(execute)
	case Slow:
		return late(execute, f.delay())
	default:
		return instead(execute, Reset())
	}
}

func (f Faults) delay() time.Duration {
	if f.Delay == 0 {
		return defaultDelay
	}
	return f.Delay
}

// beforeExecution returns the answer of a fault that strikes before the handler.
func beforeExecution(fault Fault) Answer {
	switch fault {
	case Unavailable:
		return HTML(http.StatusServiceUnavailable)
	case BadGateway:
		return HTML(http.StatusBadGateway)
	case GatewayTimeout:
		return HTML(http.StatusGatewayTimeout)
	case ServerError:
		return JSON(http.StatusInternalServerError, `{"error":"internal server error"}`)
	case RateLimited:
		return JSON(http.StatusTooManyRequests, `{"error":"too many requests"}`, "Retry-After", "1")
	case ResetBefore:
		return Reset()
	default:
		return Text(http.StatusInternalServerError, fmt.Sprintf("retrywisetest: the fault %q has no answer", string(fault)))
	}
}

// instead runs execute, discards its response and gives answer.
func instead(execute, answer Answer) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		if h := hold(w, r, execute); h.hijacked {
			return
		}
		answer(w, r)
	}
}

// late runs execute at once and sends its response after d.
func late(execute Answer, d time.Duration) Answer {
	return func(w http.ResponseWriter, r *http.Request) {
		h := hold(w, r, execute)
		switch {
		case h.hijacked:
		case wait(r.Context(), d):
			h.send()
		default:
			drop(w)
		}
	}
}
