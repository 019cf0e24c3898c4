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

// What is read of an answer that nobody wants is bounded, in bytes and in time.
func TestResponseBodyThatIsDropped(t *testing.T) {
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
					t.Errorf("read %d in %v; want %d in %v", read.Load(), took, tt.read, tt.took)
				}
			})
		})
	}
}

// The bodies that Send does not hand on are closed.
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
					t.Errorf("%d answers are open", open.Load())
				}
			})
		})
	}
}

// An error's body is looked at up to its bound, however it comes.
func TestResponseBodyOfAnErrorInOddPieces(t *testing.T) {
	var read atomic.Int64
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Body: &filled{rest: 1 << 20, piece: 1000, done: make(chan struct{}), read: &read}}, nil
	}, client.Config{})
	_, err := send(t.Context(), t, c, "POST", "/items", "")
	if e := failure(t, err); len(e.Body) != 64<<10 {
		t.Errorf("kept %d bytes; want 64 KiB", len(e.Body))
	}
}

func TestResponseBodyOfALongError(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		long := strings.Repeat("x", 1<<20)
		srv := retrywisetest.New(t, retrywisetest.Text(400, long))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); len(e.Body) != 64<<10 {
			t.Errorf("kept %d bytes; want 64 KiB", len(e.Body))
		}
	})
}

// The body of an error is read within its bounds, whatever the vendor does.
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
			t.Errorf("status %d with %d bytes after %d attempts", e.Status, len(e.Body), len(e.Attempts))
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("took %v; want no more than 2s", took)
		}
	})
}

// trickle is a body of a byte every 700 ms, for one goroutine at a time as any io.Reader.
// It does not know of Close, and counts who reads it.
type trickle struct{ left, reads int }

func (b *trickle) Read(p []byte) (int, error) {
	b.reads++ // the race detector looks after this
	if b.left--; b.left < 0 {
		return 0, io.EOF
	}
	time.Sleep(700 * time.Millisecond) // virtual
	p[0] = 'x'
	return 1, nil
}

func (*trickle) Close() error { return nil }

// The rest of an answer that trickles in is nobody's: go-retryablehttp does not get to
// read it while the look at it has not ended, nor wait for it.
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
			t.Errorf("%v after %v; want 2.25s", err, time.Since(start))
		}
	})
}

// deaf is a body that neither Close nor a context ends.
type deaf struct{ release chan struct{} }

func (d deaf) Read([]byte) (int, error) {
	<-d.release
	return 0, io.EOF
}

func (deaf) Close() error { return nil }

// A transport's body that does not heed Close holds up no call.
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
			t.Errorf("took %v: %v", took, err)
		}
		close(release)
	})
}

// A body that gives nothing for ever is no document.
func TestResponseBodyThatReadsNothing(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 422, Header: http.Header{}, Body: io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, nil }))}, nil
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Status != 422 {
			t.Errorf("status %d", e.Status)
		}
	})
}

// stuck is a body that cannot be closed.
type stuck struct{ io.Reader }

func (stuck) Close() error { return errOfTheTest }

// That an answer cannot be closed is nobody's failure.
func TestResponseBodyThatCannotBeClosed(t *testing.T) {
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 404, Header: http.Header{"X-Code": {"EMPTY"}}, Body: stuck{strings.NewReader("x")}}, nil
	}, client.Config{})
	if _, err := client.Do[item](t.Context(), c, client.Call{Path: "/items/7"}); err != nil {
		t.Errorf("an accepted answer: %v", err)
	}
}

// A transport may give what http.Transport never does.
func TestResponseBodyIsNil(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		for status, want := range map[int]apierrors.Class{204: apierrors.None, 500: apierrors.ServerError, 0: apierrors.Network} {
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				if status == 0 {
					return nil, nil //nolint:nilnil // the point
				}
				return &http.Response{StatusCode: status}, nil
			}, client.Config{})
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); apierrors.ClassOf(err) != want {
				t.Errorf("status %d: %v", status, err)
			}
		}
	})
}
