package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// dialError is how net/http returns a failure to connect.
func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

// An error says what went wrong, in words of ours: the transport's error may have an address, or
// a credential.
func TestErrorSaysTheCause(t *testing.T) {
	noHost := &net.DNSError{Err: "no such host", Name: canary, IsNotFound: true}
	for name, tt := range map[string]struct {
		err      error
		word     string
		text     string
		class    apierrors.Class
		attempts int
	}{
		"no such host":         {dialError(noHost), "dns", "the host was not found", apierrors.Network, 2},
		"DNS server fails":     {dialError(&net.DNSError{Err: "server misbehaving", Name: canary}), "dns", "the host could not be looked up", apierrors.Network, 4},
		"refused":              {dialError(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "refused", "the connection was refused", apierrors.Network, 4},
		"unreachable":          {dialError(os.NewSyscallError("connect", syscall.ENETUNREACH)), "unreachable", "the host is unreachable", apierrors.Network, 4},
		"dial is slow":         {dialError(os.ErrDeadlineExceeded), "connect", "no connection in time", apierrors.Timeout, 4},
		"no response":          {context.DeadlineExceeded, "timeout", "no response in time", apierrors.Timeout, 4},
		"reset":                {&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, "reset", "the connection was reset", apierrors.Network, 4},
		"closed":               {io.EOF, "closed", "the connection was closed", apierrors.Network, 4},
		"idle and closed":      {errors.New("http: server closed idle connection"), "closed", "the connection was closed", apierrors.Network, 4},
		"stream reset":         {errors.New("stream error: stream ID 1; INTERNAL_ERROR; received from peer"), "reset", "the stream was reset", apierrors.Network, 4},
		"TLS":                  {tls.AlertError(40), "tls", "the TLS handshake failed", apierrors.Network, 4},
		"TLS of the peer":      {&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, "tls", "the TLS handshake failed", apierrors.Network, 4},
		"expired certificate":  {x509.CertificateInvalidError{Reason: x509.Expired}, "certificate", "the certificate of the server is not valid", apierrors.Network, 1},
		"HTTP in place of TLS": {http.ErrSchemeMismatch, "scheme", "the server speaks HTTP, and not HTTPS", apierrors.Network, 1},
		"headers too long":     {errors.New("net/http: server response headers exceeded 262144 bytes; aborted"), "headers", "the headers of the response are too long", apierrors.Network, 1},
		"malformed headers":    {fmt.Errorf("net/http: HTTP/1.x transport connection broken: %w", textproto.ProtocolError(canary)), "headers", "the headers of the response are malformed, or break off", apierrors.Network, 4},
		"proxy is down":        {&net.OpError{Op: "proxyconnect", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "proxy", "the proxy could not be reached", apierrors.Network, 4},
		"something else":       {errors.New(canary), "", "", apierrors.Network, 4},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{tt.err}})
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				e := failure(t, err)
				rule := strings.TrimSuffix("class "+tt.class.String()+", "+tt.word, ", ")
				got := []any{e.Class, e.Rule, e.Summary, len(e.Attempts)}
				if diff := cmp.Diff([]any{tt.class, rule, tt.text, tt.attempts}, got); diff != "" {
					t.Errorf("class, rule, summary, attempts (-want +got):\n%s", diff)
				}
				if !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), canary) {
					t.Errorf("the error is %v; want %q in it, and no address", err, tt.text)
				}
			})
		})
	}
}

// A proxy that refuses to connect is named, by its host alone. Whether a person must act is
// said by its status.
func TestErrorOfAProxy(t *testing.T) {
	for status, want := range map[int][]any{
		407: {apierrors.Authentication, apierrors.FailFast, apierrors.AppliedNo, 1},
		403: {apierrors.Configuration, apierrors.FailFast, apierrors.AppliedNo, 1},
		502: {apierrors.Network, apierrors.Retry, apierrors.AppliedNo, 4},
	} {
		proxy, err := retrywisetest.Start(retrywisetest.Status(status))
		if err != nil {
			t.Fatal(err)
		}
		defer proxy.Close()
		address, err := url.Parse(proxy.URL())
		if err != nil {
			t.Fatal(err)
		}
		address.User = url.UserPassword("user", canary)
		transport := client.NewTransport()
		transport.Proxy = http.ProxyURL(address)
		defer transport.CloseIdleConnections()
		c := newClientOf(t, client.Config{BaseURL: "https://vendor.test", Transport: transport})
		c.SetRandom(0) // no backoff, as this is in real time
		_, err = send(t.Context(), t, c, "POST", "/items", "x")
		e := failure(t, err)
		if diff := cmp.Diff(want, []any{e.Class, e.Action, e.Applied, len(e.Attempts)}); diff != "" {
			t.Errorf("%d: class, action, applied, attempts (-want +got):\n%s", status, diff)
		}
		if text := fmt.Sprintf("proxy %s answered CONNECT with %d", address.Host, status); e.Summary != text || strings.Contains(fmt.Sprint(err, e.Err), canary) {
			t.Errorf("summary %q, error %v; want %q without a password", e.Summary, e.Err, text)
		}
	}
}

// The headers of a response are bounded, and a longer one is not asked for again.
func TestErrorOfLongHeaders(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.Status(200, "X-Long", strings.Repeat("x", 300<<10)))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c := newClientOf(t, client.Config{BaseURL: srv.URL()})
	_, err = send(t.Context(), t, c, "GET", "/items", "")
	if e := failure(t, err); e.Action != apierrors.FailFast || len(e.Attempts) != 1 || e.Applied != apierrors.AppliedUnknown {
		t.Errorf("action %v after %d attempts, applied %v; want fail_fast after 1, unknown", e.Action, len(e.Attempts), e.Applied)
	}
}
