package retrywisetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"syscall"
)

// Transport returns an http.RoundTripper that makes requests through base fail, such as those of
// a staging run to a real API; nil stands for http.DefaultTransport. It numbers requests in
// the order in which they begin, from 0.
//
// A fault that strikes before the execution sends nothing. One that strikes after it
// (Fault.IsAfterExecution) sends the request by base, and loses the response: it is read and
// closed. A connection that is closed without an answer is a reset, ECONNRESET. Half of a response
// that does not say its length is at most 512 bytes.
//
//	faults := retrywisetest.Faults{Plan: retrywisetest.Seeded(7, 0.05)}
//	c, err := client.New(client.Config{Transport: faults.Transport(client.NewTransport())})
//
// The transport is safe for concurrent use if base is.
func (f Faults) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	f.Answers = maps.Clone(f.Answers)
	return &faultyTransport{faults: f, base: base, meets: f.counter()}
}

type faultyTransport struct {
	faults Faults
	base   http.RoundTripper
	meets  func(*http.Request) Fault
}

// RoundTrip implements http.RoundTripper.
func (t *faultyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	fault := t.meets(r)
	own := t.faults.Answers[fault]
	switch {
	case fault == NoFault:
		return t.base.RoundTrip(r)
	case !fault.IsAfterExecution():
		defer closeBody(r)
		return respond(r, t.faults.answer(fault, nil))
	}
	resp, err := t.base.RoundTrip(r)
	switch {
	case err != nil:
		return nil, err
	case own == nil && fault == Slow:
		return t.hold(r, resp)
	case own == nil && fault == CutBody:
		return cut(resp)
	}
	discard(resp)
	if own == nil {
		own = t.faults.afterExecution(fault, nothing)
	}
	return respond(r, own)
}

// hold returns a response when the delay is over.
func (t *faultyTransport) hold(r *http.Request, resp *http.Response) (*http.Response, error) {
	if wait(r.Context(), t.faults.delay()) {
		return resp, nil
	}
	_ = resp.Body.Close()
	return nil, r.Context().Err()
}

// nothing is the handler of a request that was executed elsewhere.
func nothing(http.ResponseWriter, *http.Request) {}

// respond returns what answer responds to r. A connection that it closes is a reset.
func respond(r *http.Request, answer Answer) (*http.Response, error) {
	served := r.Clone(r.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	h := &held{header: http.Header{}}
	answer(h, served)
	if h.hijacked {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return nil, reset()
	}
	h.WriteHeader(http.StatusOK)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", h.status, http.StatusText(h.status)), StatusCode: h.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h.header,
		Body: io.NopCloser(bytes.NewReader(h.body.Bytes())), ContentLength: int64(h.body.Len()), Request: r,
	}, nil
}

// reset returns the error of a connection that the peer has reset.
func reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// cut returns a response of whose body half arrives. One that has no body does not arrive.
func cut(resp *http.Response) (*http.Response, error) {
	if resp.Body == http.NoBody || resp.ContentLength == 0 {
		discard(resp)
		return nil, reset()
	}
	half := resp.ContentLength / 2
	if resp.ContentLength < 0 {
		half = unknownHalf
	}
	resp.Body = &cutBody{ReadCloser: resp.Body, left: half}
	return resp, nil
}

// unknownHalf is how many bytes arrive of a response that does not say its length.
const unknownHalf = 512

// A cutBody breaks off.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// maxDiscard is how much of a lost response is read, so that its connection is used again.
const maxDiscard = 64 << 10

func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxDiscard) // fails if it is shorter
	_ = resp.Body.Close()
}

// closeBody closes the body of a request that is not sent.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}
