package client_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
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
		srv := retrywisetest.New(t, retrywisetest.Text(200, strings.Repeat("rows ", 20000)))
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
				srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

// The bodies that Send does not hand on are closed.
func TestSendClosesWhatItKeeps(t *testing.T) {
	for _, status := range []int{422, 503, 302} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var open atomic.Int64
				srv := retrywisetest.Handle(t, always(retrywisetest.JSON(status, `{}`, "Location", "/again")))
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

// A vendor that does not explain an error leaves its status.
func TestAnErrorThatTheVendorDoesNotExplain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422))
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
	_, err := c.Send(client.With(req, client.CallOptions{MaxWait: new(time.Duration(1))})) //nolint:bodyclose // there is none
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
