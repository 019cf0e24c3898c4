package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// queryAuth puts its key into the query.
type queryAuth struct{ signer }

func (queryAuth) Apply(_ context.Context, r *http.Request) (string, error) {
	query := r.URL.Query()
	query.Add("api_key", canary)
	r.URL.RawQuery = query.Encode()
	return "1", nil
}

// Each attempt has a URL of its own: what Auth or a transport changes in it is neither the
// next attempt's nor the caller's.
func TestAttemptsDoNotShareTheirURL(t *testing.T) {
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
				t.Errorf("attempt %d has the query %q", i+1, r.Query)
			}
		}
		if got := req.URL.String(); got != srv.URL()+"/items" {
			t.Errorf("the caller's URL is now %s", got)
		}
	})
}

// The requests that a caller finds behind a redirect hold neither the client's credential
// nor the caller's own header.
func TestRedirectLeavesNoCredentialInItsChain(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "/b"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Auth: client.Bearer(canary)})
		req := newRequest(t, "GET", srv.URL()+"/a", "", "X-Mine", "1")
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Request.Response.Request != req || resp.Request.Header.Get("Authorization") != "" {
			t.Errorf("the chain is %+v", resp.Request)
		}
		if resp.Request.Header.Set("X-Mine", "2"); req.Header.Get("X-Mine") != "1" {
			t.Error("the caller's header changed")
		}
	})
}

// What a redirect leads to has no body, and no header about one.
func TestRedirectDropsTheHeadersOfTheBody(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(303, "Location", "/result"), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		resp, err := c.Send(newRequest(t, "POST", "/jobs", "x", "Content-Type", "text/csv", "Content-Encoding", "gzip", "X-Job", "7"))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		got := srv.Requests()[1].Header
		if got.Get("Content-Type") != "" || got.Get("Content-Encoding") != "" || got.Get("X-Job") != "7" {
			t.Errorf("behind the redirect: %v", got)
		}
	})
}

// The userinfo of a URL belongs to that URL, also after a retry.
func TestRedirectDropsTheUserinfo(t *testing.T) {
	for _, before := range []int{0, 1} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			answers := []retrywisetest.Answer{retrywisetest.Status(302, "Location", "http://vendor.test/b"), retrywisetest.Status(200)}
			if before > 0 {
				answers = append([]retrywisetest.Answer{retrywisetest.Status(503)}, answers...)
			}
			srv := retrywisetest.New(t, answers...)
			c := newClient(t, srv, client.Config{})
			if _, err := send(t.Context(), t, c, "GET", "http://u:p@vendor.test/a", ""); err != nil {
				t.Fatal(err)
			}
			all := srv.Requests()
			first, last := all[0].Header.Get("Authorization"), all[len(all)-1].Header.Get("Authorization")
			if first != "Basic dTpw" || last != "" {
				t.Errorf("after %d failures: sent with %q, and behind the redirect with %q", before, first, last)
			}
		})
	}
}

// A failure has the same cause and class in each attempt, and its whole chain.
func TestAttemptsKeepTheChainOfErrors(t *testing.T) {
	errBreaker := errors.New("breaker is open")
	for _, most := range []int{1, 2} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				return nil, fmt.Errorf("%w: %w", errBreaker, &url.Error{Op: "Post", URL: "http://t", Err: errors.New("boom")})
			}, client.Config{})
			_, err := send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{MaxAttempts: most})
			if !errors.Is(err, errBreaker) {
				t.Errorf("%d attempts: the breaker is lost: %v", most, failure(t, err).Err)
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

// A server that speaks HTTP where HTTPS is expected is named as net/http names it.
func TestAttemptNamesASchemeMismatch(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.Status(200))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c := newClientOf(t, client.Config{})
	_, err = send(t.Context(), t, c, "POST", strings.Replace(srv.URL(), "http://", "https://", 1), "x", client.CallOptions{MaxAttempts: 1})
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("%v", failure(t, err).Err)
	}
}

// The words of a User-Agent are not a credential, and erase nothing.
func TestUserAgentIsNotASecret(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", "customers", "X-Request-Id", "acme-orders-9000-1"))
		c := newClient(t, srv, client.Config{UserAgent: "acme-orders-9000 (importer) customers"})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Code != "customers" || e.RequestID != "acme-orders-9000-1" {
			t.Errorf("code %q, request id %q", e.Code, e.RequestID)
		}
	})
}

// stripping is an Auth that leaves nothing of the request.
type stripping struct {
	signer
	strip func(*http.Request)
}

func (s *stripping) Apply(_ context.Context, r *http.Request) (string, error) {
	s.strip(r)
	return "", nil
}

// A request without a URL or a header was not sent.
func TestAuthThatStripsTheRequest(t *testing.T) {
	for name, strip := range map[string]func(*http.Request){
		"of its URL":    func(r *http.Request) { r.URL = nil },
		"of its header": func(r *http.Request) { r.Header = nil },
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			c := newClient(t, retrywisetest.New(t), client.Config{Auth: &stripping{strip: strip}})
			_, err := send(t.Context(), t, c, "POST", "/items", "x", client.CallOptions{MaxAttempts: 1})
			if e := failure(t, err); e.Applied != apierrors.AppliedNo || !strings.Contains(fmt.Sprint(e.Err), "Auth.Apply") {
				t.Errorf("%s: applied %v, %v", name, e.Applied, e.Err)
			}
		})
	}
}

// A timeout of any size is a timeout: the stall of a stream is still noticed.
func TestCallOptionsTimeoutWithoutEnd(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		req := client.With(newRequest(t, "GET", "/stream", ""), client.CallOptions{Timeout: math.MaxInt64})
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		start := time.Now()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

// A key is for the vendor. A request to another origin with one is refused.
func TestIdempotencyKeyIsForTheVendor(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	req := newRequest(t, "POST", "http://storage.test/uploads", "x")
	_, err := c.Send(client.With(req, client.CallOptions{IdempotencyKey: "k-1"})) //nolint:bodyclose // there is no response beside an error
	if e := failure(t, err); e.Class != apierrors.MalformedRequest {
		t.Errorf("class %v", e.Class)
	}
}

// Shrink may return a copy of the request: its body is opened again, or refused.
func TestShrinkThatReturnsACopy(t *testing.T) {
	half := func(r *http.Request) (*http.Request, error) {
		smaller := r.Clone(r.Context())
		smaller.URL.RawQuery = "half"
		return smaller, nil
	}
	for name, tt := range map[string]struct {
		body io.Reader
		want []string
	}{
		"a body that can be read again": {strings.NewReader("hello"), []string{"hello", "hello"}},
		"a stream":                      {io.MultiReader(strings.NewReader("hello")), []string{"hello"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := []retrywisetest.Answer{retrywisetest.Status(413), retrywisetest.Status(200)}
				srv := retrywisetest.New(t, answers[:len(tt.want)]...)
				c := newClient(t, srv, client.Config{})
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/items", tt.body)
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = -1
				resp, err := c.Send(client.With(req, client.CallOptions{Shrink: half}))
				if err == nil {
					_ = resp.Body.Close()
				}
				var got []string
				for _, r := range srv.Requests() {
					got = append(got, string(r.Body))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != (len(tt.want) == 2) {
					t.Errorf("%v; sent (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}
