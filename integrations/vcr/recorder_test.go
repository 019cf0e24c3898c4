package vcr_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/integrations/vcr"
	"github.com/retrywise/retrywise/retrywisetest"
)

func fmtError(format string, args ...any) error { return fmt.Errorf(format, args...) }

// patient is for a call that waits as long as it takes.
var patient = client.CallOptions{MaxWait: new(24 * time.Hour)}

// Each attempt gets its own response when it is played, after the same waits, as often as one likes.
func TestPlayGivesEachAttemptItsOwnResponse(t *testing.T) {
	type run struct {
		Statuses []int
		Took     time.Duration
	}
	do := func(t *testing.T, transport http.RoundTripper) run {
		t.Helper()
		start := time.Now()
		statuses, err := call(t.Context(), newClient(t, transport, nil), client.Call{Path: "/contacts", Options: patient})
		if err != nil {
			t.Error(err)
		}
		return run{statuses, time.Since(start)}
	}
	want := run{[]int{503, 429, 200}, 3*time.Hour + time.Minute}
	name := filepath.Join(t.TempDir(), "waits")
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t,
			retrywisetest.Status(503, "Retry-After", "60"), retrywisetest.Status(429, "Retry-After", "10800"), retrywisetest.JSON(200, `{"id":"42"}`))
		rec, err := vcr.Record(name, vcr.Options{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, do(t, rec)); diff != "" {
			t.Errorf("recorded (-want +got):\n%s", diff)
		}
		if err := rec.Close(); err != nil {
			t.Fatal(err)
		}
	})
	for range 20 {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			if diff := cmp.Diff(want, do(t, vcr.New(t, name, vcr.Options{}))); diff != "" {
				t.Errorf("played (-want +got):\n%s", diff)
			}
		})
	}
}

// Calls at the same time each get what was recorded for them.
func TestPlayIsForManyAtATime(t *testing.T) {
	srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		retrywisetest.JSON(200, fmt.Sprintf("%q", r.URL.Path))(w, r)
	}))
	do := func(transport http.RoundTripper) {
		c := newClient(t, transport, nil)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				path := fmt.Sprintf("/contacts/%d", i)
				got, err := client.Do[string](t.Context(), c, client.Call{Path: path})
				if err != nil || got != path {
					t.Errorf("%s: got %q, %v", path, got, err)
				}
			})
		}
		all.Wait()
	}
	name := recorded(t, srv, vcr.Options{}, do)
	do(vcr.New(t, name, vcr.Options{}))
}

// A connection that fails, and a body that breaks off, are played as they were.
func TestPlayFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		isSame func(error) bool
	}{
		"refused": {retrywisetest.Refused(), func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		"reset":   {retrywisetest.Reset(), func(err error) bool { return err != nil }},
		"cut":     {retrywisetest.Cut(retrywisetest.Text(200, "hello, you")), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
	} {
		t.Run(name, func(t *testing.T) {
			get := func(transport http.RoundTripper) error {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/x", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				data, err := io.ReadAll(resp.Body)
				if string(data) != "hello" {
					t.Errorf("read %q; want the half of it", data)
				}
				return err
			}
			srv := retrywisetest.New(t, tt.answer)
			file := recorded(t, srv, vcr.Options{}, func(transport http.RoundTripper) {
				if err := get(transport); !tt.isSame(err) {
					t.Errorf("recorded: %v", err)
				}
			})
			if err := get(vcr.New(t, file, vcr.Options{})); !tt.isSame(err) {
				t.Errorf("played: %v", err)
			}
		})
	}
}

// A timeout is played, too. The caller's own end is not recorded.
func TestPlayTimeouts(t *testing.T) {
	slow := timeout{}
	name := filepath.Join(t.TempDir(), "timeout")
	rec, err := vcr.Record(name, vcr.Options{Transport: slow})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rec.RoundTrip(req); !errors.Is(err, os.ErrDeadlineExceeded) { //nolint:bodyclose // there is no response
		t.Errorf("recorded %v", err)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := vcr.New(t, name, vcr.Options{}).RoundTrip(req); !errors.Is(err, os.ErrDeadlineExceeded) { //nolint:bodyclose // there is no response
		t.Errorf("played %v", err)
	}
}

// timeout is a transport that gets no response in time.
type timeout struct{}

func (timeout) RoundTrip(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded }

// What was not recorded, and what was not played, fails a test.
func TestNewReportsWhatIsNotPlayed(t *testing.T) {
	srv := retrywisetest.Handle(t, retrywisetest.JSON(200, `{}`))
	name := recorded(t, srv, vcr.Options{}, func(transport http.RoundTripper) {
		_, _ = call(t.Context(), newClient(t, transport, nil), client.Call{Path: "/a"})
		_, _ = call(t.Context(), newClient(t, transport, nil), client.Call{Path: "/b"})
	})
	var got fakeT
	rec := vcr.New(&got, name, vcr.Options{})
	c := newClient(t, rec, nil)
	if _, err := call(t.Context(), c, client.Call{Path: "/a"}); err != nil {
		t.Error(err)
	}
	_, err := call(t.Context(), c, client.Call{Path: "/c", Query: url.Values{"token": {"s3cr3t"}}, Options: client.CallOptions{MaxAttempts: 1}})
	if err == nil {
		t.Error("a request that was not recorded succeeded")
	}
	got.end()
	want := []string{
		"vcr: GET http://vendor.test/c?token=masked was not recorded, or was played before: " + cassette.ErrInteractionNotFound.Error(),
		"vcr: 1 of 2 recorded responses were not played",
	}
	if diff := cmp.Diff(want, got.failures); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// A compressed body cannot be searched, so it is not written.
func TestRecordRefusesACompressedBody(t *testing.T) {
	srv := retrywisetest.Handle(t, retrywisetest.JSON(200, "\x1b\x02", "Content-Encoding", "br"))
	name := filepath.Join(t.TempDir(), "compressed")
	rec, err := vcr.Record(name, vcr.Options{Transport: srv.Transport()})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := rec.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := rec.Close(); err == nil || !strings.Contains(err.Error(), "compressed") {
		t.Errorf("error %v; want that the body is compressed", err)
	}
	if _, err := os.Stat(name + ".yaml"); err == nil {
		t.Error("the file was written all the same")
	}
	if got := srv.Requests()[0].Header.Get("Accept-Encoding"); got != "identity" {
		t.Errorf("Accept-Encoding %q; want identity", got)
	}
}

// The body of a request may not be readable, and a file may not be there.
func TestRecorderPassesErrorsOn(t *testing.T) {
	if _, err := vcr.Play(filepath.Join(t.TempDir(), "none"), vcr.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v; want that there is no file", err)
	}
	if _, err := vcr.Record("", vcr.Options{}); err == nil {
		t.Error("a recording without a name: no error")
	}
	rec, err := vcr.Record(filepath.Join(t.TempDir(), "x"), vcr.Options{})
	if err != nil {
		t.Fatal(err)
	}
	broken := &brokenBody{}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.test/x", broken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rec.RoundTrip(req); !errors.Is(err, io.ErrClosedPipe) || !broken.isClosed { //nolint:bodyclose // there is no response
		t.Errorf("error %v, closed %v; want that of the body, which is closed", err, broken.isClosed)
	}
}

// A brokenBody cannot be read.
type brokenBody struct{ isClosed bool }

func (*brokenBody) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (b *brokenBody) Close() error           { b.isClosed = true; return nil }
