package retrywiseoauth2_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseoauth2 "github.com/retrywise/retrywise/integrations/oauth2"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A token is renewed before it expires, also if only the vendor's file or the Config says when that
// is: no call meets a 401.
func TestRenewalBeforeExpiry(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *shop, *retrywiseoauth2.Config){
		"the response says it": func(*testing.T, *shop, *retrywiseoauth2.Config) {},
		"the vendor's file says it": func(t *testing.T, s *shop, cfg *retrywiseoauth2.Config) {
			s.silent, cfg.Vendor, cfg.TokenURL = true, newVendor(t, ", lifetime: 30m"), ""
		},
		"the Config says it": func(t *testing.T, s *shop, cfg *retrywiseoauth2.Config) {
			s.silent, cfg.Vendor, cfg.Lifetime = true, newVendor(t, ", lifetime: 24h"), 30*time.Minute
		},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := &shop{lifetime: 30 * time.Minute, takes: time.Second}
				srv := s.open(t)
				cfg := config(srv)
				change(t, s, &cfg)
				c := newClient(t, srv, client.Config{Auth: credentials(t, cfg)})
				for range 180 {
					use(t, c)
					time.Sleep(time.Minute)
				}
				if s.rejected != 0 || s.issued < 6 || s.issued > 7 {
					t.Errorf("%d calls were rejected, %d tokens in 3h; want none, and 6 or 7", s.rejected, s.issued)
				}
			})
		})
	}
}

// Without a lifetime, a token is used until the vendor rejects it.
func TestRenewalWithoutALifetime(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := &shop{lifetime: time.Hour, silent: true}
		srv := s.open(t)
		c := newClient(t, srv, client.Config{Auth: credentials(t, config(srv))})
		for range 5 {
			use(t, c)
			time.Sleep(50 * time.Minute)
		}
		if s.rejected != 2 || s.issued != 3 {
			t.Errorf("%d calls were rejected, %d tokens; want 2 and 3", s.rejected, s.issued)
		}
	})
}

// A token that was revoked is never sent again, although it has not expired: neither when there is
// another one, nor as long as there is none.
func TestRenewalOfARevokedToken(t *testing.T) {
	for name, open := range map[string]func(*testing.T, retrywiseoauth2.Config) *retrywiseoauth2.Auth{
		"client credentials": credentials, "refresh token": refreshing, "JWT bearer": asserting,
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s := &shop{lifetime: time.Hour}
				srv := s.open(t)
				cfg := config(srv)
				cfg.Store = kept(refresh(0))
				c := newClient(t, srv, client.Config{Auth: open(t, cfg)})
				use(t, c)
				s.revoke()
				s.setDown(true)
				for range 3 {
					if err := once(t, c); !apierrors.Temporary(err) {
						t.Fatalf("%v; want a temporary failure", err)
					}
					time.Sleep(time.Minute)
				}
				s.setDown(false)
				use(t, c)
				want := []string{"Bearer " + access(1), "Bearer " + access(1), "Bearer " + access(2)}
				if diff := cmp.Diff(want, s.credentials); diff != "" {
					t.Errorf("credentials (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A saver is a function for Keep that notes what it saves.
type saver struct {
	mu    sync.Mutex
	fails error
	saved []client.Token
}

func (s *saver) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = err
}

func (s *saver) save(_ context.Context, token client.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.saved = append(s.saved, token)
	}
	return s.fails
}

// The next refresh token is saved before its access token is used. If that fails, so does the call;
// the token is kept, and saved later.
func TestRenewalSavesBeforeUse(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := &shop{lifetime: time.Hour}
		srv := s.open(t)
		full, disk := errors.New("the disk is full"), &saver{}
		disk.fail(full)
		cfg := config(srv)
		cfg.Store = retrywiseoauth2.Keep(client.Token{Refresh: refresh(0)}, disk.save)
		c := newClient(t, srv, client.Config{Auth: refreshing(t, cfg)})
		for range 3 {
			err := once(t, c)
			end{apierrors.ServerError, apierrors.Retry, true}.check(t, err)
			if !errors.Is(err, full) {
				t.Errorf("%v; want %v", err, full)
			}
			time.Sleep(10 * time.Minute)
		}
		if len(s.credentials) != 0 {
			t.Errorf("calls with %q; want none before the token is saved", s.credentials)
		}
		disk.fail(nil)
		time.Sleep(2 * time.Second)
		retrywisetest.Settle()
		want := []client.Token{{Access: access(1), Refresh: refresh(1), Expires: s.expires}}
		if diff := cmp.Diff(want, disk.saved); diff != "" {
			t.Errorf("saved (-want +got):\n%s", diff)
		}
		use(t, c)
		if s.issued != 1 || s.reused != 0 {
			t.Errorf("%d tokens, %d refresh tokens used twice; want 1 and none", s.issued, s.reused)
		}
	})
}

// If the response to a refresh token is lost, that token is all there is, and it is sent again: some
// vendors forgive that. Others refuse it, which says that a person has to authorize again.
func TestRenewalWhoseResponseIsLost(t *testing.T) {
	for forgives, want := range map[bool]apierrors.Class{true: apierrors.None, false: apierrors.Authentication} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			s := &shop{lifetime: time.Hour, lost: true, forgives: forgives}
			srv := s.open(t)
			cfg := config(srv)
			cfg.Store = kept(refresh(0))
			c := newClient(t, srv, client.Config{Auth: refreshing(t, cfg)})
			got := apierrors.ClassOf(get(t, c))
			if got == apierrors.Network { // all retries came while the failure was remembered, by chance
				time.Sleep(time.Second)
				got = apierrors.ClassOf(get(t, c))
			}
			if got != want {
				t.Errorf("a vendor that forgives (%v): class %v; want %v", forgives, got, want)
			}
		})
	}
}
