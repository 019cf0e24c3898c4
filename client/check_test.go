package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A success that breaks off while the caller reads it is one no longer.
func TestCheckAfterABrokenRead(t *testing.T) {
	for method, stop := range map[string]apierrors.Stop{"GET": apierrors.StopNone, "POST": apierrors.StopUnsafe} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, strings.Repeat("rows ", 2000))))
				c := newClient(t, srv, client.Config{})
				req := newRequest(t, method, "/export", "")
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
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

// Check knows that a failure was accepted for what had come before it.
func TestCheckOfAnAcceptedFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.Status(400, "X-Code", "THERE"))
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "POST", srv.URL()+"/items", "x")
		resp, err := c.HTTP().Do(client.With(req, client.CallOptions{Repeatable: true}))
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
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: renewable("t", nil)})
	req := client.With(newRequest(t, "GET", "http://vendor.test/items", ""), client.CallOptions{Op: "items.list"})
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

// A middleware may copy the response: Check still knows how the call ended, with its
// attempts, as the body carries that.
func TestCheckOfACopiedResponse(t *testing.T) {
	down := retrywisetest.Status(503)
	for name, tt := range map[string]struct {
		answers  []retrywisetest.Answer
		attempts int
	}{
		"given up":  {[]retrywisetest.Answer{down, down, down, down}, 4},
		"a success": {[]retrywisetest.Answer{down, retrywisetest.Status(200)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				resp, err := get(t, c.HTTP(), srv.URL()+"/items") //nolint:bodyclose // get does
				if err != nil {
					t.Fatal(err)
				}
				copied := *resp
				err = c.Check(&copied)
				if (err == nil) != (tt.attempts == 0) || err != nil && len(failure(t, err).Attempts) != tt.attempts {
					t.Errorf("after %d attempts: %v", tt.attempts, err)
				}
			})
		})
	}
}

// Send's responses are known to Check, too: one that breaks off while it is read is a
// failure.
func TestCheckOfASendThatBroke(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, `[1,2,3,4]`)))
		c := newClient(t, srv, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		_, resp, err := open(t, c, "/items") //nolint:bodyclose // open does
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(resp); err != nil {
			t.Errorf("before it is read: %v", err)
		}
		_, _ = io.ReadAll(resp.Body)
		if e := failure(t, c.Check(resp)); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || len(e.Attempts) != 1 {
			t.Errorf("class %v, applied %v, %d attempts", e.Class, e.Applied, len(e.Attempts))
		}
	})
}
