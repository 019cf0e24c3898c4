package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A fixed credential cannot be renewed.
func TestAuthFixedCredentialRefresh(t *testing.T) {
	for name, auth := range map[string]client.Auth{
		"APIKey": client.APIKey("X-Api-Key", "k"), "Bearer": client.Bearer("t"), "RenewableBearer without a function": client.RenewableBearer("", nil),
	} {
		identity, _ := auth.Apply(t.Context(), newRequest(t, http.MethodGet, "http://vendor.test", ""))
		if err := auth.Refresh(t.Context(), identity); !errors.Is(err, client.ErrNotRenewable) {
			t.Errorf("%s: Refresh returned %v; want %v", name, err, client.ErrNotRenewable)
		}
	}
}

// A fixed credential that is rejected is not renewed.
func TestAuthFixedCredentialIsNotRenewed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(401))
		c := newClient(t, srv, client.Config{Auth: client.Bearer("old")})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); e.Class != apierrors.Authentication || len(e.Attempts) != 1 {
			t.Errorf("class %v after %d attempts; want authentication after 1", e.Class, len(e.Attempts))
		}
	})
}

// A credential is sent to the base URL's origin only.
func TestAuthStaysAtItsOrigin(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Auth: client.APIKey("X-Api-Key", "s3cret")})
		for _, target := range []string{"/items/7", "http://elsewhere.test/items/7", "http://vendor.test:8080/items/7"} {
			if _, err := send(t.Context(), t, c, "GET", target, ""); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []string{"s3cret", "", ""} {
			if got := srv.Requests()[i].Header.Get("X-Api-Key"); got != want {
				t.Errorf("request %d had X-Api-Key %q; want %q", i+1, got, want)
			}
		}
	})
}

// Another scheme is another origin, even with the same port.
func TestAuthStaysWithItsScheme(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{BaseURL: "https://vendor.test:8443", Auth: client.Bearer("s3cret")})
		if _, err := send(t.Context(), t, c, "GET", "http://vendor.test:8443/items", ""); err != nil {
			t.Fatal(err)
		}
		if got := srv.Requests()[0].Header.Get("Authorization"); got != "" {
			t.Errorf("over http, Authorization was %q; want none", got)
		}
	})
}

// No verb of package fmt prints a credential, of an Auth or of a Client.
func TestAuthIsNotPrinted(t *testing.T) {
	for _, auth := range []client.Auth{
		client.Bearer("canary"), client.APIKey("X-Api-Key", "canary"),
		renewable("canary", func(context.Context) (string, error) { return "canary", nil }),
	} {
		c, err := client.New(client.Config{Auth: auth, BaseURL: "https://vendor.test"})
		if err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(verb, auth) + fmt.Sprintf(verb, c); strings.Contains(text, "canary") {
				t.Errorf("%s prints the credential of %T", verb, auth)
			}
		}
		_ = c.Close()
	}
}

// A signer is an Auth that records the body that it would sign.
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

// An Auth can read the body of a request, and the server still gets it whole.
func TestAuthSeesTheBody(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		file := fileOf(t, "a,b", 0)
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(200), retrywisetest.Status(200), retrywisetest.Status(200), retrywisetest.Status(200))
		auth := &signer{}
		c := newClient(t, srv, client.Config{Auth: auth})
		for _, body := range []io.Reader{strings.NewReader("text"), file, io.MultiReader(strings.NewReader("once")), nil} {
			req := newRequestOf(t, http.MethodPut, "/items/7", body)
			if _, err := sendRequest(t, c.Send, req); err != nil {
				t.Fatal(err)
			}
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

// calling is an Auth that makes a call with another client.
type calling struct {
	login *client.Client
	t     *testing.T
}

func (a calling) Apply(ctx context.Context, _ *http.Request) (string, error) {
	_, err := send(ctx, a.t, a.login, "GET", "/token", "")
	return "", err
}

func (calling) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// A call that an Auth makes does not inherit the options of the call that it is for.
func TestAuthDoesNotInheritCallOptions(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Status(200))
		var seen events
		login := newClient(t, srv, client.Config{Observer: seen.observer()})
		c := newClient(t, srv, client.Config{Auth: calling{login, t}})
		if _, err := send(t.Context(), t, c, "PUT", "/items/7", "", client.CallOptions{Op: "items.put"}); err != nil {
			t.Fatal(err)
		}
		if got := seen.calls; len(got) != 1 || got[0].Op != "" {
			t.Errorf("calls of the login: %+v; want one without Op", got)
		}
	})
}

// unready is an Auth whose Apply fails. It keeps the context of the request.
type unready struct{ ctx *context.Context }

func (r unready) Apply(_ context.Context, req *http.Request) (string, error) {
	*r.ctx = req.Context()
	return "", errOfTheTest
}

func (unready) Refresh(context.Context, string) error { return client.ErrNotRenewable }

// The context of an attempt ends even if nothing is sent.
func TestAuthFailureEndsTheAttempt(t *testing.T) {
	var ctx context.Context
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: unready{&ctx}})
	_, err := send(t.Context(), t, c, "GET", "/items", "")
	if ctx.Err() == nil || !errors.Is(err, errOfTheTest) {
		t.Errorf("the attempt's context: %v; the call: %v; want both ended", ctx.Err(), err)
	}
}

// The Refresh of a RenewableBearer does nothing if the token was replaced already, and refuses
// an empty token.
func TestRenewableBearerRefresh(t *testing.T) {
	for name, tt := range map[string]struct {
		isCurrent bool   // the identity that was rejected
		renewed   string // the token that the renewal returns
		renewals  int
		err       bool
		want      string // the token that is sent then
	}{
		"rejected token is current":  {true, "new", 1, false, "Bearer new"},
		"rejected token is replaced": {false, "new", 0, false, "Bearer old"},
		"renewal returns no token":   {true, "", 1, true, "Bearer old"},
	} {
		t.Run(name, func(t *testing.T) {
			renewals := 0
			auth := renewable("old", func(context.Context) (string, error) {
				renewals++
				return tt.renewed, nil
			})
			req := newRequest(t, http.MethodGet, "http://vendor.test/items", "")
			identity, err := auth.Apply(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.isCurrent {
				identity = "another"
			}
			if err := auth.Refresh(t.Context(), identity); (err != nil) != tt.err || renewals != tt.renewals {
				t.Errorf("got error %v after %d renewals; want one: %v, after %d", err, renewals, tt.err, tt.renewals)
			}
			if _, err := auth.Apply(t.Context(), req); err != nil || req.Header.Get("Authorization") != tt.want {
				t.Errorf("Authorization %q, error %v; want %q", req.Header.Get("Authorization"), err, tt.want)
			}
		})
	}
}

// stripping is an Auth that removes a part of the request.
type stripping struct {
	signer
	strip func(*http.Request)
}

func (s *stripping) Apply(_ context.Context, r *http.Request) (string, error) {
	s.strip(r)
	return "", nil
}

// A request from which Auth removed the URL or the header is not sent.
func TestAuthThatStripsTheRequest(t *testing.T) {
	for name, strip := range map[string]func(*http.Request){
		"URL":    func(r *http.Request) { r.URL = nil },
		"Header": func(r *http.Request) { r.Header = nil },
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			c := newClient(t, retrywisetest.New(t), client.Config{Auth: &stripping{strip: strip}})
			_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{MaxAttempts: 1})
			if e := failure(t, err); e.Applied != apierrors.AppliedNo || !strings.Contains(fmt.Sprint(e.Err), "Auth.Apply") {
				t.Errorf("%s: applied %v, error %v; want no, one that names Auth.Apply", name, e.Applied, e.Err)
			}
		})
	}
}
