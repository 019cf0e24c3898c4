package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
)

// What is read of an answer that nobody wants is bounded, in bytes and in time.
func TestWhatIsReadOfAnUnwantedAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		length int
		slow   bool
		read   int64
		took   time.Duration
	}{
		"a small rest": {64<<10 + 3000, false, 64<<10 + 3000, 250 * time.Millisecond},
		"a long rest":  {1 << 20, false, 68 << 10, 250 * time.Millisecond},
		"a slow rest":  {64<<10 + 1, true, 64<<10 + 1, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var read atomic.Int64
				n := 0
				c := onWire(t, func(r *http.Request) (*http.Response, error) {
					if n++; n > 1 {
						return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
					}
					body := &filled{rest: tt.length, piece: 1000, slow: tt.slow, over: make(chan struct{}), read: &read}
					context.AfterFunc(r.Context(), func() { _ = body.Close() })
					return &http.Response{StatusCode: 503, Body: body}, nil
				}, client.Config{})
				began := time.Now()
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); read.Load() != tt.read || took != tt.took {
					t.Errorf("read %d in %v; want %d in %v", read.Load(), took, tt.read, tt.took)
				}
			})
		})
	}
}

// An error's body is looked at up to its bound, however it comes.
func TestAnErrorBodyInOddPieces(t *testing.T) {
	var read atomic.Int64
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Body: &filled{rest: 1 << 20, piece: 1000, over: make(chan struct{}), read: &read}}, nil
	}, client.Config{})
	_, err := send(t.Context(), t, c, "POST", "/items", "")
	if e := failure(t, err); len(e.Body) != 64<<10 {
		t.Errorf("kept %d bytes; want 64 KiB", len(e.Body))
	}
}

// What a caller has closed has not broken off.
func TestAReadAfterCloseIsNoBrokenAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Text(200, strings.Repeat("rows ", 20000)))
		c := newClient(t, srv, client.Config{})
		resp, err := c.HTTP().Do(newRequest(t, "GET", srv.URL()+"/export", ""))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
			t.Error("it can be read after Close")
		}
		if err := c.Check(resp); err != nil {
			t.Errorf("Check: %v", err)
		}
	})
}

// An error in a success is seen in either format, also if it comes in pieces; what is
// neither is handed on as it begins.
func TestWhatMayBeAnErrorInASuccess(t *testing.T) {
	for name, tt := range map[string]struct {
		pieces []string
		class  apierrors.Class
	}{
		"JSON":                    {[]string{`{"a"`, `:1}`}, apierrors.Validation},
		"a list":                  {[]string{`[`, `]`}, apierrors.Validation},
		"XML":                     {[]string{`<a>`, `</a>`}, apierrors.Validation},
		"after a byte order mark": {[]string{"\xef\xbb\xbf", `{}`}, apierrors.Validation},
		"after space":             {[]string{" \r\n\t", `{}`}, apierrors.Validation},
		"text":                    {[]string{"rows", "rows"}, apierrors.None},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer := pieces(200, time.Millisecond, tt.pieces...)
				srv := testserver.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Code", "BAD")
					answer(w, r)
				}))
				_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "POST", "/items", "")
				if got := apierrors.ClassOf(err); got != tt.class {
					t.Errorf("class %v; want %v", got, tt.class)
				}
			})
		})
	}
}

// A transport may keep a body after it has failed, or answered: it is not given to a
// second attempt then, and closed when the transport gives it back.
func TestABodyThatTheTransportKeeps(t *testing.T) {
	for name, answer := range map[string]*http.Response{"no answer": nil, "an answer": {StatusCode: 200, Body: http.NoBody}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var kept []io.ReadCloser
				c := onWire(t, func(r *http.Request) (*http.Response, error) {
					kept = append(kept, r.Body)
					if answer == nil {
						return nil, errOfTheTest
					}
					return answer, nil
				}, client.Config{})
				body := &bodyTracker{Reader: strings.NewReader("rows")}
				req := newRequest(t, "PUT", "/items/7", "")
				req.Body = body
				resp, err := c.Send(req)
				if err == nil {
					_ = resp.Body.Close()
				} else if e := failure(t, err); e.Stop != apierrors.StopBody {
					t.Errorf("stop %v", e.Stop)
				}
				if len(kept) != 1 || body.closed {
					t.Errorf("sent %d times; closed %v while the transport had it", len(kept), body.closed)
				}
				for _, b := range kept {
					_ = b.Close()
				}
				if !body.closed {
					t.Error("the body is still open")
				}
			})
		})
	}
}

// Check knows that a failure was accepted for what had come before it.
func TestCheckOfAnAcceptedFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Reset(), testserver.Status(400, "X-Code", "THERE"))
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "POST", srv.URL()+"/items", "x")
		resp, err := c.HTTP().Do(req.WithContext(client.WithCall(t.Context(), client.CallOptions{Repeatable: true})))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := c.Check(resp); err != nil {
			t.Errorf("Check: %v", err)
		}
	})
}

// What Check looks at of an answer from elsewhere. (Rows for TestCheckOfAnAnswerFromElsewhere.)
func TestHowMuchCheckLooksAt(t *testing.T) {
	long := "{" + strings.Repeat("x", 100<<10)
	for name, tt := range map[string]struct {
		vendor client.Vendor
		status int
		body   string
		want   apierrors.Class
	}{
		"an error that is long":              {shop{shopPolicy(t)}, 400, long, apierrors.Validation},
		"a success that is no error":         {shop{shopPolicy(t)}, 200, long[:5000], apierrors.None},
		"a success of the bound":             {shop{shopPolicy(t)}, 200, long[:4096], apierrors.None}, // its end was not seen
		"a success below the bound":          {shop{shopPolicy(t)}, 200, long[:4095], apierrors.Validation},
		"a success that is no document":      {shop{shopPolicy(t)}, 200, "x", apierrors.None},
		"a redirect":                         {shop{shopPolicy(t)}, 302, "{}", apierrors.None},
		"an upgrade":                         {shop{shopPolicy(t)}, 101, "{}", apierrors.None},
		"a vendor without errors in a 2xx":   {strict{shop{shopPolicy(t)}}, 200, "{}", apierrors.None},
		"an error of that vendor":            {strict{shop{shopPolicy(t)}}, 400, "x", apierrors.Validation},
		"an error of that vendor, very long": {strict{shop{shopPolicy(t)}}, 400, long, apierrors.Validation},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, nil, client.Config{Vendor: tt.vendor, BaseURL: "http://vendor.test", Transport: silent{}})
			resp := &http.Response{
				StatusCode: tt.status, Header: http.Header{"X-Code": {"BAD"}}, Body: io.NopCloser(strings.NewReader(tt.body)),
				Request: newRequest(t, "POST", "http://vendor.test/items", ""),
			}
			if got := apierrors.ClassOf(c.Check(resp)); got != tt.want {
				t.Errorf("class %v; want %v", got, tt.want)
			}
			if body, err := io.ReadAll(resp.Body); string(body) != tt.body || err != nil {
				t.Errorf("the body has now %d bytes, %v", len(body), err)
			}
		})
	}
}

func TestCheckOfAnAnswerThatBreaks(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	resp := &http.Response{StatusCode: 500, Header: http.Header{}, Body: io.NopCloser(&breaks{}), Request: &http.Request{}}
	if err := c.Check(resp); !errors.Is(err, apierrors.ServerError) {
		t.Error(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "half" || !errors.Is(err, errOfTheTest) {
		t.Errorf("the body is now %q, %v", body, err)
	}
}

func TestCheckKnowsTheCall(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: client.RenewableBearer("t", nil)})
	req := newRequest(t, "GET", "http://vendor.test/items", "")
	req = req.WithContext(client.WithCall(t.Context(), client.CallOptions{Op: "items.list"}))
	err := c.Check(&http.Response{StatusCode: 401, Header: http.Header{}, Body: http.NoBody, Request: req})
	if e := failure(t, err); e.Op != "items.list" || e.Class != apierrors.TokenExpired {
		t.Errorf("op %q, class %v", e.Op, e.Class)
	}
}

func TestCheckOfAnErrorInGzip(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"type":"https://e.test/x","title":"Bad"}`))
	_ = z.Close()
	c := dropIn(t, client.Config{})
	resp := &http.Response{StatusCode: 422, Header: http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"application/problem+json"}}, Body: io.NopCloser(&zipped)}
	if e := failure(t, c.Check(resp)); e.Message != "Bad" {
		t.Errorf("message %q", e.Message)
	}
}

// Five successes pay for one retry, a surfaced record is as good as a success, and what
// is saved up is bounded and not lost by a refusal.
func TestWhatASuccessPaysFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := 503
		srv := testserver.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answer) }))
		c := newClient(t, srv, client.Config{})
		// retries is how many of those calls made requests beyond their first.
		retries := func(calls, status int) int {
			answer = status
			before := len(srv.Requests())
			for range calls {
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
			}
			return len(srv.Requests()) - before - calls
		}
		for i, step := range []struct{ calls, status, want int }{
			{20, 503, 10},            // the start
			{4, 200, 0}, {5, 503, 0}, // not enough
			{1, 200, 0}, {5, 503, 1}, // the fifth
			{5, 422, 0}, {5, 503, 1}, // records that were refused
			{5, 401, 0}, {5, 503, 0}, // everybody is refused: nothing was served
			{10000, 200, 0}, {1, 422, 0}, // saved up, and nothing is lost of it
			{60, 503, 100},
		} {
			if got := retries(step.calls, step.status); got != step.want {
				t.Errorf("step %d: %d calls that met %d made %d retries; want %d", i+1, step.calls, step.status, got, step.want)
			}
		}
	})
}

func TestAServersRequestIsClosed(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	body := &bodyTracker{Reader: strings.NewReader("x")}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/items", body)
	if _, err := c.Send(req); err == nil || !body.closed { //nolint:bodyclose // there is no answer beside an error
		t.Errorf("%v; body closed %v", err, body.closed)
	}
}

// The bodies that Send does not hand on are closed.
func TestSendClosesWhatItKeeps(t *testing.T) {
	for _, status := range []int{422, 503, 302} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var open atomic.Int64
				srv := testserver.Handle(t, always(testserver.JSON(status, `{}`, "Location", "/again")))
				c := newClient(t, srv, client.Config{Transport: wire(func(r *http.Request) (*http.Response, error) {
					resp, err := srv.Transport().RoundTrip(r)
					if err == nil {
						resp.Body = watch(resp.Body, &open)
					}
					return resp, err
				})})
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
				if open.Load() != 0 {
					t.Errorf("%d answers are open", open.Load())
				}
			})
		})
	}
}

// A smaller request takes the place of a file, which is closed.
func TestAFileThatWasTooLargeIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("rows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		srv := testserver.New(t, testserver.Status(413), testserver.Status(200))
		c := newClient(t, srv, client.Config{})
		ctx := client.WithCall(t.Context(), client.CallOptions{Shrink: func(r *http.Request) (*http.Request, error) {
			return http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader("row"))
		}})
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, "/upload", file)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file is still open: %v", err)
		}
	})
}

// A vendor that does not explain an error leaves its status.
func TestAnErrorThatTheVendorDoesNotExplain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(422))
		_, err := send(t.Context(), t, newClient(t, srv, client.Config{Vendor: keeper{shop: shop{shopPolicy(t)}}}), "POST", "/items", "")
		if e := failure(t, err); e.Status != 422 || e.Class != apierrors.Validation {
			t.Errorf("status %d, class %v", e.Status, e.Class)
		}
	})
}

// Do closes what it has read, and looks for errors in small answers only.
func TestWhatDoReads(t *testing.T) {
	for name, tt := range map[string]struct {
		length int
		class  apierrors.Class
	}{
		"an answer of the bound": {4096, apierrors.Validation},
		"a longer one":           {4097, apierrors.None},
	} {
		t.Run(name, func(t *testing.T) {
			var open atomic.Int64
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				body := `{"id":"` + strings.Repeat("x", tt.length-9) + `"}`
				return &http.Response{StatusCode: 200, Header: http.Header{"X-Code": {"BAD"}}, Body: watch(strings.NewReader(body), &open)}, nil
			}, client.Config{})
			_, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7"})
			if got := apierrors.ClassOf(err); got != tt.class || open.Load() != 0 {
				t.Errorf("class %v, %d answers are open", got, open.Load())
			}
		})
	}
}

func TestAnErrorNamesTheMethod(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{errOfTheTest}})
	req := newRequest(t, "GET", "/items", "")
	req.Method = ""
	_, err := c.Send(req.WithContext(client.WithCall(t.Context(), client.CallOptions{MaxWait: 1}))) //nolint:bodyclose // there is none
	if e := failure(t, err); e.Method != "GET" {
		t.Errorf("method %q", e.Method)
	}
}

// The rest of an answer that trickles in is nobody's: go-retryablehttp does not get to
// read it while the look at it has not ended, nor wait for it.
func TestATrickleIsReadByOneGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			if n++; n > 1 {
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			}
			return &http.Response{StatusCode: 503, Body: &trickle{left: 10}}, nil
		}, client.Config{})
		began := time.Now()
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil || time.Since(began) != 2250*time.Millisecond {
			t.Errorf("%v after %v; want 2.25s", err, time.Since(began))
		}
	})
}

// That an answer cannot be closed is nobody's failure.
func TestAnAnswerThatCannotBeClosed(t *testing.T) {
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 404, Header: http.Header{"X-Code": {"EMPTY"}}, Body: stuck{strings.NewReader("x")}}, nil
	}, client.Config{})
	if _, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7"}); err != nil {
		t.Errorf("an accepted answer: %v", err)
	}
}
