package client_test

import (
	"net/http"
	"time"
)

// A tokenMeter is a token bucket, which is full at first.
type tokenMeter struct {
	perSecond float64
	burst     int

	taken float64 // tokens, at last
	last  time.Time
}

// inexact is less than any part of a token that matters.
const inexact = 1e-6

func (m *tokenMeter) admit(now time.Time, _ *http.Request) bool {
	m.taken = max(0, m.taken-m.perSecond*now.Sub(m.last).Seconds())
	if m.last = now; m.taken+1 > float64(m.burst)+inexact {
		return false
	}
	m.taken++
	return true
}

// A windowMeter is a number of requests in each window. Windows begin at the multiples of their
// length, or each with a first request.
type windowMeter struct {
	size    int
	length  time.Duration
	isFirst bool // a window begins with its first request

	edge time.Time // where the present window ends
	used int
}

func (m *windowMeter) admit(now time.Time, _ *http.Request) bool {
	m.turn(now)
	if m.used >= m.size {
		return false
	}
	m.used++
	return true
}

// turn begins another window if it is time.
func (m *windowMeter) turn(now time.Time) {
	if now.Before(m.edge) {
		return
	}
	m.used, m.edge = 0, now.Add(m.length)
	if !m.isFirst {
		m.edge = now.Truncate(m.length).Add(m.length)
	}
}

// A recordMeter is a limit of each record. A record is a path.
type recordMeter struct {
	newMeter func() meter
	meters   map[string]meter
}

func newRecordMeter(newMeter func() meter) *recordMeter {
	return &recordMeter{newMeter, map[string]meter{}}
}

func (m *recordMeter) admit(now time.Time, r *http.Request) bool {
	of, ok := m.meters[r.URL.Path]
	if !ok {
		of = m.newMeter()
		m.meters[r.URL.Path] = of
	}
	return of.admit(now, r)
}
