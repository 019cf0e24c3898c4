package vcr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// Headers of a recorded response that stand for a failure, which go-vcr does not record.
const (
	failedHeader = "Vcr-Failed" // there was no response, for this reason
	cutHeader    = "Vcr-Cut"    // the body broke off
)

// A witness sends requests, and has go-vcr record failures as responses. The caller of the
// Recorder gets the error itself.
type witness struct{ base http.RoundTripper }

type witnessKey struct{}

// withWitness returns a context whose request leaves its error in failed.
func withWitness(ctx context.Context, failed *error) context.Context {
	return context.WithValue(ctx, witnessKey{}, failed)
}

// RoundTrip implements http.RoundTripper.
func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		return w.failure(req, err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		resp.Header = resp.Header.Clone()
		resp.Header.Set(cutHeader, "true")
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// failure leaves an error for the caller, and returns the response that is recorded in its place.
// If the caller has given up, nothing is recorded.
func (w *witness) failure(req *http.Request, err error) (*http.Response, error) {
	failed, ok := req.Context().Value(witnessKey{}).(*error)
	if !ok || req.Context().Err() != nil {
		return nil, err
	}
	*failed = err
	return &http.Response{Header: http.Header{failedHeader: {kindOf(err)}}, Body: http.NoBody}, nil
}

// The kinds of failures. What an error says is not recorded, as it may hold addresses.
const (
	kindRefused = "refused"
	kindTimeout = "timeout"
	kindReset   = "reset"
)

func kindOf(err error) string {
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return kindRefused
	case isNet && netErr.Timeout():
		return kindTimeout
	default:
		return kindReset
	}
}

// errorOf returns an error of a kind.
func errorOf(kind string) error {
	switch kind {
	case kindRefused:
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case kindTimeout:
		return &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	case kindReset:
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	default:
		return fmt.Errorf("vcr: unknown failure %q", kind)
	}
}

// played returns a recorded response to a caller, or the failure that it stands for.
func played(resp *http.Response) (*http.Response, error) {
	resp.Header = resp.Header.Clone() // that of the recording is masked when it is written
	if kind := resp.Header.Get(failedHeader); kind != "" {
		return nil, errorOf(kind)
	}
	if resp.Header.Get(cutHeader) != "" {
		resp.Header.Del(cutHeader)
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(resp.Body, brokenOff{}), resp.Body}
	}
	return resp, nil
}

// brokenOff is the end of a body that broke off.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
