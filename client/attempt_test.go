package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// queryAuth is an Auth that puts its key into the query.
type queryAuth struct{ signer }

func (queryAuth) Apply(_ context.Context, r *http.Request) (string, error) {
	query := r.URL.Query()
	query.Add("api_key", canary)
	r.URL.RawQuery = query.Encode()
	return "1", nil
}

// Each attempt has its own URL: what an Auth or a transport changes in it affects neither the
// next attempt nor the caller's request.
func TestAttemptHasItsOwnURL(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Auth: &queryAuth{}, Transport: wire(func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			r.URL.Host = "mesh.test"
			return resp, err
		})})
		req := newRequest(t, "GET", srv.URL()+"/items", "")
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		for i, r := range srv.Requests() {
			if r.Query != "api_key="+canary {
				t.Errorf("attempt %d has the query %q; want the key once", i+1, r.Query)
			}
		}
		if got := req.URL.String(); got != srv.URL()+"/items" {
			t.Errorf("the caller's URL is %s; want it unchanged", got)
		}
	})
}

// An error wraps the whole chain of the transport's, and a failure has the same class in each
// attempt.
func TestAttemptKeepsTheChainOfErrors(t *testing.T) {
	errBreaker := errors.New("breaker is open")
	for _, most := range []int{1, 2} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("%w: %w", errBreaker, &url.Error{Op: "Post", URL: "http://t", Err: errors.New("boom")})
			}, client.Config{})
			_, err := send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxAttempts: most})
			if !errors.Is(err, errBreaker) {
				t.Errorf("%d attempts: the error wraps %v; want %v in it", most, failure(t, err).Err, errBreaker)
			}
		})
	}
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := newClient(t, retrywisetest.New(t), client.Config{Auth: renewable("", func(context.Context) (string, error) {
			return "", errors.New("the vault is sealed")
		})})
		_, err := send(t.Context(), t, c, "GET", "/items", "")
		var classes []apierrors.Class
		for _, a := range failure(t, err).Attempts {
			classes = append(classes, a.Class)
		}
		down := apierrors.ServerError
		if diff := cmp.Diff([]apierrors.Class{down, down, down, down}, classes); diff != "" {
			t.Errorf("classes (-want +got):\n%s", diff)
		}
	})
}
