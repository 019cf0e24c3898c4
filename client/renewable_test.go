package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// hourly returns a renewal that takes two seconds, by which one gets tokens that live for an hour,
// and the number of tokens.
func hourly() (renew func(context.Context) (string, time.Time, error), renewals *int) {
	renewals = new(int)
	return func(context.Context) (string, time.Time, error) {
		*renewals++
		token := fmt.Sprint("token-", *renewals)
		time.Sleep(2 * time.Second) // virtual
		return token, time.Now().Add(time.Hour), nil
	}, renewals
}

// A token is renewed before it expires, while calls go on with it: within 5 minutes, and at another
// moment in each process.
func TestRenewalWhileTheTokenIsGood(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(200))
		moments := map[time.Duration]bool{}
		for range 20 {
			renew, renewals := hourly()
			c := newClient(t, srv, client.Config{Auth: client.RenewableBearer("", renew)})
			_, _ = send(t.Context(), t, c, "GET", "/items", "")
			expires := time.Now().Add(time.Hour)
			time.Sleep(55*time.Minute - time.Second)
			if _, _ = send(t.Context(), t, c, "GET", "/items", ""); *renewals != 1 {
				t.Errorf("%d renewals 5m1s before the token expires; want 1", *renewals)
			}
			for *renewals == 1 && time.Until(expires) > 0 {
				time.Sleep(time.Second)
				start := time.Now()
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil || time.Since(start) != 0 {
					t.Fatalf("%v after %v; want a response at once", err, time.Since(start))
				}
				retrywisetest.Settle()
			}
			left := time.Until(expires)
			if moments[left] = true; left < 2*time.Minute || left > 5*time.Minute {
				t.Errorf("renewed %v before the token expires; want 2.5 to 5 minutes", left)
			}
			time.Sleep(time.Minute)
		}
		if len(moments) < 10 {
			t.Errorf("20 processes renew at %d moments; want at least 10", len(moments))
		}
	})
}

// While a token is good, no call fails because it cannot be renewed.
func TestRenewalThatFailsWhileTheTokenIsGood(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want apierrors.Class
	}{
		"the token server is down": {errors.New("token: status 503"), apierrors.ServerError},
		"the grant was revoked":    {client.ErrRefused, apierrors.Authentication},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(200))
				renew, renewals := hourly()
				c := newClient(t, srv, client.Config{Auth: client.RenewableBearer("", func(ctx context.Context) (string, time.Time, error) {
					if *renewals > 0 {
						return "", time.Time{}, tt.err
					}
					return renew(ctx)
				})})
				_, _ = send(t.Context(), t, c, "GET", "/items", "")
				expires := time.Now().Add(time.Hour)
				time.Sleep(54 * time.Minute)
				for time.Until(expires) > 11*time.Second {
					if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
						t.Fatalf("%v before the token expires: %v", time.Until(expires), err)
					}
					time.Sleep(time.Second)
				}
				time.Sleep(2 * time.Second)
				_, err := send(t.Context(), t, c, "GET", "/items", "")
				if got := apierrors.ClassOf(err); got != tt.want {
					t.Errorf("class %v in the last moments of the token; want %v", got, tt.want)
				}
			})
		})
	}
}

// An Auth of another kind may say that its credential expires soon.
func TestRenewalOfAnAuthThatExpiresSoon(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(200))
		ring := &keyRing{}
		c := newClient(t, srv, client.Config{Auth: expiring{ring}})
		var sent []string
		for range 3 {
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Fatal(err)
			}
			all := srv.Requests()
			sent = append(sent, all[len(all)-1].Header.Get("X-Shop-Key"))
			time.Sleep(600 * time.Millisecond) // of the second that a renewal takes
		}
		if diff := cmp.Diff([]string{"key-0", "key-0", "key-1"}, sent); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
	})
}

// expiring is a keyRing whose first key expires soon.
type expiring struct{ *keyRing }

func (e expiring) Apply(ctx context.Context, req *http.Request) (string, error) {
	identity, err := e.keyRing.Apply(ctx, req)
	if identity == "key-0" {
		err = client.ErrRenewSoon
	}
	return identity, err
}
