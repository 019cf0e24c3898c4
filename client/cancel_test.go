package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An error of a call that is canceled in a wait wraps the cause and the last failure.
func TestCancelDuringAWait(t *testing.T) {
	mine := errors.New("the worker is shutting down")
	for name, tt := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want []error
	}{
		"with a cause": {
			func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { cancel(mine) })
				return ctx, func() { cancel(nil) }
			},
			[]error{mine, context.Canceled, apierrors.Canceled, apierrors.ServerError},
		},
		"without a cause": {
			func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			},
			[]error{context.Canceled, apierrors.Canceled, apierrors.ServerError},
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.HTML(503, "Retry-After", "30"))
				c := newClient(t, srv, client.Config{})
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				_, err := send(ctx, t, c, "GET", "/items/7", "")
				for _, want := range tt.want {
					if !errors.Is(err, want) {
						t.Errorf("the error wraps %+v; want %v in it", failure(t, err).Err, want)
					}
				}
				if e := failure(t, err); e.Stop != apierrors.StopCanceled || e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
					t.Errorf("stop %v, applied %v, %d attempts; want canceled, unknown, 1", e.Stop, e.Applied, len(e.Attempts))
				}
			})
		})
	}
}

// So does the error of a call whose deadline passes in an attempt.
func TestCancelByADeadlineDuringAnAttempt(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503), retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := send(ctx, t, c, "GET", "/items/7", "")
		e := failure(t, err)
		if e.Class != apierrors.Canceled || e.Stop != apierrors.StopDeadline || e.Applied != apierrors.AppliedUnknown {
			t.Errorf("class %v, stop %v, applied %v; want canceled, deadline, unknown", e.Class, e.Stop, e.Applied)
		}
		if text := e.Error(); strings.Contains(text, "wait") {
			t.Errorf("the text speaks of a wait, and there was none: %s", text)
		}
		for _, want := range []error{context.DeadlineExceeded, apierrors.ServerError} {
			if !errors.Is(err, want) {
				t.Errorf("the error wraps %+v; want %v in it", e.Err, want)
			}
		}
		if !e.Timeout() || len(e.Attempts) != 2 {
			t.Errorf("timeout %v, %d attempts; want true, 2", e.Timeout(), len(e.Attempts))
		}
	})
}

// If the caller gives up during a Retry-After, RetryAt is when that ends.
func TestCancelKeepsRetryAt(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		start := time.Now()
		_, err := send(ctx, t, c, "GET", "/items/7", "")
		if at, ok := apierrors.RetryAt(err); !ok || at.Sub(start) != 30*time.Second {
			t.Errorf("retry in %v, %v; want 30s", at.Sub(start), ok)
		}
	})
}

// A call that is canceled while a pause holds back its second attempt has the first.
func TestCancelBeforeTheSecondAttempt(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			time.Sleep(100 * time.Millisecond) // virtual: in the backoff of the first call
			_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(1))})
			time.Sleep(time.Second)
			cancel()
		})
		_, err := send(ctx, t, c, "GET", "/items", "")
		e := failure(t, err)
		if len(e.Attempts) != 1 || e.Attempts[0].Status != 503 || e.Attempts[0].Class != apierrors.ServerError || e.Attempts[0].Took != 0 {
			t.Errorf("attempts %+v; want one of status 503 that took no time", e.Attempts)
		}
	})
}

// The attempt in which the caller gave up has class canceled, in the error and the event.
func TestCancelEndsTheAttempt(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := send(ctx, t, c, "GET", "/items", "")
		if e := failure(t, err); e.Attempts[0].Class != apierrors.Canceled || seen.attempts[0].Class != apierrors.Canceled {
			t.Errorf("the attempt is %+v, its event %+v; want class canceled", e.Attempts[0], seen.attempts[0])
		}
	})
}

// The goroutine that waits for Request.Cancel ends with the call, as goleak finds after all
// tests. This test needs real time and a context that does not end with the test, either of
// which would end the goroutine.
func TestCancelChannelIsReleased(t *testing.T) {
	listening := func(target string) *http.Request {
		req := newRequest(t, "POST", target, "x").WithContext(context.WithoutCancel(t.Context()))
		req.Cancel = make(chan struct{}) //nolint:staticcheck // the field under test
		return req
	}
	for _, answer := range []retrywisetest.Answer{retrywisetest.JSON(200, `{}`), retrywisetest.JSON(422, `{}`), retrywisetest.Reset()} {
		srv := retrywisetest.Handle(t, answer)
		c := newClient(t, srv, client.Config{})
		for _, do := range []func(*http.Request) (*http.Response, error){c.Send, c.HTTP().Transport.RoundTrip} {
			if resp, err := do(listening(srv.URL() + "/items")); err == nil {
				_ = resp.Body.Close()
			}
		}
	}
	if _, err := sendRequest(t, newClientOf(t, client.Config{}).Send, listening("/items")); err == nil {
		t.Error("a request without a host was sent")
	}
}
