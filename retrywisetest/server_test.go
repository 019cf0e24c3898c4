package retrywisetest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/retrywise/retrywise/retrywisetest"
)

func TestServerRemembersRequests(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		start := time.Now()
		srv := retrywisetest.New(t, retrywisetest.After(time.Second, retrywisetest.Status(200)), retrywisetest.Reset())
		mustDo(t, srv, "GET", "/a%2Fb?q=1%202", "")
		if _, err := do(t.Context(), srv, "POST", "/c", "body", "X-Try", "2"); err == nil {
			t.Error("no error from a reset")
		}
		want := []retrywisetest.Request{
			{Method: "GET", Path: "/a%2Fb", Query: "q=1%202", At: start},
			{Method: "POST", Path: "/c", Body: []byte("body"), At: start.Add(time.Second)},
		}
		requests := srv.Requests()
		if diff := cmp.Diff(want, requests, cmpopts.IgnoreFields(retrywisetest.Request{}, "Header")); diff != "" {
			t.Fatalf("requests (-want +got):\n%s", diff)
		}
		if try := requests[1].Header.Get("X-Try"); try != "2" {
			t.Errorf("header X-Try is %q; want 2", try)
		}
	})
}

func TestServerGaps(t *testing.T) {
	for name, tt := range map[string]struct {
		pauses []time.Duration // before each request
		want   []time.Duration
	}{
		"no request":     {nil, nil},
		"one request":    {[]time.Duration{time.Minute}, nil},
		"two requests":   {[]time.Duration{time.Minute, time.Hour}, []time.Duration{time.Hour}},
		"three requests": {[]time.Duration{0, time.Second, 0}, []time.Duration{time.Second, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(204))
				for _, pause := range tt.pauses {
					<-time.After(pause)
					mustDo(t, srv, "GET", "/", "")
				}
				if diff := cmp.Diff(tt.want, srv.Gaps()); diff != "" {
					t.Errorf("gaps (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// brokenBody fails in the middle.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("no more") }

func TestServerForgetsHalfARequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL(), io.MultiReader(strings.NewReader("half"), brokenBody{}))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = 8
		if resp, err := srv.Transport().RoundTrip(req); err == nil {
			resp.Body.Close()
			t.Errorf("answer %v; want none", resp.Status)
		}
		retrywisetest.Settle()
		if n := len(srv.Requests()); n != 0 {
			t.Errorf("%d requests; want none", n)
		}
	})
}

func TestServerServesManyAtOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		const clients = 50
		srv := retrywisetest.Handle(t, retrywisetest.After(time.Second, retrywisetest.Status(200)))
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

func TestTransportReachesTheServerByAnyURL(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200))
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

func TestCloseEndsHang(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		ended := make(chan error)
		go func() {
			_, err := do(t.Context(), srv, "GET", "/", "")
			ended <- err
		}()
		retrywisetest.Settle()
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

func TestStartServesOverTCP(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.Script(
		retrywisetest.JSON(200, `{"id":1}`),
		retrywisetest.Reset(),
		retrywisetest.Cut(retrywisetest.JSON(200, `{"id":1}`)),
	))
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
	if diff := cmp.Diff(got{500, "text/plain; charset=utf-8", "retrywisetest: no answer left"}, mustDo(t, srv, "GET", "/", "")); diff != "" {
		t.Errorf("surplus answer (-want +got):\n%s", diff)
	}
	if n := len(srv.Requests()); n != 4 {
		t.Errorf("%d requests; want 4", n)
	}
}
