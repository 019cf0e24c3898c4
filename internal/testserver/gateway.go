package testserver

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A Service configures how a fake serves API calls. Requests for a token are
// exempt, except that TokenUses limits the tokens. The zero Service has no
// faults, no latency and no limits but the vendor's own.
type Service struct {
	Faults    retrywisetest.Plan // which call meets which fault; zero: none
	PerSecond int                // calls allowed per second, for the whole account; 0: no limit but the vendor's own
	TokenUses int                // uses after which an access token expires; 0: no limit
	Latency   time.Duration      // of every call; 0: none
	LimitWait time.Duration      // wait in the response of a RateLimited fault; 0: 1 s; rounded up to seconds
	LeadWait  time.Duration      // wait in the response of a LeadLimited fault; 0: 20745 s; rounded up to seconds
}

// A gateway does what every fake does before its own rules apply: latency, rate
// limit, faults and the check of the credential. It counts the responses. A fake
// embeds one, created by newGateway.
type gateway struct {
	service Service
	clock   clock
	second  windowLimit // of all calls

	mu       sync.Mutex // guards the fields below
	numbered int        // calls that have a number for the plan of faults
	serving  int
	peak     int
	statuses map[int]int
}

func newGateway(service Service) gateway {
	if service.LimitWait == 0 {
		service.LimitWait = time.Second
	}
	if service.LeadWait == 0 {
		service.LeadWait = 20745 * time.Second
	}
	return gateway{
		service: service, statuses: map[int]int{},
		second: windowLimit{calls: service.PerSecond, per: time.Second},
	}
}

// A dialect makes the refusals of one vendor.
type dialect interface {
	// limited returns the response to a call beyond Service.PerSecond.
	limited(wait time.Duration) retrywisetest.Answer
	// instead returns the response of a fault that strikes before call number n is
	// executed, or nil if the vendor has none. It is not called for responses of a
	// proxy in front of the vendor, such as a 502.
	instead(fault retrywisetest.Fault, n int, r *http.Request) retrywisetest.Answer
	// check uses the credential of a call. If ok is false, refusal is the response.
	check(header http.Header) (refusal reply, ok bool)
}

// A call is an API call to be executed.
type call struct {
	request   *http.Request
	body      []byte
	arrivedAt int64 // on the gateway's clock
}

// A clock counts events. It orders two moments even if no time passes between
// them.
type clock struct{ now atomic.Int64 }

func (c *clock) tick() int64 { return c.now.Add(1) }

// Peak returns the largest number of concurrent requests.
func (g *gateway) Peak() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.peak
}

// Statuses returns the number of responses by status. Status 0 is a connection
// closed without a response; a response that was cut counts under its status.
func (g *gateway) Statuses() map[int]int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.statuses)
}

// serve passes a request to routes and counts its response.
func (g *gateway) serve(routes http.Handler, w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.serving++
	g.peak = max(g.peak, g.serving)
	g.mu.Unlock()
	routes.ServeHTTP(countingWriter{w, g.leave}, r)
}

func (g *gateway) leave(status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.serving--
	g.statuses[status]++
}

// endpoint returns the handler of an API call that execute executes.
func (g *gateway) endpoint(d dialect, execute func(call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrivedAt := g.clock.tick()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			retrywisetest.Reset()(w, r)
			return
		}
		answer := func(w http.ResponseWriter, r *http.Request) {
			g.answer(d, execute, call{r, body, arrivedAt})(w, r)
		}
		retrywisetest.After(g.service.Latency, answer)(w, r)
	})
}

// answer returns the response to c. It executes c unless a limit, a fault or the
// credential forbids it.
func (g *gateway) answer(d dialect, execute func(call) reply, c call) retrywisetest.Answer {
	if _, wait := g.second.take(time.Now()); wait > 0 {
		return d.limited(wait)
	}
	n := g.nextNumber()
	fault := g.service.Faults.Fault(n)
	if answer := byProxy(fault, n); answer != nil {
		return answer
	}
	if answer := d.instead(fault, n, c.request); answer != nil {
		return answer
	}
	if refusal, ok := d.check(c.request.Header); !ok {
		return deliver(fault, refusal)
	}
	return deliver(fault, execute(c))
}

// byProxy returns the response of a fault in the proxy in front of every vendor, or
// nil if fault is of another kind. Unavailable alternates between the vendor, for
// even n, and the proxy.
func byProxy(fault retrywisetest.Fault, n int) retrywisetest.Answer {
	switch {
	case fault == retrywisetest.Unavailable && n%2 == 1:
		return retrywisetest.HTML(http.StatusServiceUnavailable)
	case fault == retrywisetest.BadGateway:
		return retrywisetest.HTML(http.StatusBadGateway)
	case fault == retrywisetest.GatewayTimeout:
		return retrywisetest.HTML(http.StatusGatewayTimeout)
	case fault == retrywisetest.ResetBefore:
		return retrywisetest.Reset()
	default:
		return nil
	}
}

// nextNumber returns the number of the next call for the plan of faults, from 0.
func (g *gateway) nextNumber() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.numbered++
	return g.numbered - 1
}

// A countingWriter reports the status of a response before the client can see it,
// so that the counts are complete when the client has its response.
type countingWriter struct {
	http.ResponseWriter
	leave func(status int)
}

func (w countingWriter) WriteHeader(status int) {
	w.leave(status)
	w.ResponseWriter.WriteHeader(status)
}

// Hijack counts a connection that is about to be closed without a response.
func (w countingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.leave(0)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
