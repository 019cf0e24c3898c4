package main

import (
	"context"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// longest is how long one peer may take. Then it is cut off.
const longest = time.Minute

// A session is a client of one peer, and the server that it calls.
type session struct {
	caller
	server *retrywisetest.Server
}

// serve starts a server with h and makes a client for it that keeps so many connections. The
// caller must call close.
func (p peer) serve(h http.Handler, connections int, s setup) (*session, error) {
	server, err := retrywisetest.Start(h)
	if err != nil {
		return nil, err
	}
	s.url = server.URL()
	c, err := p.connect(connections, s)
	if err != nil {
		server.Close()
		return nil, err
	}
	return &session{c, server}, nil
}

func (s *session) close() {
	s.caller.close()
	s.server.Close()
}

// withinLongest returns a context that is canceled after longest.
func withinLongest(ctx context.Context) (context.Context, func()) { return within(ctx, longest) }

// within returns a context that is canceled after d. It has no deadline: clients would decide
// by that.
func within(ctx context.Context, d time.Duration) (context.Context, func()) {
	short, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(d, cancel)
	return short, func() {
		timer.Stop()
		cancel()
	}
}
