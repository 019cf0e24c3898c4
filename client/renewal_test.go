package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A keyRing is an Auth of the caller's in a header of its own.
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

// Ten workers meet a rejected key: one renewal serves them all, whatever the header.
func TestRenewalServesAllWhateverTheHeader(t *testing.T) {
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

// The first token is fetched by a renewal, and a failed one is an event, too.
func TestRenewalOfTheFirstTokenIsAnEvent(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want apierrors.Class
	}{
		"it succeeds":  {nil, apierrors.None},
		"it is cut":    {errors.New("unexpected EOF"), apierrors.ServerError},
		"it is denied": {client.ErrRefused, apierrors.Authentication},
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
					t.Errorf("the call: %v", err)
				}
				want := []client.RenewalEvent{{Vendor: "shop", Start: time.Now(), Class: tt.want}}
				if diff := cmp.Diff(want, seen.renewals); diff != "" {
					t.Errorf("renewals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A token is renewed shortly before it expires, so that a body that can be read only once
// is not wasted on a 401.
func TestRenewalBeforeTheTokenExpires(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(200))
		n := 0
		auth := client.RenewableBearer("", func(context.Context) (string, time.Time, error) {
			n++
			return fmt.Sprint("token-", n), time.Now().Add(time.Hour), nil
		})
		c := newClient(t, srv, client.Config{Auth: auth})
		var got []string
		for _, pause := range []time.Duration{0, time.Hour - 11*time.Second, time.Second, time.Hour} {
			time.Sleep(pause) // virtual
			if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
				t.Fatal(err)
			}
			all := srv.Requests()
			got = append(got, all[len(all)-1].Header.Get("Authorization"))
		}
		want := []string{"Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-3"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tokens (-want +got):\n%s", diff)
		}
	})
}

// A token that comes already expired is used, as there is no better one. One that lives
// for a few seconds is used for half of them.
func TestRenewalOfShortLivedTokens(t *testing.T) {
	for life, want := range map[time.Duration]int{-time.Hour: 1, 8 * time.Second: 3, time.Minute: 1} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv, renewals := retrywisetest.Handle(t, retrywisetest.Status(200)), 0
			c := newClient(t, srv, client.Config{Auth: client.RenewableBearer("", func(context.Context) (string, time.Time, error) {
				renewals++
				return "token", time.Now().Add(life), nil
			})})
			for range 10 {
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second) // virtual
			}
			if renewals != want {
				t.Errorf("a life of %v: %d renewals in 10 s; want %d", life, renewals, want)
			}
		})
	}
}

// A signer is an Auth that signs the body of each request.
type signer struct{ bodies []string }

func (s *signer) Apply(_ context.Context, req *http.Request) (string, error) {
	body := fmt.Sprint(req.ContentLength, " bytes")
	if req.Body != nil {
		body += ", with a Body"
	}
	if req.GetBody != nil {
		reader, err := req.GetBody()
		if err != nil {
			return "", err
		}
		defer reader.Close()
		text := make([]byte, 64)
		n, _ := reader.Read(text)
		body += ": " + string(text[:n])
	}
	s.bodies = append(s.bodies, body)
	return "", nil
}

func (*signer) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// An Auth sees the body that it signs, and does not use it up.
func TestAuthSeesTheBody(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("a,b"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(200), retrywisetest.Status(200), retrywisetest.Status(200), retrywisetest.Status(200))
		auth := &signer{}
		c := newClient(t, srv, client.Config{Auth: auth})
		for _, body := range []io.Reader{strings.NewReader("text"), file, io.MultiReader(strings.NewReader("once")), nil} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/items/7", body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Send(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
		}
		if diff := cmp.Diff([]string{"4 bytes: text", "4 bytes: text", "0 bytes: a,b", "0 bytes", "0 bytes"}, auth.bodies); diff != "" {
			t.Errorf("signed (-want +got):\n%s", diff)
		}
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, string(r.Body))
		}
		if diff := cmp.Diff([]string{"text", "text", "a,b", "once", ""}, got); diff != "" {
			t.Errorf("sent (-want +got):\n%s", diff)
		}
	})
}

// A fixed credential that is rejected is wrong: nothing is renewed, and the job stops, also
// where the call could not be retried anyway.
func TestRenewalOfAFixedCredential(t *testing.T) {
	for name, auth := range map[string]client.Auth{"ours": client.Bearer("wrong"), "the caller's": &signer{}} {
		for _, most := range []int{1, 4} {
			t.Run(fmt.Sprint(name, ", attempts ", most), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.Handle(t, retrywisetest.Status(401))
					c := newClient(t, srv, client.Config{Auth: auth})
					if name != "ours" { // that it cannot be renewed is known from the first time on
						_, _ = send(t.Context(), t, c, "GET", "/items", "")
					}
					_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{MaxAttempts: most})
					if e := failure(t, err); e.Class != apierrors.Authentication || e.Action != apierrors.FailFast || len(e.Attempts) != 1 {
						t.Errorf("class %v, action %v, %d attempts", e.Class, e.Action, len(e.Attempts))
					}
				})
			})
		}
	}
}

// A renewal that needs the credential which it renews is refused at once, with the reason.
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
			t.Errorf("class %v after %v: %v", e.Class, time.Since(start), e.Err)
		}
		if reason := failure(t, e.Err).Err; !strings.Contains(fmt.Sprint(reason), "another Client") {
			t.Errorf("the reason is %v", reason)
		}
	})
}
