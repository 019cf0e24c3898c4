package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// An outageVendor is the vendor of an outage, and counts requests.
type outageVendor struct {
	outage
	start time.Time // of the run

	mu       sync.Mutex // guards the fields below
	inOutage int        // requests that met the outage, and connections that it refused
	before   int        // requests that were served in the time before
	back     *slowReturn
}

func newOutageVendor(o outage) *outageVendor { return &outageVendor{outage: o, start: time.Now()} }

// ServeHTTP serves a request, or lets it meet the outage.
func (v *outageVendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Since(v.start)
	serves := v.serves(at, r)
	if !serves && v.kind == silent {
		<-r.Context().Done() // until the client gives up
		return
	}
	if serves {
		time.Sleep(v.work)
		return // 200
	}
	time.Sleep(refusing)
	w.WriteHeader(http.StatusServiceUnavailable)
}

// serves counts a request that arrives at a time, and says whether it is served.
func (v *outageVendor) serves(at time.Duration, r *http.Request) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.fails(at, r):
		v.inOutage++
	case v.outage.before().has(at):
		v.before++
	}
	if v.returns().has(at) {
		if v.back == nil {
			v.back = newSlowReturn(float64(v.before)/v.outage.before().length().Seconds(), v.comesBack, v.start.Add(v.down.to))
		}
		return v.back.admit(v.start.Add(at))
	}
	return !v.fails(at, r)
}

// returns is the time in which v serves a part of the requests.
func (v *outageVendor) returns() span { return span{v.down.to, v.down.to + v.comesBack} }

// dial opens a connection, and counts those that are refused in the outage. It is for the
// outage in which no request arrives.
func (v *outageVendor) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	at := time.Since(v.start)
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil && v.down.has(at) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.inOutage++
	}
	return conn, err
}

// requests returns how many requests there were in the outage.
func (v *outageVendor) requests() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.inOutage
}

// ofAllowed returns which share was served of what a slow return allowed from its first
// success on. nil: there was no slow return, or nothing was served in it.
func (v *outageVendor) ofAllowed() *float64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.back == nil || v.back.served == 0 {
		return nil
	}
	return new(v.back.share())
}
