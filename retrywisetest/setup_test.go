package retrywisetest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeT is the T of a test that is expected to fail.
type fakeT struct {
	testing.TB
	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (f *fakeT) Helper()           {}
func (f *fakeT) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }

func (f *fakeT) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures = append(f.failures, fmt.Sprintf(format, args...))
}

// end runs the cleanups in the order of package testing.
func (f *fakeT) end() {
	for i := range f.cleanups {
		f.cleanups[len(f.cleanups)-1-i]()
	}
}

// got is what a client sees of an answer.
type got struct {
	Status int
	Kind   string // Content-Type
	Body   string
}

// do sends a request and reads its answer to the end. If the error is not nil,
// the answer is as much as arrived.
func do(ctx context.Context, srv *retrywisetest.Server, method, path, body string, header ...string) (got, error) {
	resp, err := open(ctx, srv, method, path, body, header...)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header.Get("Content-Type"), string(data)}, err
}

// open sends a request. header is keys and values in turn.
func open(ctx context.Context, srv *retrywisetest.Server, method, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, srv.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return (&http.Client{Transport: srv.Transport()}).Do(req)
}

// mustDo is do for an answer that must be complete.
func mustDo(t *testing.T, srv *retrywisetest.Server, method, path, body string) got {
	t.Helper()
	g, err := do(t.Context(), srv, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return g
}
