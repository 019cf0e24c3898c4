package client_test

import (
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Request.Cancel is listened to until the call is over and its answer closed, and no
// longer: goleak looks after all tests. This is not in a bubble, whose clock would end
// it, and the context does not end with the test.
func TestACancelChannelIsListenedToNoLongerThanNeeded(t *testing.T) {
	listening := func(target string) *http.Request {
		req := newRequest(t, "POST", target, "x").WithContext(context.WithoutCancel(t.Context()))
		req.Cancel = make(chan struct{}) //nolint:staticcheck // the point
		return req
	}
	for _, answer := range []retrywisetest.Answer{retrywisetest.JSON(200, `{}`), retrywisetest.JSON(422, `{}`), retrywisetest.Reset()} {
		srv := retrywisetest.Handle(t, always(answer))
		c := newClient(t, srv, client.Config{})
		for _, do := range []func(*http.Request) (*http.Response, error){c.Send, c.HTTP().Transport.RoundTrip} {
			if resp, err := do(listening(srv.URL() + "/items")); err == nil {
				_ = resp.Body.Close()
			}
		}
	}
	if _, err := dropIn(t, client.Config{}).Send(listening("/items")); err == nil { //nolint:bodyclose // there is none
		t.Error("it has no address, and could be made")
	}
}

// strict is a shop whose successes are successes, whatever Decode would say of them.
type strict struct{ shop }

func (s strict) Profile() policy.Profile {
	p := s.shop.Profile()
	p.ErrorsIn2xx = false
	return p
}

// breaks is a body that fails once, and then says that it is at its end.
type breaks struct{ n int }

func (b *breaks) Read(p []byte) (int, error) {
	if b.n++; b.n > 1 {
		return 0, io.EOF
	}
	return copy(p, "half"), errOfTheTest
}

// A call that is canceled while a gate holds its second attempt back keeps the first.
func TestACancelBeforeTheSecondAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var all sync.WaitGroup
		defer all.Wait()
		all.Go(func() {
			time.Sleep(100 * time.Millisecond) // virtual: in the first one's back-off
			_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(1))})
			time.Sleep(time.Second)
			cancel()
		})
		_, err := send(ctx, t, c, "GET", "/items", "")
		e := failure(t, err)
		if len(e.Attempts) != 1 || e.Attempts[0].Status != 503 || e.Attempts[0].Class != apierrors.ServerError || e.Attempts[0].Took != 0 {
			t.Errorf("attempts %+v", e.Attempts)
		}
	})
}

// unready is a credential that cannot be put on a request; it keeps the context.
type unready struct{ ctx *context.Context }

func (r unready) Apply(_ context.Context, req *http.Request) (string, error) {
	*r.ctx = req.Context()
	return "", errOfTheTest
}

func (unready) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// The attempt in which the caller gave up is told as that.
func TestTheAttemptOfACanceledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := send(ctx, t, c, "GET", "/items", "")
		if e := failure(t, err); e.Attempts[0].Class != apierrors.Canceled || seen.attempts[0].Class != apierrors.Canceled {
			t.Errorf("attempts %+v", e.Attempts)
		}
	})
}
