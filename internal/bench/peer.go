package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// A peer is a library that makes the calls of a job.
type peer struct {
	name string
	open func(setup) (caller, error)
}

// peers are in the order in which they run. Each is set up as its own documents show, and
// otherwise has its defaults.
var peers = []peer{
	{"retrywise", newRetrywise},
	{"net/http", newNetHTTP},
	{"go-retryablehttp", newRetryableHTTP},
	{"failsafe-go", newFailsafe},
	{"rehttp", newRehttp},
	{"resty", newResty},
	{"azcore", newAzcore},
}

// findPeers returns the peer called name, or all if name is empty. The error lists all.
func findPeers(name string) ([]peer, error) {
	if name == "" {
		return peers, nil
	}
	var names []string
	for _, p := range peers {
		if p.name == name {
			return []peer{p}, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("expected -peer to be one of %s; got %q", strings.Join(names, ", "), name)
}

// A setup is what the makers of clients know.
type setup struct {
	url       string
	transport *http.Transport // for every peer but retrywise, which makes its own
	declared  *declared       // nil: the limit is not known
	refusal   int             // the status by which the vendor says that its limit is reached; 0: it has none
	timeout   time.Duration   // of an attempt; 0: none is set
	keys      bool            // the vendor honors Idempotency-Key
	lookups   bool            // the vendor has a GET for what a POST created
	store     string          // the redis-server of a fleet; "": there is none

	// dial opens connections, for every peer. nil: net/http's.
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A caller makes calls with one client.
type caller interface {
	// send makes a call, and reads the response. Any status but 200 is an error.
	send(ctx context.Context, r request) error
	close()
}

// A resolver is a caller that looks up writes in doubt.
type resolver interface {
	// resolved returns how many of them it found to be executed, or not executed.
	resolved() int
}

// connect makes a client that keeps so many connections.
func (p peer) connect(connections int, s setup) (caller, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = connections // or most requests would open a connection
	transport.MaxIdleConns = max(transport.MaxIdleConns, connections)
	transport.ResponseHeaderTimeout = s.timeout
	if s.dial != nil {
		transport.DialContext = s.dial
	}
	s.transport = transport
	c, err := p.open(s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	return connected{c, transport}, nil
}

// connected is a caller that closes its idle connections.
type connected struct {
	caller
	transport *http.Transport
}

func (c connected) close() {
	c.caller.close()
	c.transport.CloseIdleConnections()
}

// resolved is that of the caller; 0: it looks up nothing.
func (c connected) resolved() int {
	if r, ok := c.caller.(resolver); ok {
		return r.resolved()
	}
	return 0
}

// errRefused is a response that is not a success.
var errRefused = errors.New("the vendor refused")

// httpCaller is for the peers that are an http.Client.
type httpCaller struct {
	*http.Client
	setup
}

func (c httpCaller) send(ctx context.Context, r request) error {
	req, err := r.http(ctx, c.url)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	return finish(ctx, resp)
}

func (c httpCaller) close() {}

// finish reads the body of a response into memory, as most callers do, and closes it.
func finish(ctx context.Context, resp *http.Response) error {
	defer resp.Body.Close()
	if _, err := io.ReadAll(whileOpen{ctx, resp.Body}); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return errRefused
	}
	return nil
}

// whileOpen reads until its context ends. net/http alone goes on with what it has received,
// which may be a thousand times as much when it is decompressed.
type whileOpen struct {
	ctx  context.Context
	body io.Reader
}

func (w whileOpen) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.body.Read(p)
}
