package vcr_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/integrations/vcr"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorded records the requests of a job to a server, and returns the name of the file.
func recorded(t *testing.T, srv *retrywisetest.Server, o vcr.Options, job func(http.RoundTripper)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "recording")
	o.Transport = srv.Transport()
	rec, err := vcr.Record(name, o)
	if err != nil {
		t.Fatal(err)
	}
	job(rec)
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// content returns what is in a file of a recording.
func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// newClient returns a client that sends by a transport.
func newClient(t *testing.T, transport http.RoundTripper, auth client.Auth) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{BaseURL: "http://vendor.test", Transport: transport, Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// call makes a call, and returns its attempts and its error.
func call(ctx context.Context, c *client.Client, what client.Call) ([]int, error) {
	resp, err := client.DoResponse[any](ctx, c, what)
	attempts := resp.Attempts
	if e, ok := errors.AsType[*apierrors.Error](err); ok {
		attempts = e.Attempts
	}
	var statuses []int
	for _, a := range attempts {
		statuses = append(statuses, a.Status)
	}
	return statuses, err
}

// fakeT is the T of a test that is expected to fail.
type fakeT struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (f *fakeT) Helper()           {}
func (f *fakeT) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }
func (f *fakeT) Error(args ...any) { f.failures = append(f.failures, args[0].(error).Error()) }
func (f *fakeT) Errorf(format string, args ...any) {
	f.Error(fmtError(format, args...))
}

// end runs the cleanups.
func (f *fakeT) end() {
	for _, fn := range f.cleanups {
		fn()
	}
}
