package vcr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

// Options say what is secret, beside what the package knows. The zero Options adds nothing.
type Options struct {
	// Secrets are masked wherever they are: as they are, escaped for a URL, and in base64.
	// Empty ones are ignored.
	Secrets []string

	// Fields are further names of headers, query parameters, form fields, members and elements
	// whose values are masked, in any case.
	Fields []string

	// Transport sends what is recorded. Nil: http.DefaultTransport.
	Transport http.RoundTripper
}

// A Recorder is an http.RoundTripper that records or plays. Make one with Record, Play or New. It
// is safe for concurrent use, but requests that are alike are then played in any order.
type Recorder struct {
	vcr     *recorder.Recorder
	file    *cassette.Cassette // what is played; nil: it records
	mask    *masker
	unknown func(error) // reports a request that was not recorded; may be nil
	played  atomic.Int64
}

// Record returns a Recorder that sends requests, and writes them with their responses to the file
// name.yaml when it is closed. The file is replaced.
func Record(name string, o Options) (*Recorder, error) {
	r := &Recorder{mask: newMasker(o)}
	base := o.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	var err error
	r.vcr, err = recorder.New(name, recorder.WithMode(recorder.ModeRecordOnly), recorder.WithRealTransport(&witness{base}),
		recorder.WithSkipRequestLatency(true), recorder.WithHook(r.mask.interaction, recorder.BeforeSaveHook))
	if err != nil {
		return nil, fmt.Errorf("vcr: %w", err)
	}
	return r, nil
}

// Play returns a Recorder that plays the file name.yaml and sends nothing. It returns an error if
// the file has something that is not masked.
func Play(name string, o Options) (*Recorder, error) {
	r := &Recorder{mask: newMasker(o)}
	file, err := cassette.Load(name)
	if err != nil {
		return nil, fmt.Errorf("vcr: %w", err)
	}
	if err := r.mask.check(file); err != nil {
		return nil, fmt.Errorf("vcr: %s: %w", file.File, err)
	}
	r.file = file
	r.vcr, err = recorder.New(name, recorder.WithMode(recorder.ModeReplayOnly), recorder.WithSkipRequestLatency(true), recorder.WithMatcher(r.mask.matches))
	if err != nil {
		return nil, fmt.Errorf("vcr: %w", err)
	}
	return r, nil
}

// New plays the file name.yaml in a test. A request that is not in the file fails the test, and so
// does a response that was not played when the test ends. Inside retrywisetest.VirtualTime, pass the
// t of its function.
func New(t testing.TB, name string, o Options) *Recorder {
	t.Helper()
	r, err := Play(name, o)
	if err != nil {
		t.Fatal(err)
	}
	r.unknown = func(err error) { t.Error(err) }
	t.Cleanup(func() {
		if left := len(r.file.Interactions) - int(r.played.Load()); left > 0 {
			t.Errorf("vcr: %d of %d recorded responses were not played", left, len(r.file.Interactions))
		}
	})
	return r
}

// RoundTrip implements http.RoundTripper. In a test, the error for a request that was not recorded
// wraps cassette.ErrInteractionNotFound.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := readable(req)
	if err != nil {
		return nil, err
	}
	var failed error // of the connection, while recording
	if r.file == nil {
		sent = sent.WithContext(withWitness(sent.Context(), &failed))
		sent.Header.Set("Accept-Encoding", "identity") // a compressed body cannot be searched for secrets
	}
	resp, err := r.vcr.RoundTrip(sent)
	switch {
	case errors.Is(err, cassette.ErrInteractionNotFound):
		err = fmt.Errorf("vcr: %s %s was not recorded, or was played before: %w", req.Method, r.mask.url(req.URL.String()), err)
		if r.unknown != nil {
			r.unknown(err)
		}
		return nil, err
	case err != nil:
		return nil, err
	case failed != nil:
		return nil, failed
	}
	r.played.Add(1)
	resp.Request = req
	return played(resp)
}

// Close writes what was recorded. It returns an error, and writes nothing, if something cannot be
// searched for secrets. After Play it does nothing.
func (r *Recorder) Close() error {
	if err := r.vcr.Stop(); err != nil {
		return fmt.Errorf("vcr: %w", err)
	}
	return nil
}

// readable returns a copy of a request whose body is in memory. It closes the body.
func readable(req *http.Request) (*http.Request, error) {
	sent := req.Clone(req.Context())
	sent.Body = http.NoBody
	if req.Body == nil || req.Body == http.NoBody {
		return sent, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return nil, err
	}
	sent.Body = io.NopCloser(bytes.NewReader(body))
	sent.ContentLength = int64(len(body))
	sent.TransferEncoding = nil
	return sent, nil
}

// matches reports whether a request is the one that was recorded. Headers do not count.
func (m *masker) matches(req *http.Request, recorded cassette.Request) bool {
	if req.Method != recorded.Method || m.url(req.URL.String()) != recorded.URL {
		return false
	}
	body, err := io.ReadAll(req.Body) // in memory
	req.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && m.body(string(body), req.Header.Get("Content-Type")) == recorded.Body
}
