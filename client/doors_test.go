package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
)

// Through HTTP(), an answer is an answer, whole and whatever it says; Check tells what it
// means, also where the caller's http.Client has a Timeout, which wraps the body.
func TestAnAnswerIsAnAnswer(t *testing.T) {
	long := `{"error":"` + strings.Repeat("x", 1<<20) + `"}`
	type outcome struct {
		Status   int
		Class    apierrors.Class
		Action   apierrors.Action
		Stop     apierrors.Stop
		Code     string
		Attempts int
		Requests int
	}
	down := testserver.JSON(503, long)
	for name, tt := range map[string]struct {
		method  string
		answers []testserver.Answer
		body    string
		want    outcome
	}{
		"a success":          {"GET", []testserver.Answer{testserver.JSON(200, long)}, long, outcome{Status: 200, Requests: 1}},
		"after a repeat":     {"GET", []testserver.Answer{down, testserver.JSON(200, long)}, long, outcome{Status: 200, Requests: 2}},
		"given up":           {"GET", []testserver.Answer{down, down, down, down}, long, outcome{503, apierrors.ServerError, apierrors.Retry, apierrors.StopAttempts, "", 4, 4}},
		"not safe to repeat": {"POST", []testserver.Answer{down}, long, outcome{503, apierrors.ServerError, apierrors.Retry, apierrors.StopUnsafe, "", 1, 1}},
		"a refused record":   {"POST", []testserver.Answer{testserver.JSON(400, long, "X-Code", "BAD")}, long, outcome{400, apierrors.Validation, apierrors.Surface, apierrors.StopPermanent, "BAD", 1, 1}},
		"deferred":           {"GET", []testserver.Answer{testserver.JSON(429, long, "Retry-After", "3600")}, long, outcome{429, apierrors.RateLimited, apierrors.Defer, apierrors.StopWait, "", 1, 1}},
		"accepted":           {"DELETE", []testserver.Answer{testserver.JSON(404, long, "X-Code", "GONE")}, long, outcome{Status: 404, Requests: 1}},
		"a 2xx that is none": {"POST", []testserver.Answer{testserver.JSON(200, `{}`, "X-Code", "BAD")}, `{}`, outcome{200, apierrors.Validation, apierrors.Surface, apierrors.StopPermanent, "BAD", 1, 1}},
	} {
		for _, timeout := range []time.Duration{0, 2 * time.Hour} {
			t.Run(fmt.Sprint(name, ", timeout ", timeout), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := testserver.New(t, tt.answers...)
					hc := newClient(t, srv, client.Config{})
					standard := hc.HTTP()
					standard.Timeout = timeout
					req, err := http.NewRequestWithContext(t.Context(), tt.method, srv.URL()+"/items", strings.NewReader("x"))
					if err != nil {
						t.Fatal(err)
					}
					resp, err := standard.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					got := outcome{Status: resp.StatusCode, Requests: len(srv.Requests())}
					if told := hc.Check(resp); told != nil {
						e := failure(t, told)
						got.Class, got.Action, got.Stop, got.Code, got.Attempts = e.Class, e.Action, e.Stop, e.Code, len(e.Attempts)
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("mismatch (-want +got):\n%s", diff)
					}
					body, err := io.ReadAll(resp.Body)
					if err != nil || string(body) != tt.body {
						t.Errorf("%d bytes, %v; want %d", len(body), err, len(tt.body))
					}
				})
			})
		}
	}
}

// A success that breaks off while the caller reads it is one no longer.
func TestCheckAfterABrokenRead(t *testing.T) {
	for method, stop := range map[string]apierrors.Stop{"GET": apierrors.StopNone, "POST": apierrors.StopUnsafe} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.New(t, testserver.Cut(200, strings.Repeat("rows ", 2000)))
				c := newClient(t, srv, client.Config{})
				req, err := http.NewRequestWithContext(t.Context(), method, "/export", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := c.HTTP().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if err := c.Check(resp); err != nil {
					t.Errorf("before it is read: %v", err)
				}
				_, err = io.Copy(io.Discard, resp.Body)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("read: %v", err)
				}
				e := failure(t, c.Check(resp))
				if e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || e.Stop != stop || len(e.Attempts) != 1 {
					t.Errorf("class %v, applied %v, stop %v", e.Class, e.Applied, e.Stop)
				}
			})
		})
	}
}

// Where there is no answer, the error is ours inside net/http's, with its Timeout.
func TestNoAnswerIsATypedError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(429, "Retry-After", "3600"), testserver.Hang())
		c := newClient(t, srv, client.Config{})
		if _, err := get(t, c.HTTP(), "/items"); err != nil { //nolint:bodyclose // get does
			t.Fatal(err)
		}
		_, err := get(t, c.HTTP(), "/items") //nolint:bodyclose // there is none
		if _, isURL := errors.AsType[*url.Error](err); !isURL || failure(t, err).Reason != "gate account" || len(srv.Requests()) != 1 {
			t.Errorf("%v; %d requests", err, len(srv.Requests()))
		}
		time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/items", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.HTTP().Do(req) //nolint:bodyclose // there is no answer
		e := failure(t, err)
		timeout, _ := errors.AsType[*url.Error](err)
		if !timeout.Timeout() || !errors.Is(err, context.DeadlineExceeded) || e.Stop != apierrors.StopDeadline {
			t.Errorf("timeout %v, stop %v: %v", timeout.Timeout(), e.Stop, err)
		}
	})
}

// The Timeout of the caller's http.Client bounds our waits: one that cannot finish is
// not begun, and the failure stays typed.
func TestAnOuterTimeoutBoundsTheWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		hc := c.HTTP()
		hc.Timeout = 10 * time.Second
		began := time.Now()
		resp, err := get(t, hc, "/items") //nolint:bodyclose // get does
		if err != nil {
			t.Fatal(err)
		}
		e := failure(t, c.Check(resp))
		if e.Stop != apierrors.StopDeadline || !time.Now().Equal(began) || !e.RetryAt.Equal(began.Add(30*time.Second)) {
			t.Errorf("stop %v after %v, retry at %v", e.Stop, time.Since(began), e.RetryAt)
		}
	})
}

// An answer that was got elsewhere is judged by its status and its bytes, which stay.
func TestCheckOfAnAnswerFromElsewhere(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	req := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "http://vendor.test/items/7", nil)
	for name, tt := range map[string]struct {
		status int
		code   string
		want   apierrors.Class
	}{
		"a success":             {200, "", apierrors.None},
		"a redirect":            {302, "", apierrors.None},
		"an error in a success": {200, "BAD", apierrors.Validation},
		"gone already":          {404, "GONE", apierrors.None},
		"a refused record":      {400, "BAD", apierrors.Validation},
		"a server that is down": {503, "", apierrors.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{"X-Code": {tt.code}}, Body: io.NopCloser(strings.NewReader(`{"its":"bytes"}`)), Request: req}
			if got := apierrors.ClassOf(c.Check(resp)); got != tt.want {
				t.Errorf("class %v; want %v", got, tt.want)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != `{"its":"bytes"}` || err != nil {
				t.Errorf("the body is now %q, %v", body, err)
			}
		})
	}
}

// Whatever is missing in an answer, Check tells what is left.
func TestCheckOfHalfAnAnswer(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	began := time.Now()
	limited := c.Check(&http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"5"}}})
	if at, ok := apierrors.RetryAt(limited); !ok || at.Before(began.Add(5*time.Second)) || !errors.Is(limited, apierrors.RateLimited) {
		t.Errorf("retry at %v, %v: %v", at, ok, limited)
	}
	if err := c.Check(&http.Response{StatusCode: 404, Request: &http.Request{URL: &url.URL{Opaque: "x"}}}); !errors.Is(err, apierrors.NotFound) {
		t.Error(err)
	}
	if err := c.Check(nil); !errors.Is(err, apierrors.MalformedRequest) {
		t.Error(err)
	}
}

// Check does not wait for a success that streams.
func TestCheckOfAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"rows":[`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{})
		resp, err := get(t, c.HTTP(), "/events") //nolint:bodyclose // get does
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := c.Check(resp); err != nil || !time.Now().Equal(began) {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// A read that the caller itself gives up is no failure of the vendor's.
func TestCheckAfterTheCallersCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "1,2")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/items", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.HTTP().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		time.AfterFunc(5*time.Second, cancel)
		_, _ = io.ReadAll(resp.Body)
		if e := failure(t, c.Check(resp)); e.Class != apierrors.Canceled || apierrors.Temporary(e) {
			t.Errorf("class %v, action %v", e.Class, e.Action)
		}
	})
}

// What reads a file in a way of its own is read in that way, and once.
func TestAReaderOverAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("rows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		srv := testserver.New(t, testserver.Status(200))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", inCapitals{file})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := newClient(t, srv, client.Config{}).Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := string(srv.Requests()[0].Body); got != "ROWS" {
			t.Errorf("it got %q", got)
		}
	})
}

type inCapitals struct{ *os.File }

func (c inCapitals) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// A length without a body is refused, as net/http does.
func TestALengthWithoutABody(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	for through, send := range doors {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.test/items", nil)
		req.RequestURI, req.Body, req.ContentLength = "", nil, 5
		_, err := send(c, req) //nolint:bodyclose // there is no answer
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: class %v, applied %v", through, e.Class, e.Applied)
		}
	}
}

// What Check remembers goes with the answer.
func TestCheckForgets(t *testing.T) {
	refused := wire(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Header: http.Header{"X-Code": {"BAD"}}, Body: http.NoBody}, nil
	})
	c := onWire(t, refused, client.Config{})
	for range 100 {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/items", nil)
		req.RequestURI = ""
		resp, err := c.HTTP().Do(req)
		if err != nil || c.Check(resp) == nil || resp.Body.Close() != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		if runtime.GC(); c.Remembered() == 0 {
			return
		}
	}
	t.Errorf("%d answers are remembered for ever", c.Remembered())
}

// A download of 5 GiB is a stream: it takes no more memory than a small one.
func TestALargeAnswerIsAStream(t *testing.T) {
	const size = 5 << 30
	export := wire(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(io.LimitReader(zeros{}, size))}, nil
	})
	c := onWire(t, export, client.Config{})
	for name, send := range doors {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/export", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := send(c, req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n, err := io.CopyBuffer(onlyWriter{io.Discard}, onlyReader{resp.Body}, make([]byte, 1<<20))
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes read, %d KiB allocated", n, allocated>>10)
			if n != size || err != nil || allocated > 2<<20 {
				t.Errorf("%d bytes, %d allocated: %v", n, allocated, err)
			}
		})
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

// A file is sent again from where it stood, without a copy of it, and closed in the end.
func TestAFileIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("head\nrows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, file, 5); err != nil {
			t.Fatal(err)
		}
		srv := testserver.New(t, testserver.Status(503), testserver.Status(503), testserver.Status(200))
		c := newClient(t, srv, client.Config{})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", file)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		for i, r := range srv.Requests() {
			if !bytes.Equal(r.Body, []byte("rows")) {
				t.Errorf("request %d had %q", i+1, r.Body)
			}
		}
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file is still open: %v", err)
		}
	})
}

// A pipe can be read once, though its type says that it has offsets: the answer stands.
func TestAPipeIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = writer.WriteString("rows")
		_ = writer.Close()
		srv := testserver.New(t, testserver.Status(503))
		c := newClient(t, srv, client.Config{})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", reader)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if e := failure(t, err); e.Stop != apierrors.StopBody || string(srv.Requests()[0].Body) != "rows" {
			t.Errorf("stop %v, body %q", e.Stop, srv.Requests()[0].Body)
		}
	})
}

// An upload may take longer than an attempt's timeout, as long as it goes on; one that
// does not go on, or whose answer does not come, ends.
func TestALongUpload(t *testing.T) {
	for name, tt := range map[string]struct {
		pause, answer time.Duration
		isLate        bool
	}{
		"it goes on":           {50 * time.Second, 0, false},
		"it stops":             {2 * time.Minute, 0, true},
		"the answer is late":   {time.Second, 2 * time.Minute, true},
		"the answer is slow":   {time.Second, 50 * time.Second, false},
		"all at once, in time": {0, 59 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := testserver.Handle(t, always(testserver.After(tt.answer, testserver.Status(200))))
				c := newClient(t, srv, client.Config{})
				reader, writer := io.Pipe()
				var writing sync.WaitGroup
				defer writing.Wait()
				writing.Go(func() {
					for range 10 {
						time.Sleep(tt.pause)
						_, _ = writer.Write([]byte("row\n"))
					}
					_ = writer.Close()
				})
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", reader)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := c.Send(req)
				if err == nil {
					_ = resp.Body.Close()
				}
				if isLate := err != nil && errors.Is(err, apierrors.Timeout); isLate != tt.isLate || (err != nil) != tt.isLate {
					t.Errorf("error %v; want a timeout: %v", err, tt.isLate)
				}
			})
		})
	}
}
