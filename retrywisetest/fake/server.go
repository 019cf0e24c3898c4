package fake

import (
	"testing"

	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// A Server is a fake that is served. Give a client its URL and its Transport.
type Server struct {
	*retrywisetest.Server
	*API
}

// New serves a fake of v in memory until the test ends. Inside retrywisetest.VirtualTime, pass the
// t of its function.
func New(t testing.TB, v *vendors.Vendor, o Options) *Server {
	t.Helper()
	a := NewAPI(v, o)
	a.unknown = func(text string) { t.Error(text) }
	return &Server{Server: retrywisetest.Handle(t, a), API: a}
}

// Start serves a fake of v over TCP on a free port of 127.0.0.1, for programs and examples. The
// caller must call Close. The error is that of opening the port.
func Start(v *vendors.Vendor, o Options) (*Server, error) {
	a := NewAPI(v, o)
	srv, err := retrywisetest.Start(a)
	if err != nil {
		return nil, err
	}
	return &Server{Server: srv, API: a}, nil
}
