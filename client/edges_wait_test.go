package client_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The Timeout of the caller's http.Client bounds our waits: one that cannot finish is
// not begun, and the failure stays typed.
func TestAnOuterTimeoutBoundsTheWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "30"))
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

// The time for trying begins with the first attempt: what held it back is not taken off.
func TestAWaitBeforeTheFirstAttemptIsNoTimeForTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "50"), retrywisetest.Hang(), retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(1))})
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if e := failure(t, err); e.Stop != apierrors.StopElapsed || len(e.Attempts) != 2 || e.Attempts[0].Wait != 50*time.Second {
			t.Errorf("stop %v, attempts %+v", e.Stop, e.Attempts)
		}
	})
}

// Each attempt tells the wait before it, and no other.
func TestTheWaitBeforeEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(503, "Retry-After", "5"), retrywisetest.Status(503), retrywisetest.Status(503))
		_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items", "")
		var got []time.Duration
		for _, a := range failure(t, err).Attempts {
			got = append(got, a.Wait)
		}
		if diff := cmp.Diff([]time.Duration{0, 250 * time.Millisecond, 5 * time.Second, time.Second}, got); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}

// calling is a credential that makes a call of its own.
type calling struct {
	login *client.Client
	t     *testing.T
}

func (a calling) Apply(ctx context.Context, _ *http.Request) (string, error) {
	_, err := send(ctx, a.t, a.login, "GET", "/token", "")
	return "", err
}

func (calling) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// Who waits for whom: a 429 holds back those with the same credential, at the same
// vendor, and nobody else.
func TestWhomAGateHoldsBack(t *testing.T) {
	with := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = []string{value} }
	}
	none := func(*http.Request) {}
	for name, tt := range map[string]struct {
		cfg           client.Config
		first, second func(*http.Request)
		held          bool
	}{
		"no credential":                {client.Config{Vendor: shop{}}, none, none, true},
		"one credential":               {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "a"), true},
		"two of Authorization":         {client.Config{Vendor: shop{}}, with("Authorization", "a"), with("Authorization", "b"), false},
		"two of X-Api-Key":             {client.Config{Vendor: shop{}}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), false},
		"two of Api-Key":               {client.Config{Vendor: shop{}}, with("Api-Key", "a"), with("Api-Key", "b"), false},
		"under a key not canonical":    {client.Config{Vendor: shop{}}, with("api-key", "a"), with("api-key", "b"), false},
		"the client's own":             {client.Config{Vendor: shop{}, Auth: client.Bearer("t")}, with("X-Api-Key", "a"), with("X-Api-Key", "b"), true},
		"another host of any vendor":   {client.Config{}, none, func(r *http.Request) { r.URL.Host = "other.test" }, false},
		"another host of the vendor's": {client.Config{Vendor: shop{}}, none, func(r *http.Request) { r.URL.Host = "eu.vendor.test" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, always(retrywisetest.Status(429, "Retry-After", "3600")))
				tt.cfg.Transport = srv.Transport()
				if tt.cfg.Vendor != nil {
					tt.cfg.Vendor, tt.cfg.BaseURL = shop{shopPolicy(t)}, "http://api.vendor.test"
				}
				c := dropIn(t, tt.cfg)
				for _, change := range []func(*http.Request){tt.first, tt.second} {
					req := newRequest(t, "GET", "http://api.vendor.test/items", "")
					change(req)
					_, _ = c.Send(req) //nolint:bodyclose // there is no answer beside an error
				}
				if held := len(srv.Requests()) == 1; held != tt.held {
					t.Errorf("held back: %v; want %v", held, tt.held)
				}
			})
		})
	}
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
