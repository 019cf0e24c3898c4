package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A renewal that panics, or ends its goroutine, fails the calls that need it, and neither the
// program nor the calls after it. The error has no value of a panic, which may be a secret.
func TestRenewalThatPanics(t *testing.T) {
	panics := func() (string, error) { panic("token s3cr3t") }
	start := func(context.Context, client.RenewalEvent) context.Context { panic("s3cr3t") }
	end := func(context.Context, client.RenewalEvent) { panic("s3cr3t") }
	succeeds := func() (string, error) { return "new", nil }
	for name, tt := range map[string]struct {
		renew    func() (string, error)
		observer client.Observer
		want     string
	}{
		"a panic":              {panics, client.Observer{}, "Auth.Refresh panicked with a value of type string"},
		"a nil map":            {func() (string, error) { map[string]int(nil)["x"]++; return "", nil }, client.Observer{}, "Auth.Refresh panicked: assignment to entry in nil map"}, //nolint:staticcheck // that is the bug
		"Goexit":               {func() (string, error) { runtime.Goexit(); return "", nil }, client.Observer{}, "Auth.Refresh or an Observer ended its goroutine"},
		"a hook at the start":  {succeeds, client.Observer{RenewalStart: start}, "the Observer or the Logger panicked with a value of type string"},
		"a hook at the end":    {succeeds, client.Observer{RenewalEnd: end}, "the Observer or the Logger panicked with a value of type string"},
		"renewal and its hook": {panics, client.Observer{RenewalEnd: end}, "the Observer or the Logger panicked with a value of type string"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, guarded())
				var log bytes.Buffer
				cfg := client.Config{Observer: tt.observer, Logger: slog.New(slog.NewJSONHandler(&log, nil))}
				cfg.Auth = renewable("old", func(context.Context) (string, error) { return tt.renew() })
				_, err := send(t.Context(), t, newClient(t, srv, cfg), "POST", "/items", "x")
				e := failure(t, err)
				if e.Class != apierrors.MalformedRequest || e.Action != apierrors.FailFast || e.Summary != tt.want {
					t.Errorf("class %v, action %v, summary %q; want malformed_request, fail_fast, %q", e.Class, e.Action, e.Summary, tt.want)
				}
				if text := err.Error() + errors.Unwrap(err).Error() + log.String(); strings.Contains(text, "s3cr3t") {
					t.Errorf("the value of the panic is in the error or the log: %s", text)
				}
				if name == "a panic" && !strings.Contains(log.String(), "callback_test.go") {
					t.Errorf("the stack is not in the log: %s", log.String())
				}
			})
		})
	}
}

// A renewal that ignores its context holds calls and Close back only shortly, and no other
// one begins until it returns.
func TestRenewalThatDoesNotReturn(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		release := make(chan struct{})
		var renewals atomic.Int32
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) {
			renewals.Add(1)
			<-release
			return "new", nil
		})})
		for call, wait := range []time.Duration{31 * time.Second, 0, 0} {
			began := time.Now()
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			e := failure(t, err)
			if e.Class != apierrors.Timeout || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != wait {
				t.Errorf("call %d: after %v: %v; want class timeout after %v", call, time.Since(began), err, wait)
			}
			time.Sleep(time.Minute)
		}
		if n := renewals.Load(); n != 1 {
			t.Errorf("%d renewals began while one was running; want 1", n)
		}
		close(release)
		time.Sleep(time.Minute)
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Errorf("after it returned a token: %v", err)
		}
	})
}

func TestCloseDuringARenewalThatDoesNotReturn(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		release, begun := make(chan struct{}), make(chan struct{})
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) {
			close(begun)
			<-release
			return "new", nil
		})})
		ended := make(chan error)
		go func() {
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			ended <- err
		}()
		<-begun
		began := time.Now()
		_ = c.Close()
		if took := time.Since(began); took != time.Second {
			t.Errorf("Close took %v; want 1s", took)
		}
		if err := <-ended; err == nil {
			t.Error("the call succeeded; want an error")
		}
		close(release)
	})
}

// Callbacks that panic in the caller's goroutine: the panic is the caller's. The bodies of
// the request and of each response are closed, and no goroutine is left (see TestMain).
func TestCallbackThatPanics(t *testing.T) {
	start := func(context.Context) context.Context { panic("callback") }
	end := func(context.Context) { panic("callback") }
	for name, prepare := range map[string]func(k *panicKit){
		"Auth.Apply":       func(k *panicKit) { k.cfg.Auth = panickingAuth{} },
		"Auth.Apply, HTTP": func(k *panicKit) { k.cfg.Auth, k.isHTTP = panickingAuth{}, true },
		"the transport": func(k *panicKit) {
			k.cfg.Transport = wire(func(*http.Request) (*http.Response, error) { panic("callback") })
		},
		"Close of a response": func(k *panicKit) { k.onClose = func() { panic("callback") } },
		"Vendor.Decode":       func(k *panicKit) { k.cfg.Vendor = panickingVendor{shop{shopPolicy(t)}} },
		"Profile.Quotas":      func(k *panicKit) { k.cfg.Vendor = panickingQuotas{shop{shopPolicy(t)}} },
		"Shrink": func(k *panicKit) {
			k.status, k.opts.Shrink = 413, func(*http.Request) (*http.Request, error) { panic("callback") }
		},
		"CallStart": func(k *panicKit) {
			k.cfg.Observer.CallStart = func(ctx context.Context, _ client.CallEvent) context.Context { return start(ctx) }
		},
		"CallEnd": func(k *panicKit) { k.cfg.Observer.CallEnd = func(ctx context.Context, _ client.CallEvent) { end(ctx) } },
		"AttemptStart": func(k *panicKit) {
			k.cfg.Observer.AttemptStart = func(ctx context.Context, _ client.AttemptEvent) context.Context { return start(ctx) }
		},
		"AttemptEnd": func(k *panicKit) {
			k.cfg.Observer.AttemptEnd = func(ctx context.Context, _ client.AttemptEvent) { end(ctx) }
		},
		"WaitStart": func(k *panicKit) {
			k.cfg.Observer.WaitStart = func(ctx context.Context, _ client.WaitEvent) context.Context { return start(ctx) }
		},
		"WaitEnd": func(k *panicKit) { k.cfg.Observer.WaitEnd = func(ctx context.Context, _ client.WaitEvent) { end(ctx) } },
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				k := &panicKit{status: 503}
				k.cfg = client.Config{BaseURL: "http://shop.test", Transport: wire(k.respond)}
				prepare(k)
				k.run(t)
				if n := k.open.Load(); n != 0 {
					t.Errorf("%d bodies are open; want none", n)
				}
			})
		})
	}
}

// A panicKit is a call in which a callback panics.
type panicKit struct {
	cfg     client.Config
	opts    client.CallOptions
	isHTTP  bool
	status  int
	onClose func()       // of a response; may be nil
	open    atomic.Int32 // bodies of requests and responses
}

func (k *panicKit) respond(req *http.Request) (*http.Response, error) {
	_ = req.Body.Close()
	return &http.Response{StatusCode: k.status, Header: http.Header{}, Body: k.body("an error", k.onClose)}, nil
}

func (k *panicKit) body(text string, onClose func()) io.ReadCloser {
	k.open.Add(1)
	return &countedBody{Reader: strings.NewReader(text), open: &k.open, onClose: onClose}
}

// run makes the call, and expects the callback's panic.
func (k *panicKit) run(t *testing.T) {
	c, err := client.New(k.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	req := newRequest(t, http.MethodPut, "http://shop.test/items", "")
	req.Body = k.body("rows", nil)
	req.GetBody = func() (io.ReadCloser, error) { return k.body("rows", nil), nil }
	defer func() {
		if v := recover(); v != "callback" {
			t.Errorf("recovered %v; want the value of the callback's panic", v)
		}
	}()
	if req = client.With(req, k.opts); k.isHTTP {
		_, err = c.HTTP().Do(req) //nolint:bodyclose // it panics
	} else {
		_, err = c.Send(req) //nolint:bodyclose // it panics
	}
	t.Errorf("it returned %v; want a panic", err)
}

// countedBody takes itself from the open ones once it is closed.
type countedBody struct {
	io.Reader
	open    *atomic.Int32
	once    sync.Once
	onClose func()
}

func (b *countedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	if b.onClose != nil {
		b.onClose()
	}
	return nil
}

type panickingAuth struct{}

func (panickingAuth) Apply(context.Context, *http.Request) (string, error) { panic("callback") }
func (panickingAuth) Refresh(context.Context, string) error                { return nil }

type panickingVendor struct{ shop }

func (panickingVendor) Decode(policy.Answer) *policy.Failure { panic("callback") }

type panickingQuotas struct{ shop }

func (v panickingQuotas) Profile() policy.Profile {
	profile := v.shop.Profile()
	profile.Quotas = func(policy.Answer) []policy.Quota { panic("callback") }
	return profile
}
