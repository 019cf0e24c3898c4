package retrywisetest

import (
	"net"
	"net/http"
	"os"
	"reflect"
	"syscall"
)

// Refused refuses the connection, in a script of New or Start: the dial fails with ECONNREFUSED, as
// that of a server that is down. The request is certainly not sent, and a client may repeat it,
// whatever it is. Elsewhere it closes the connection without an answer, like Reset: there use
// Server.RefuseDials.
func Refused() Answer { return refused }

func refused(w http.ResponseWriter, _ *http.Request) { drop(w) }

// isRefused reports whether a is that of Refused. Functions cannot be compared, but refused has no
// variables, so it has one address.
func (a Answer) isRefused() bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(Answer(refused)).Pointer()
}

// RefuseDials refuses the next n connections that a client opens by the server's Transport, with
// ECONNREFUSED, and closes those that are idle, so that the next request opens one.
func (s *Server) RefuseDials(n int) {
	s.mu.Lock()
	s.refusing = n
	s.mu.Unlock()
	s.transport.CloseIdleConnections()
}

// refuses reports whether a dial is to be refused, and counts it.
func (s *Server) refuses() bool {
	if q, ok := s.handler.(*queue); ok && q.refuses() {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refusing <= 0 {
		return false
	}
	s.refusing--
	return true
}

// refusal returns the error of a dial that addr refused, as package net has it.
func refusal(addr net.Addr) error {
	return &net.OpError{Op: "dial", Net: addr.Network(), Addr: addr, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}
