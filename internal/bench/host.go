package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// A host serves a handler on a port of 127.0.0.1, and can refuse connections.
type host struct {
	addr    string
	handler http.Handler

	mu     sync.Mutex
	server *http.Server
}

// startHost takes a port and serves h. The port is below those that the system gives to
// clients: otherwise one of them could take it, or connect to itself, while the host refuses.
func startHost(h http.Handler) (*host, error) {
	const attempts = 20
	var problems []error
	for range attempts {
		o := &host{addr: fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(20_000)), handler: h}
		err := o.accept()
		if err == nil {
			return o, nil
		}
		problems = append(problems, err)
	}
	return nil, errors.Join(problems...)
}

func (o *host) url() string { return "http://" + o.addr }

// accept begins to serve, if the host does not.
func (o *host) accept() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server != nil {
		return nil
	}
	listener, err := net.Listen("tcp", o.addr) //nolint:noctx // it takes no time
	if err != nil {
		return err
	}
	server := &http.Server{Handler: o.handler, ReadHeaderTimeout: time.Minute}
	o.server = server
	go func() { _ = server.Serve(listener) }() // returns when the server is closed
	return nil
}

// refuse closes all connections, and refuses new ones.
func (o *host) refuse() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.server != nil {
		_ = o.server.Close() // of a listener: nothing can be done
		o.server = nil
	}
}
