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
)

// A Service is how well a fake vendor serves. The zero value is a service
// without faults, limits and delay.
type Service struct {
	Weather   Weather       // the faults of business requests; zero: none
	PerSecond int           // requests allowed per second, for the whole account; 0: no limit
	TokenUses int           // uses after which an access token expires; 0: it does not expire
	Latency   time.Duration // how long a business request takes; 0: no time
	LimitWait time.Duration // wait told by a GatewayLimited answer; 0: 1 s; sent in whole seconds
	LeadWait  time.Duration // wait told by a LeadLimited answer; 0: 20745 s; sent in whole seconds
}

// A front is what every business request to a fake meets before the vendor's
// own rules: latency, rate limit, weather and the check of the credential. It
// counts what is answered. A fake embeds one, made by newFront.
type front struct {
	service Service
	clock   clock

	mu       sync.Mutex // guards the fields below
	met      int        // business requests that the weather was asked about
	window   time.Time  // start of the current second of the rate limit
	inWindow int
	serving  int
	peak     int
	statuses map[int]int
}

func newFront(service Service) front {
	if service.LimitWait == 0 {
		service.LimitWait = time.Second
	}
	if service.LeadWait == 0 {
		service.LeadWait = 20745 * time.Second
	}
	return front{service: service, statuses: map[int]int{}}
}

// A dress is how a vendor says what goes wrong before a request is executed.
type dress interface {
	// limited is the answer to a request beyond the rate of the service.
	limited(rest time.Duration) Answer
	// instead is the answer of a fault that keeps request number n from being
	// executed, or nil if fault is not of that kind. It is not asked about what
	// the gateway says.
	instead(fault Fault, n int, r *http.Request) Answer
	// check uses the credential of a request. The refusal is meant if ok is false.
	check(header http.Header) (refusal reply, ok bool)
}

// A call is a business request that is to be executed.
type call struct {
	request *http.Request
	body    []byte
	cameAt  int64 // on the front's clock
}

// A clock counts what happens, so that two moments can be compared even where
// no time passes between them.
type clock struct{ now atomic.Int64 }

func (c *clock) tick() int64 { return c.now.Add(1) }

// Peak returns the largest number of requests that waited for their answer at
// one time.
func (f *front) Peak() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.peak
}

// Statuses returns how many requests were answered with each status. Status 0
// stands for a connection closed without an answer; a cut answer counts under
// the status it began with.
func (f *front) Statuses() map[int]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.statuses)
}

// serve passes one request on and counts its answer.
func (f *front) serve(routes http.Handler, w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.serving++
	f.peak = max(f.peak, f.serving)
	f.mu.Unlock()
	routes.ServeHTTP(countingWriter{w, f.leave}, r)
}

func (f *front) leave(status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.serving--
	f.statuses[status]++
}

// business wraps an endpoint with what every business request meets first.
func (f *front) business(d dress, execute func(call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cameAt := f.clock.tick()
		body, err := io.ReadAll(r.Body)
		if err != nil || !wait(r.Context(), f.service.Latency) {
			drop(w)
			return
		}
		if rest := f.overLimit(time.Now()); rest > 0 {
			d.limited(rest)(w, r)
			return
		}
		n := f.nextNumber()
		fault := f.service.Weather.Fault(n)
		answer := byGateway(fault, n)
		if answer == nil {
			answer = d.instead(fault, n, r)
		}
		if answer != nil {
			answer(w, r)
			return
		}
		if refusal, ok := d.check(r.Header); !ok {
			deliver(fault, refusal)(w, r)
			return
		}
		deliver(fault, execute(call{r, body, cameAt}))(w, r)
	})
}

// byGateway is the answer of what stands in front of every vendor, or nil if
// fault is not of that kind. Unavailable is its word and the vendor's by turns.
func byGateway(fault Fault, n int) Answer {
	switch {
	case fault == Unavailable && n%2 == 1:
		return HTML(http.StatusServiceUnavailable)
	case fault == BadGateway:
		return HTML(http.StatusBadGateway)
	case fault == GatewayTimeout:
		return HTML(http.StatusGatewayTimeout)
	case fault == ResetBefore:
		return Reset()
	default:
		return nil
	}
}

// overLimit counts a request against the current second. It returns 0 if the
// request may pass, and else how long the second still lasts.
func (f *front) overLimit(now time.Time) time.Duration {
	if f.service.PerSecond == 0 {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.window) >= time.Second {
		f.window, f.inWindow = now, 0
	}
	if f.inWindow == f.service.PerSecond {
		return time.Second - now.Sub(f.window)
	}
	f.inWindow++
	return 0
}

// nextNumber returns the number of this request for the weather, from 0.
func (f *front) nextNumber() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.met++
	return f.met - 1
}

// A countingWriter reports the status of an answer before the client can see
// it, so that the counts are right as soon as the client has its answer.
type countingWriter struct {
	http.ResponseWriter
	leave func(status int)
}

func (w countingWriter) WriteHeader(status int) {
	w.leave(status)
	w.ResponseWriter.WriteHeader(status)
}

// Hijack serves http.ResponseController: the connection is about to be closed.
func (w countingWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.leave(0)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
