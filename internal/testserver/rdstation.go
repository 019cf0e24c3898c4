package testserver

import (
	"bufio"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"
)

// RDStationConfig describes the service that a fake RD Station gives. The zero
// value is a service without faults, limits and delay.
type RDStationConfig struct {
	Weather     Weather       // the faults of business requests; zero: none
	PerSecond   int           // requests allowed per second, for the whole account; 0: no limit
	TokenUses   int           // uses after which an access token expires; 0: it does not expire
	Latency     time.Duration // how long a business request takes; 0: no time
	GatewayWait time.Duration // wait told by a GatewayLimited answer; 0: 1 s; sent in whole seconds
	LeadWait    time.Duration // wait told by a LeadLimited answer; 0: 20745 s; sent in whole seconds
}

// RDStation is a fake of RD Station Marketing: contacts, events and the token
// endpoint, with the error bodies of the vendor's documentation. It is an
// http.Handler, to be served by Handle or Start, and is safe for concurrent use.
//
// Faults, the rate limit and the latency apply to contacts and events, not to
// the token endpoint.
//
// Every execution of a contact PATCH is counted for the contact. Two kinds of
// execution changed nothing, because the contact had last been given the same
// payload, and they are told apart:
//   - a repeat: no success had been sent for that payload before the request
//     came. The client could not know and was right to send again. A cut
//     answer is no success.
//   - a duplicate: a success had been sent before the request came. The client
//     did again what it had been told is done.
//
// A success counts as sent when the fake begins to send it to a client that is
// still connected. A client that leaves in the very middle of the answer may
// thus be counted as having made a duplicate.
type RDStation struct {
	cfg      RDStationConfig
	routes   *http.ServeMux
	tokens   tokens
	contacts contacts
	events   Ledger

	mu       sync.Mutex // guards the fields below
	met      int        // business requests that the weather was asked about
	taken    int        // events
	window   time.Time  // start of the current second of the rate limit
	inWindow int
	serving  int
	peak     int
	statuses map[int]int
}

// NewRDStation returns a fake without contacts and events, whose access token
// is valid.
func NewRDStation(cfg RDStationConfig) *RDStation {
	rd := &RDStation{cfg: cfg, routes: http.NewServeMux(), statuses: map[int]int{}}
	if rd.cfg.GatewayWait == 0 {
		rd.cfg.GatewayWait = time.Second
	}
	if rd.cfg.LeadWait == 0 {
		rd.cfg.LeadWait = 20745 * time.Second
	}
	rd.tokens.renew()
	rd.tokens.maxUses = cfg.TokenUses
	rd.routes.Handle("PATCH /platform/contacts/{contact}", rd.business(rd.patchContact))
	rd.routes.Handle("GET /platform/contacts/{contact}", rd.business(rd.getContact))
	rd.routes.Handle("DELETE /platform/contacts/{contact}", rd.business(rd.deleteContact))
	rd.routes.Handle("POST /platform/events", rd.business(rd.postEvent))
	rd.routes.HandleFunc("POST /auth/token", rd.renewToken)
	rd.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "The resource couldn't be found.").send(w, r)
	})
	return rd
}

// ServeHTTP serves one request and counts its answer. Each endpoint either
// writes one header or closes the connection.
func (rd *RDStation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rd.enter()
	rd.routes.ServeHTTP(countingWriter{w, rd.leave}, r)
}

// Peak returns the largest number of requests that waited for their answer at
// one time.
func (rd *RDStation) Peak() int {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return rd.peak
}

// Statuses returns how many requests were answered with each status. Status 0
// stands for a connection closed without an answer; a cut answer counts under
// the status it began with.
func (rd *RDStation) Statuses() map[int]int {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	return maps.Clone(rd.statuses)
}

func (rd *RDStation) enter() {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.serving++
	rd.peak = max(rd.peak, rd.serving)
}

func (rd *RDStation) leave(status int) {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.serving--
	rd.statuses[status]++
}

// A call is a business request that is to be executed.
type call struct {
	request *http.Request
	body    []byte
	cameAt  int // as contacts count moments
}

// business wraps an endpoint with what every business request meets first: the
// latency, the rate limit, the weather and the check of the token.
func (rd *RDStation) business(execute func(call) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cameAt := rd.contacts.nextMoment()
		body, err := io.ReadAll(r.Body)
		if err != nil || !wait(r.Context(), rd.cfg.Latency) {
			drop(w)
			return
		}
		if rest := rd.overLimit(time.Now()); rest > 0 {
			gatewayLimited(rd.cfg.PerSecond, rest)(w, r)
			return
		}
		n := rd.nextNumber()
		fault := rd.cfg.Weather.Fault(n)
		if answer := rd.instead(fault, n, r); answer != nil {
			answer(w, r)
			return
		}
		if refusal, ok := rd.tokens.check(r.Header); !ok {
			deliver(fault, refusal)(w, r)
			return
		}
		deliver(fault, execute(call{r, body, cameAt}))(w, r)
	})
}

// overLimit counts a request against the current second. It returns 0 if the
// request may pass, and else how long the second still lasts.
func (rd *RDStation) overLimit(now time.Time) time.Duration {
	if rd.cfg.PerSecond == 0 {
		return 0
	}
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if now.Sub(rd.window) >= time.Second {
		rd.window, rd.inWindow = now, 0
	}
	if rd.inWindow == rd.cfg.PerSecond {
		return time.Second - now.Sub(rd.window)
	}
	rd.inWindow++
	return 0
}

// nextNumber returns the number of this request for the weather, from 0.
func (rd *RDStation) nextNumber() int {
	rd.mu.Lock()
	defer rd.mu.Unlock()
	rd.met++
	return rd.met - 1
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
