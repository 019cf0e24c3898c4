package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// A rotating server issues tokens, of which only the latest is good. A refresh token that was
// used before ends the session.
type rotating struct {
	mu       sync.Mutex
	issued   int
	renewals int
	isEnded  bool
}

func (r *rotating) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isEnded || req.Header.Get("Authorization") != fmt.Sprint("Bearer access-", r.issued) {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// renew takes a second, as if it were a request.
func (r *rotating) renew(_ context.Context, old client.Token) (client.Token, error) {
	time.Sleep(time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.renewals++; old.Refresh != fmt.Sprint("refresh-", r.issued) {
		r.isEnded = true
		return client.Token{}, client.ErrRefused
	}
	r.issued++
	return client.Token{Access: fmt.Sprint("access-", r.issued), Refresh: fmt.Sprint("refresh-", r.issued)}, nil
}

// A shelf is a TokenStore.
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

// repair has Save succeed.
func (s *shelf) repair() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fails = nil
}

func (s *shelf) Save(_ context.Context, token client.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.token = token
	}
	return s.fails
}

// Of 16 processes whose token is rejected, one renews it, and all go on with the new one.
func TestStoredBearerIsRenewedOnce(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		server := &rotating{issued: 1}
		srv := retrywisetest.Handle(t, server)
		tokens, store := &shelf{token: client.Token{Access: "access-0", Refresh: "refresh-1"}}, traffic.NewMemoryStore()
		var workers sync.WaitGroup
		for range 16 {
			c := inFleet(t, srv, store, tokens, server)
			for range 4 {
				workers.Go(func() {
					if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
						t.Error(err)
					}
				})
			}
		}
		workers.Wait()
		if server.renewals != 1 || tokens.token.Access != "access-2" {
			t.Errorf("%d renewals, the store has %q; want one, and access-2", server.renewals, tokens.token.Access)
		}
	})
}

// A token that cannot be saved is not used, and not lost: the next renewal saves it first.
func TestStoredBearerIsSavedBeforeItIsUsed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		server := &rotating{issued: 1}
		srv := retrywisetest.Handle(t, server)
		full := errors.New("the disk is full")
		tokens := &shelf{token: client.Token{Access: "access-0", Refresh: "refresh-1"}, fails: full}
		c := newClient(t, srv, client.Config{Auth: client.StoredBearer(tokens, server.renew)})
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		if !errors.Is(err, full) || !apierrors.Temporary(err) {
			t.Errorf("got %v; want the failure of Save, which is temporary", err)
		}
		tokens.repair()
		time.Sleep(time.Minute)
		if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil || server.renewals != 1 {
			t.Errorf("after %d renewals: %v; want a success after one", server.renewals, err)
		}
	})
}

// A token that cannot be saved is saved as soon as that is possible, also without a call. Until then
// no other process renews: what is in the store is used up.
func TestStoredBearerThatCannotBeSaved(t *testing.T) {
	for name, rejected := range map[string]string{"the token was rejected": "access-0", "there was none": ""} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				server, full := &rotating{issued: 1}, errors.New("the disk is full")
				srv := retrywisetest.Handle(t, server)
				tokens, store := &shelf{token: client.Token{Access: rejected, Refresh: "refresh-1"}, fails: full}, traffic.NewMemoryStore()
				first, other := inFleet(t, srv, store, tokens, server), inFleet(t, srv, store, tokens, server)
				if _, err := send(t.Context(), t, first, "GET", "/items", ""); !errors.Is(err, full) || !apierrors.Temporary(err) {
					t.Errorf("got %v; want the failure of Save, which is temporary", err)
				}
				for range 5 {
					if _, err := send(t.Context(), t, other, "GET", "/items", ""); !apierrors.Temporary(err) {
						t.Errorf("another process: %v; want a temporary failure", err)
					}
					time.Sleep(time.Minute)
				}
				tokens.repair()
				time.Sleep(2 * time.Second)
				for _, c := range []*client.Client{other, first} {
					if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
						t.Error(err)
					}
				}
				if server.renewals != 1 || tokens.token.Access != "access-2" {
					t.Errorf("%d renewals, the store has %v; want one, and its token", server.renewals, tokens.token)
				}
			})
		})
	}
}

// A careful store keeps nothing once the context of a Save has ended, as a database.
type careful struct{ shelf }

func (s *careful) Save(ctx context.Context, token client.Token) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return s.shelf.Save(ctx, token)
}

// A Client that is closed during a renewal does not lose the token: the old one is used up. One
// that does not come is not waited for.
func TestStoredBearerIsSavedDuringClose(t *testing.T) {
	for name, tt := range map[string]struct {
		takes, wait time.Duration
		want        string
	}{"half a second": {time.Second / 2, time.Second / 2, "new"}, "an hour": {time.Hour, time.Second * 9 / 10, ""}} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv, tokens := retrywisetest.Handle(t, guarded()), &careful{}
				c := newClient(t, srv, client.Config{Auth: client.StoredBearer(tokens, func(ctx context.Context, _ client.Token) (client.Token, error) {
					select {
					case <-time.After(tt.takes):
						return client.Token{Access: "new"}, nil
					case <-ctx.Done():
						return client.Token{}, context.Cause(ctx)
					}
				})})
				var calls sync.WaitGroup
				calls.Go(func() {
					_, _ = send(t.Context(), t, c, "GET", "/items", "") // it may be too late for it
				})
				synctest.Wait()
				closing := time.Now()
				_ = c.Close()
				if took := time.Since(closing); took != tt.wait || tokens.token.Access != tt.want {
					t.Errorf("closed in %v, with the token %q; want %v, %q", took, tokens.token.Access, tt.wait, tt.want)
				}
				calls.Wait()
			})
		})
	}
}

// inFleet returns a Client of a process that shares a traffic store and tokens with others.
func inFleet(t *testing.T, srv *retrywisetest.Server, store traffic.Store, tokens client.TokenStore, server *rotating) *client.Client {
	t.Helper()
	fleet := traffic.NewFleet(store, traffic.FleetOptions{})
	t.Cleanup(func() { _ = fleet.Close() })
	return newClient(t, srv, client.Config{Traffic: fleet, Auth: client.StoredBearer(tokens, server.renew)})
}

// A token that the vendor has rejected is not sent again, also while there is no other one.
func TestStoredBearerThatWasRejectedIsNotSent(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, &rotating{issued: 1})
		down := func(context.Context, client.Token) (client.Token, error) {
			return client.Token{}, errors.New("token: status 503")
		}
		c := newClient(t, srv, client.Config{Auth: client.StoredBearer(&shelf{token: client.Token{Access: "access-0"}}, down)})
		for range 5 {
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); apierrors.ClassOf(err) != apierrors.ServerError {
				t.Errorf("got %v; want server_error", err)
			}
			time.Sleep(time.Minute)
		}
		if n := len(srv.Requests()); n != 1 {
			t.Errorf("%d requests with the rejected token; want 1", n)
		}
	})
}

// Two Clients may share a bearer: one renews it while the other waits, and not beyond its time.
func TestStoredBearerOfTwoClients(t *testing.T) {
	for name, tt := range map[string]struct {
		takes time.Duration
		want  apierrors.Class
	}{"a second": {time.Second, apierrors.None}, "an hour": {time.Hour, apierrors.Timeout}} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, guarded())
				var renewals atomic.Int32
				auth := client.StoredBearer(&shelf{}, func(context.Context, client.Token) (client.Token, error) {
					renewals.Add(1)
					time.Sleep(tt.takes)
					return client.Token{Access: "new"}, nil
				})
				clients := []*client.Client{newClient(t, srv, client.Config{Auth: auth}), newClient(t, srv, client.Config{Auth: auth})}
				var calls sync.WaitGroup
				for _, c := range clients {
					calls.Go(func() {
						_, err := send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxWait: new(time.Duration(0))})
						if got := apierrors.ClassOf(err); got != tt.want {
							t.Errorf("class %v; want %v: %v", got, tt.want, err)
						}
					})
				}
				calls.Wait()
				time.Sleep(2 * time.Hour) // until the renewals have ended
				if n := renewals.Load(); n != 1 {
					t.Errorf("%d renewals; want 1", n)
				}
			})
		})
	}
}

// No verb prints a token.
func TestTokenIsNotPrinted(t *testing.T) {
	token := client.Token{Access: "s3cr3t", Refresh: "s3cr3t", Expires: time.Unix(0, 0)}
	text := fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, &token, []client.Token{token}, token)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("renewed", "token", token)
	text += log.String()
	if strings.Contains(text, "s3cr3t") || strings.Contains(text, "733363") || !strings.Contains(text, "a token until 1970") {
		t.Errorf("printed: %s", text)
	}
}
