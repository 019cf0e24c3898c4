package wire

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// errOfTheTest is the error that a test makes and looks for.
var errOfTheTest = errors.New("made by the test")

// begin begins an attempt by w with a timeout of one minute. The end of the test ends it.
func begin(t *testing.T, w *Wire) *Attempt {
	t.Helper()
	a := &Attempt{}
	w.Begin(t.Context(), a, time.Minute, 30*time.Second)
	t.Cleanup(a.End)
	return a
}

// newRequest makes a request for host vendor.test. The body may be nil.
func newRequest(t *testing.T, method string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://vendor.test/items", body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// send sends req with its body by a new attempt of w, and returns the attempt. The end of
// the test closes the response and the body.
func send(t *testing.T, w *Wire, req *http.Request) (*Attempt, *http.Response, error) {
	t.Helper()
	a, p := begin(t, w), PayloadOf(req)
	t.Cleanup(p.Close)
	resp, err := a.Send(req, p)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return a, resp, err
}

// serve returns a wire to a server that gives answers in turn.
func serve(t *testing.T, answers ...retrywisetest.Answer) (*Wire, *retrywisetest.Server) {
	t.Helper()
	srv := retrywisetest.New(t, answers...)
	return New(srv.Transport()), srv
}

// A roundTripper is a transport that is a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// bodyOf begins an attempt whose response has the given body, and returns that Body.
func bodyOf(t *testing.T, body io.ReadCloser) *Body {
	t.Helper()
	w := New(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
	}))
	a, _, err := send(t, w, newRequest(t, http.MethodGet, nil)) //nolint:bodyclose // send closes it
	if err != nil {
		t.Fatal(err)
	}
	return a.Body()
}

// A chunk is what a Read of a scripted body returns, after some time.
type chunk struct {
	after time.Duration
	text  string
	err   error
}

// A scripted is a body whose Reads return its chunks in turn, and then io.EOF. Close ends a
// Read that waits. It records what was done to it.
type scripted struct {
	chunks []chunk
	closed chan struct{}
	once   sync.Once
	read   int // bytes
}

// newScripted returns a body of chunks. In virtual time, it is made inside.
func newScripted(chunks []chunk) *scripted {
	return &scripted{chunks: slices.Clone(chunks), closed: make(chan struct{})}
}

// text returns the chunks of a body that is available at once.
func text(s string) []chunk { return []chunk{{0, s, io.EOF}} }

func (s *scripted) Read(p []byte) (int, error) {
	if len(s.chunks) == 0 {
		return 0, io.EOF
	}
	c := &s.chunks[0]
	select {
	case <-time.After(c.after):
	case <-s.closed:
		return 0, io.ErrClosedPipe
	}
	n := copy(p, c.text)
	s.read += n
	if c.after, c.text = 0, c.text[n:]; c.text != "" {
		return n, nil
	}
	err := c.err
	s.chunks = s.chunks[1:]
	return n, err
}

func (s *scripted) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// isClosed reports whether Close was called.
func (s *scripted) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}
