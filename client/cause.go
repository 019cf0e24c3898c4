package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"syscall"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/wire"
	"github.com/retrywise/retrywise/policy"
)

// A cause is what went wrong in an attempt without a response. Its word is printed, as the
// error of the transport may hold what must not be.
type cause struct {
	word      string
	sentence  string
	permanent bool // a retry meets the same
	is        func(error) bool
}

// causes are tried in this order.
var causes = []cause{
	{"proxy", "the proxy could not be reached", false, isOp("proxyconnect")},
	{"dns", "the host was not found", false, isNoHost},
	{"dns", "the host could not be looked up", false, is[*net.DNSError]},
	{"certificate", "the certificate of the server is not valid", true, isCertificateFailure},
	{"scheme", "the server speaks HTTP, and not HTTPS", true, isError(http.ErrSchemeMismatch)},
	{"tls", "the TLS handshake failed", false, isTLSFailure},
	{"headers", "the headers of the response are too long", true, hasText("response headers exceeded", "response header list larger")},
	{"headers", "the headers of the response are malformed, or break off", false, is[textproto.ProtocolError]},
	{"refused", "the connection was refused", false, isError(syscall.ECONNREFUSED)},
	{"unreachable", "the host is unreachable", false, isError(syscall.EHOSTUNREACH, syscall.ENETUNREACH)},
	{"connect", "no connection in time", false, isSlowDial},
	{"timeout", "no response in time", false, isTimeout},
	{"reset", "the connection was reset", false, isError(syscall.ECONNRESET, syscall.EPIPE)},
	{"reset", "the stream was reset", false, hasText("stream error: ")},
	{"closed", "the connection was closed", false, isClosed},
}

// causeOf completes the failure of an attempt by its cause, and returns a sentence for it.
func (x *call) causeOf(f *policy.Failure, err error) string {
	if refusal, ok := errors.AsType[*wire.ProxyError](err); ok {
		return proxyFailure(f, refusal)
	}
	if isTimeout(err) {
		f.Class = apierrors.Timeout
	}
	for _, c := range causes {
		if !c.is(err) {
			continue
		}
		f.Cause, f.Permanent = c.word, c.permanent
		if isNoHost(err) { // a name that was just registered is there after a moment
			f.Permanent = x.last != nil && isNoHost(x.last.err)
		}
		return c.sentence
	}
	return ""
}

// proxyFailure completes the failure of a CONNECT that the proxy answered.
func proxyFailure(f *policy.Failure, refusal *wire.ProxyError) string {
	f.Cause = "proxy"
	switch {
	case refusal.Status == http.StatusProxyAuthRequired:
		f.Class = apierrors.Authentication
	case refusal.Status < http.StatusInternalServerError:
		f.Class = apierrors.Configuration
	}
	return fmt.Sprintf("proxy %s answered CONNECT with %d", refusal.Host, refusal.Status)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// isError returns a function that reports whether an error is one of targets.
func isError(targets ...error) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

// hasText returns a function that recognises those of net/http's errors that have no type.
func hasText(parts ...string) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(err.Error(), part) })
	}
}

func isOp(op string) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*net.OpError](err)
		return ok && e.Op == op
	}
}

func isSlowDial(err error) bool { return isOp("dial")(err) && isTimeout(err) }

func isNoHost(err error) bool {
	e, ok := errors.AsType[*net.DNSError](err)
	return ok && e.IsNotFound
}

func isTLSFailure(err error) bool {
	return is[tls.AlertError](err) || is[tls.RecordHeaderError](err) || is[*tls.ECHRejectionError](err) ||
		strings.HasPrefix(err.Error(), "tls: ") || isOp("remote error")(err) || isOp("local error")(err)
}

// isClosed recognises what net/http says of a connection that ended in place of a response.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		hasText("server closed idle connection", "GOAWAY", "client conn ")(err)
}

// isCertificateFailure reports whether the vendor's certificate was refused.
func isCertificateFailure(err error) bool {
	return is[*tls.CertificateVerificationError](err) || is[x509.UnknownAuthorityError](err) ||
		is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err)
}
