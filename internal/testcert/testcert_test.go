package testcert_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/retrywise/retrywise/internal/testcert"
)

// A client that trusts the roots reaches a server with the certificate.
func TestNew(t *testing.T) {
	c := testcert.New(t)
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{c.TLS(t)}}
	srv.StartTLS()
	defer srv.Close()
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: c.Roots}}
	conn, err := dialer.DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}
