package retrywiseoauth2_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// A shelf is a store of tokens that processes share.
type shelf struct {
	mu    sync.Mutex
	token client.Token
	fails error // of Save
}

func (s *shelf) Load(context.Context) (client.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token, nil
}

func (s *shelf) Save(_ context.Context, token client.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.token = token
	}
	return s.fails
}

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = err
}

// Processes that share tokens and a traffic store renew once for all of them, through expiries,
// revoked tokens, a token endpoint that is down and a store that does not save. No refresh token is
// ever used twice.
func TestFleetRenewsOnce(t *testing.T) {
	for name, tt := range map[string]struct {
		open        func(t *testing.T) traffic.Store
		processes   int
		lasts       time.Duration
		least, most int // tokens: each is good for 9.5 minutes, and some are revoked
	}{
		"in memory":   {func(*testing.T) traffic.Store { return traffic.NewMemoryStore() }, 8, 2 * time.Hour, 14, 19},
		"in a folder": {folder, 3, 20 * time.Minute, 3, 4},
	} {
		t.Run(name, func(t *testing.T) {
			store := tt.open(t)
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				s, tokens := &shop{lifetime: 10 * time.Minute, takes: 700 * time.Millisecond}, &shelf{token: client.Token{Refresh: refresh(0)}}
				srv := s.open(t)
				ctx, stop := context.WithTimeout(t.Context(), tt.lasts)
				defer stop()
				var work sync.WaitGroup
				for range tt.processes {
					fleet := traffic.NewFleet(store, traffic.FleetOptions{})
					t.Cleanup(func() { _ = fleet.Close() })
					cfg := config(srv)
					cfg.Store = tokens
					c := newClient(t, srv, client.Config{Traffic: fleet, Auth: refreshing(t, cfg)})
					for range 3 {
						work.Go(func() { callUntil(ctx, t, c) })
					}
				}
				work.Go(func() { s.trouble(ctx, tokens) })
				work.Wait()
				if s.reused != 0 || s.isEnded {
					t.Errorf("%d refresh tokens were used twice", s.reused)
				}
				if s.issued < tt.least || s.issued > tt.most {
					t.Errorf("%d tokens in %v; want %d to %d", s.issued, tt.lasts, tt.least, tt.most)
				}
			})
		})
	}
}

// folder opens a store in files.
func folder(t *testing.T) traffic.Store {
	t.Helper()
	f, err := traffic.OpenFolder(filepath.Join(t.TempDir(), "shared"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// callUntil makes a call each 5 s. None may fail for good.
func callUntil(ctx context.Context, t *testing.T, c *client.Client) {
	t.Helper()
	for ctx.Err() == nil {
		_, err := client.Do[struct{}](ctx, c, client.Call{Path: "/items"})
		if err != nil && ctx.Err() == nil && !apierrors.Temporary(err) {
			t.Errorf("a call failed for good: %v", err)
		}
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
		}
	}
}

// trouble revokes tokens, and has the token endpoint and the store fail at times.
func (s *shop) trouble(ctx context.Context, tokens *shelf) {
	for i := range 5 {
		for _, step := range []func(){
			s.revoke,
			func() {
				s.fail(retrywisetest.Status(503), retrywisetest.Reset(), retrywisetest.Status(500), retrywisetest.Status(429))
			},
			func() { tokens.fail(errors.New("the database is read-only")) },
			func() { tokens.fail(nil) },
		} {
			select {
			case <-time.After(time.Duration(5+i%2) * time.Minute):
				step()
			case <-ctx.Done():
				return
			}
		}
	}
}

// Two Clients of one process may share an Auth.
func TestAuthOfTwoClients(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := &shop{takes: time.Second}
		srv := s.open(t)
		cfg := config(srv)
		cfg.Store = kept(refresh(0))
		auth := refreshing(t, cfg)
		var calls sync.WaitGroup
		for range 2 {
			c := newClient(t, srv, client.Config{Auth: auth})
			for range 10 {
				calls.Go(func() {
					if err := get(t, c); err != nil {
						t.Error(err)
					}
				})
			}
		}
		calls.Wait()
		if s.issued != 1 || s.reused != 0 {
			t.Errorf("%d tokens, %d refresh tokens used twice; want 1 and none", s.issued, s.reused)
		}
	})
}
