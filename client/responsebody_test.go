package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// How much of a response is read before the connection is given up, in bytes and in time.
func TestResponseBodyThatIsDropped(t *testing.T) {
	for name, tt := range map[string]struct {
		length int
		slow   bool
		read   int64
		took   time.Duration
	}{
		"short rest": {64<<10 + 3000, false, 64<<10 + 3000, 250 * time.Millisecond},
		"long rest":  {1 << 20, false, 68 << 10, 250 * time.Millisecond},
		"slow rest":  {64<<10 + 1, true, 64<<10 + 1, 300 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var read atomic.Int64
				n := 0
				c := onWire(t, func(r *http.Request) (*http.Response, error) {
					if n++; n > 1 {
						return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
					}
					body := &filled{rest: tt.length, piece: 1000, slow: tt.slow, done: make(chan struct{}), read: &read}
					context.AfterFunc(r.Context(), func() { _ = body.Close() })
					return &http.Response{StatusCode: 503, Body: body}, nil
				}, client.Config{})
				start := time.Now()
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); read.Load() != tt.read || took != tt.took {
					t.Errorf("read %d bytes in %v; want %d in %v", read.Load(), took, tt.read, tt.took)
				}
			})
		})
	}
}

// Send closes the bodies of responses that it does not return.
func TestResponseBodyThatIsNotReturnedIsClosed(t *testing.T) {
	for _, status := range []int{422, 503, 302} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var open atomic.Int64
				srv := retrywisetest.Handle(t, retrywisetest.JSON(status, `{}`, "Location", "/again"))
				c := newClient(t, srv, client.Config{Transport: wire(func(r *http.Request) (*http.Response, error) {
					resp, err := srv.Transport().RoundTrip(r)
					if err == nil {
						resp.Body = watch(resp.Body, &open)
					}
					return resp, err
				})})
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
				if open.Load() != 0 {
					t.Errorf("%d response bodies are open; want 0", open.Load())
				}
			})
		})
	}
}

// Of an error, up to 64 KiB are read, in whatever pieces they arrive.
func TestResponseBodyOfAnErrorInOddPieces(t *testing.T) {
	var read atomic.Int64
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Body: &filled{rest: 1 << 20, piece: 1000, done: make(chan struct{}), read: &read}}, nil
	}, client.Config{})
	_, err := send(t.Context(), t, c, "POST", "/items", "")
	if e := failure(t, err); len(e.Body) != 64<<10 {
		t.Errorf("Body has %d bytes; want 64 KiB", len(e.Body))
	}
}

// Of a long error, 64 KiB are kept.
func TestResponseBodyOfALongError(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		long := strings.Repeat("x", 1<<20)
		srv := retrywisetest.New(t, retrywisetest.Text(400, long))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); len(e.Body) != 64<<10 {
			t.Errorf("Body has %d bytes; want 64 KiB", len(e.Body))
		}
	})
}

// The body of an error is read for at most 2 s.
func TestResponseBodyOfAnErrorThatTrickles(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond) // virtual
			}
		}))
		c := newClient(t, srv, client.Config{})
		start := time.Now()
		_, err := send(t.Context(), t, c, "POST", "/items/7", "")
		if e := failure(t, err); e.Status != 400 || len(e.Body) == 0 || len(e.Attempts) != 1 {
			t.Errorf("status %d, Body of %d bytes, %d attempts; want 400, some bytes, 1", e.Status, len(e.Body), len(e.Attempts))
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v; want at most 2s", took)
		}
	})
}

// trickle is a body of one byte every 700 ms, whose Close does not end a Read. Like any
// io.Reader, it is for one goroutine at a time.
type trickle struct{ left, reads int }

func (b *trickle) Read(p []byte) (int, error) {
	b.reads++ // for the race detector
	if b.left--; b.left < 0 {
		return 0, io.EOF
	}
	time.Sleep(700 * time.Millisecond) // virtual
	p[0] = 'x'
	return 1, nil
}

func (*trickle) Close() error { return nil }

// While the beginning of a body is still being read in the background, go-retryablehttp
// neither reads the body nor waits for it.
func TestResponseBodyIsReadByOneGoroutine(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		n := 0
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			if n++; n > 1 {
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			}
			return &http.Response{StatusCode: 503, Body: &trickle{left: 10}}, nil
		}, client.Config{})
		start := time.Now()
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil || time.Since(start) != 2250*time.Millisecond {
			t.Errorf("got error %v after %v; want none after 2.25s", err, time.Since(start))
		}
	})
}

// deaf is a body whose Read is ended neither by Close nor by a context.
type deaf struct{ release chan struct{} }

func (d deaf) Read([]byte) (int, error) {
	<-d.release
	return 0, io.EOF
}

func (deaf) Close() error { return nil }

// A body that ignores Close does not block the call.
func TestResponseBodyThatIgnoresClose(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		release := make(chan struct{})
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 503, Header: http.Header{}, Body: deaf{release}}, nil
		}, client.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := send(ctx, t, c, "GET", "/items", "")
		if took := time.Since(start); err == nil || took > 10*time.Second {
			t.Errorf("got error %v after %v; want one after at most 10s", err, took)
		}
		close(release)
	})
}

// A body whose Read returns neither bytes nor an error is given up.
func TestResponseBodyThatReadsNothing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 422, Header: http.Header{}, Body: io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, nil }))}, nil
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Status != 422 {
			t.Errorf("status %d; want 422", e.Status)
		}
	})
}

// stuck is a body whose Close fails.
type stuck struct{ io.Reader }

func (stuck) Close() error { return errOfTheTest }

// A failure to close the response is not a failure of the call.
func TestResponseBodyThatCannotBeClosed(t *testing.T) {
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 404, Header: http.Header{"X-Code": {"EMPTY"}}, Body: stuck{strings.NewReader("x")}}, nil
	}, client.Config{})
	if _, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7"}); err != nil {
		t.Errorf("got error %v; want none, as the failure is accepted", err)
	}
}

// A transport may return a response without a body, or neither response nor error.
func TestResponseBodyIsNil(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		for status, want := range map[int]apierrors.Class{204: apierrors.None, 500: apierrors.ServerError, 0: apierrors.Network} {
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				if status == 0 {
					return nil, nil //nolint:nilnil // status 0 stands for it
				}
				return &http.Response{StatusCode: status}, nil
			}, client.Config{})
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); apierrors.ClassOf(err) != want {
				t.Errorf("status %d: got %v; want class %v", status, err, want)
			}
		}
	})
}
