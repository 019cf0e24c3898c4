package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Many calls meet an expired token: one renewal serves them all.
func TestRenewalServesAllCalls(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		var renewals atomic.Int32
		auth := renewable("old", func(context.Context) (string, error) {
			renewals.Add(1)
			time.Sleep(time.Second) // virtual: by then, all have got a 401
			return "new", nil
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		together(200, func() {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
				t.Errorf("call: %v", err)
			}
		})
		if n := renewals.Load(); n != 1 {
			t.Errorf("%d renewals; want 1", n)
		}
	})
}

// A keyRing is an Auth whose key is sent in another header than Authorization.
type keyRing struct{ generation, renewals atomic.Int64 }

func (k *keyRing) key() string { return fmt.Sprint("key-", k.generation.Load()) }

func (k *keyRing) Apply(_ context.Context, req *http.Request) (string, error) {
	req.Header.Set("X-Shop-Key", k.key())
	return k.key(), nil
}

func (k *keyRing) Refresh(_ context.Context, rejected string) error {
	if rejected != k.key() {
		return nil
	}
	k.renewals.Add(1)
	time.Sleep(time.Second) // virtual
	k.generation.Add(1)
	return nil
}

// One renewal serves all calls, whatever header the credential is sent in.
func TestRenewalServesAllCallsWhateverTheHeader(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Shop-Key") == "key-0" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}))
		ring, seen := &keyRing{}, events{}
		c := newClient(t, srv, client.Config{Auth: ring, Observer: seen.observer()})
		together(10, func() {
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Error(err)
			}
		})
		if got := ring.renewals.Load(); got != 1 {
			t.Errorf("%d renewals; want 1", got)
		}
		want := []client.RenewalEvent{{Vendor: "shop", Took: time.Second}}
		if diff := cmp.Diff(want, seen.renewals, cmpopts.IgnoreFields(client.RenewalEvent{}, "Start")); diff != "" {
			t.Errorf("renewals (-want +got):\n%s", diff)
		}
	})
}

// Without a first token, one renewal fetches it for all calls.
func TestRenewalFetchesTheFirstTokenOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		var fetched atomic.Int32
		auth := renewable("", func(context.Context) (string, error) {
			time.Sleep(time.Second) // virtual
			fetched.Add(1)
			return "new", nil
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		together(20, func() {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				t.Errorf("call: %v", err)
			}
		})
		if n := fetched.Load(); n != 1 {
			t.Errorf("fetched %d tokens; want 1", n)
		}
	})
}

// The fetch of the first token is a renewal event, and so is one that fails.
func TestRenewalOfTheFirstTokenIsAnEvent(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want apierrors.Class
	}{
		"success": {nil, apierrors.None},
		"failure": {errors.New("unexpected EOF"), apierrors.ServerError},
		"refusal": {client.ErrRefused, apierrors.Authentication},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(200))
				var seen events
				c := newClient(t, srv, client.Config{Observer: seen.observer(), Auth: renewable("", func(context.Context) (string, error) {
					return "token", tt.err
				})})
				_, err := send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(0))})
				if (err == nil) != (tt.err == nil) {
					t.Errorf("the call ended with %v; the renewal with %v", err, tt.err)
				}
				want := []client.RenewalEvent{{Vendor: "shop", Start: time.Now(), Class: tt.want}}
				if diff := cmp.Diff(want, seen.renewals); diff != "" {
					t.Errorf("renewals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The cancelation of the call that started a renewal does not end it for the others.
func TestRenewalOutlivesItsFirstCall(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		auth := renewable("old", func(ctx context.Context) (string, error) {
			select {
			case <-time.After(5 * time.Second):
				return "new", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		canceled, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() {
			_, err := send(canceled, t, c, "GET", "/items/7", "")
			if !errors.Is(err, context.Canceled) || failure(t, err).Class != apierrors.Canceled {
				t.Errorf("the call that started the renewal: %v; want canceled", err)
			}
		})
		retrywisetest.Settle() // the renewal is under way
		calls.Go(func() {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				t.Errorf("the other call: %v", err)
			}
		})
		retrywisetest.Settle()
		cancel()
		calls.Wait()
	})
}

// A caller of HTTP that gives up during a renewal gets an error, and not the 401.
func TestRenewalDuringWhichTheCallerGivesUp(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		resp, err := c.HTTP().Do(newRequest(t, "GET", srv.URL()+"/items", "").WithContext(ctx))
		if err == nil {
			_ = resp.Body.Close()
			t.Fatalf("got status %d; want an error", resp.StatusCode)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v; want deadline exceeded", err)
		}
	})
}

// A call whose body is spent cannot be retried, but its 401 renews the token for later calls.
func TestRenewalAfterAnUploadServesTheNextCall(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, guarded())
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) { return "new", nil })})
		upload := func() error {
			req := newRequestOf(t, http.MethodPost, "/items", io.MultiReader(strings.NewReader("x")))
			_, err := sendRequest(t, c.Send, req)
			return err
		}
		if e := failure(t, upload()); e.Stop != apierrors.StopBodySpent || e.Class != apierrors.TokenExpired {
			t.Errorf("the first upload: class %v, stop %v; want token_expired, body_spent", e.Class, e.Stop)
		}
		retrywisetest.Settle()
		if err := upload(); err != nil {
			t.Errorf("the second upload: %v", err)
		}
	})
}

// After Close nothing is renewed, and the call fails with class canceled.
func TestRenewalAfterClose(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) { return "new", nil })})
		_ = c.Close()
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); e.Class != apierrors.Canceled || e.Stop != apierrors.StopCanceled {
			t.Errorf("class %v, stop %v; want canceled, canceled", e.Class, e.Stop)
		}
	})
}

// A vendor that rejects the new token, too, is not asked a third time.
func TestRenewalHappensOncePerCall(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401), retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: renewable("old", func(context.Context) (string, error) { return "new", nil })})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		e := failure(t, err)
		if e.Class != apierrors.Authentication || e.Action != apierrors.FailFast || len(e.Attempts) != 2 {
			t.Errorf("class %v, action %v after %d attempts; want authentication, fail_fast after 2", e.Class, e.Action, len(e.Attempts))
		}
	})
}

// A fixed credential that is rejected is fail_fast, even if the call could not be retried
// anyway.
func TestRenewalOfAFixedCredential(t *testing.T) {
	for name, auth := range map[string]client.Auth{"Bearer": client.Bearer("wrong"), "own Auth": &signer{}} {
		for _, most := range []int{1, 4} {
			t.Run(fmt.Sprint(name, ", attempts ", most), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.Handle(t, retrywisetest.Status(401))
					c := newClient(t, srv, client.Config{Auth: auth})
					if name == "own Auth" { // the first renewal finds out that it is fixed
						_, _ = send(t.Context(), t, c, "GET", "/items", "")
					}
					_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{MaxAttempts: most})
					if e := failure(t, err); e.Class != apierrors.Authentication || e.Action != apierrors.FailFast || len(e.Attempts) != 1 {
						t.Errorf("class %v, action %v after %d attempts; want authentication, fail_fast after 1", e.Class, e.Action, len(e.Attempts))
					}
				})
			})
		}
	}
}

// A renewal that needs the credential that it renews fails at once, with that reason.
func TestRenewalThatNeedsItself(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		var c *client.Client
		c = newClient(t, srv, client.Config{Auth: renewable("", func(ctx context.Context) (string, error) {
			_, err := client.Do[struct{}](ctx, c, client.Call{Method: "POST", Path: "/token"})
			return "", err
		})})
		start := time.Now()
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		e := failure(t, err)
		if e.Class != apierrors.Authentication || time.Since(start) != 0 || !errors.Is(err, client.ErrRefused) {
			t.Errorf("class %v, error %v after %v; want authentication, refused, at once", e.Class, e.Err, time.Since(start))
		}
		if reason := failure(t, e.Err).Err; !strings.Contains(fmt.Sprint(reason), "another Client") {
			t.Errorf("the reason is %v; want one that names another Client", reason)
		}
	})
}
