package testserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/retrywise/retrywise/internal/testserver"
)

// fakeT stands in for the T of a test that is meant to fail.
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

// do sends a request and reads its answer to the end. The answer is complete
// only if the error is nil.
func do(ctx context.Context, srv *testserver.Server, method, path, body string, header ...string) (got, error) {
	resp, err := open(ctx, srv, method, path, body, header...)
	if err != nil {
		return got{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header.Get("Content-Type"), string(data)}, err
}

// open sends a request; header is pairs of key and value.
func open(ctx context.Context, srv *testserver.Server, method, path, body string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, srv.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return (&http.Client{Transport: srv.Transport()}).Do(req)
}

// mustDo is do for an answer that has to come whole.
func mustDo(t *testing.T, srv *testserver.Server, method, path, body string, header ...string) got {
	t.Helper()
	g, err := do(t.Context(), srv, method, path, body, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return g
}

func TestNewGivesAnswersInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(503), testserver.Text(429, "slow down"), testserver.JSON(200, `{}`))
		var statuses []int
		for range 3 {
			statuses = append(statuses, mustDo(t, srv, "GET", "/", "").Status)
		}
		if diff := cmp.Diff([]int{503, 429, 200}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if n := srv.Conns(); n != 1 {
			t.Errorf("%d connections; want 1, as it can be used again", n)
		}
	})
}

func TestAfterTakesVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.After(time.Hour, testserver.JSON(200, `{}`)))
		start := time.Now()
		mustDo(t, srv, "GET", "/", "")
		if d := time.Since(start); d != time.Hour {
			t.Errorf("the answer took %v; want 1h", d)
		}
	})
}

func TestClientMayGiveUp(t *testing.T) {
	for name, answer := range map[string]testserver.Answer{
		"on an answer that never comes": testserver.Hang(),
		"on a late answer":              testserver.After(time.Hour, testserver.Status(200)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, answer)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				if _, err := do(ctx, srv, "POST", "/", "x"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v; want the deadline", err)
				}
				if d := time.Since(start); d != time.Minute {
					t.Errorf("gave up after %v; want 1m", d)
				}
			})
		})
	}
}

func TestCloseEndsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Hang())
		ended := make(chan error)
		go func() {
			_, err := do(t.Context(), srv, "GET", "/", "")
			ended <- err
		}()
		synctest.Wait()
		srv.Close()
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Errorf("error %v; want EOF", err)
		}
		if _, err := do(t.Context(), srv, "GET", "/", ""); err == nil {
			t.Error("a closed server answered")
		}
		srv.Close()
	})
}

func TestScriptMustFit(t *testing.T) {
	for name, tt := range map[string]struct {
		answers  int
		requests int
		want     []string
	}{
		"one for each": {2, 2, nil},
		"one too few":  {1, 2, []string{"testserver: no answer left for GET /; 1 were scripted"}},
		"one too many": {3, 2, []string{"testserver: 1 of 3 scripted answers were never asked for"}},
		"none at all":  {0, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := &fakeT{TB: t}
				var answers []testserver.Answer
				for range tt.answers {
					answers = append(answers, testserver.Status(204))
				}
				srv := testserver.New(fake, answers...)
				var last got
				for range tt.requests {
					last = mustDo(t, srv, "GET", "/", "")
				}
				fake.end()
				if diff := cmp.Diff(tt.want, fake.failures); diff != "" {
					t.Errorf("failures (-want +got):\n%s", diff)
				}
				surplus := got{500, "text/plain; charset=utf-8", "testserver: no answer left"}
				if tt.requests > tt.answers && last != surplus {
					t.Errorf("surplus request got %v; want %v", last, surplus)
				}
			})
		})
	}
}

func TestRequestsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		srv := testserver.New(t, testserver.After(time.Second, testserver.Status(200)), testserver.Reset())
		mustDo(t, srv, "GET", "/a%2Fb?q=1%202", "")
		if _, err := do(t.Context(), srv, "POST", "/c", "body", "X-Try", "2"); err == nil {
			t.Error("no error from a reset")
		}
		want := []testserver.Request{
			{Method: "GET", Path: "/a%2Fb", Query: "q=1%202", At: start},
			{Method: "POST", Path: "/c", Body: []byte("body"), At: start.Add(time.Second)},
		}
		requests := srv.Requests()
		if diff := cmp.Diff(want, requests, cmpopts.IgnoreFields(testserver.Request{}, "Header")); diff != "" {
			t.Fatalf("requests (-want +got):\n%s", diff)
		}
		if try := requests[1].Header.Get("X-Try"); try != "2" {
			t.Errorf("header X-Try is %q; want 2", try)
		}
	})
}

func TestVendorURLsReachTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(200), testserver.Status(200))
		for _, url := range []string{"http://api.rd.services/a", "https://api.rd.services/b"} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := srv.Transport().RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients = 50
		srv := testserver.Handle(t, http.HandlerFunc(testserver.After(time.Second, testserver.Status(200))))
		start := time.Now()
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				if _, err := do(t.Context(), srv, "PATCH", "/", "x"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, d := srv.Conns(), time.Since(start); n != clients || d != time.Second {
			t.Errorf("%d connections in %v; want %d in 1s", n, d, clients)
		}
	})
}

func TestStartServesOverTCP(t *testing.T) {
	srv, err := testserver.Start(testserver.Script(testserver.JSON(200, `{"id":1}`), testserver.Reset(), testserver.Cut(200, `{"id":1}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if diff := cmp.Diff(got{200, "application/json", `{"id":1}`}, mustDo(t, srv, "GET", "/", "")); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if _, err := do(t.Context(), srv, "POST", "/", "x"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reset: error %v; want ECONNRESET", err)
	}
	if _, err := do(t.Context(), srv, "POST", "/", "x"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut: error %v; want unexpected EOF", err)
	}
	if diff := cmp.Diff(got{500, "text/plain; charset=utf-8", "testserver: no answer left"}, mustDo(t, srv, "GET", "/", "")); diff != "" {
		t.Errorf("surplus answer (-want +got):\n%s", diff)
	}
	if n := len(srv.Requests()); n != 4 {
		t.Errorf("%d requests; want 4", n)
	}
}

// brokenBody ends half way with an error.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("no more") }

func TestHalfARequestNeverArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t)
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL(), io.MultiReader(strings.NewReader("half"), brokenBody{}))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = 8
		if resp, err := srv.Transport().RoundTrip(req); err == nil {
			resp.Body.Close()
			t.Errorf("answer %v; want none", resp.Status)
		}
		synctest.Wait()
		if n := len(srv.Requests()); n != 0 {
			t.Errorf("%d requests; want none", n)
		}
	})
}
