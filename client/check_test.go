package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A success whose body breaks off while the caller reads it becomes a failure.
func TestCheckAfterABrokenRead(t *testing.T) {
	for method, stop := range map[string]apierrors.Stop{"GET": apierrors.StopNone, "POST": apierrors.StopUnsafe} {
		t.Run(method, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, strings.Repeat("rows ", 2000))))
				c := newClient(t, srv, client.Config{})
				req := newRequest(t, method, "/export", "")
				resp, err := c.HTTP().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if err := c.Check(resp); err != nil {
					t.Errorf("Check before the body is read: %v", err)
				}
				_, err = io.Copy(io.Discard, resp.Body)
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("reading: %v; want unexpected EOF", err)
				}
				e := failure(t, c.Check(resp))
				if e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || e.Stop != stop || len(e.Attempts) != 1 {
					t.Errorf("class %v, applied %v, stop %v, %d attempts; want malformed_response, yes, %v, 1", e.Class, e.Applied, e.Stop, len(e.Attempts), stop)
				}
			})
		})
	}
}

// A redirect whose body breaks off says no more about what was executed than a whole one.
func TestCheckAfterABrokenRedirect(t *testing.T) {
	for status, want := range map[int]apierrors.Applied{
		302: apierrors.AppliedUnknown, 303: apierrors.AppliedUnknown, 307: apierrors.AppliedNo, 308: apierrors.AppliedNo,
	} {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.Text(status, "elsewhere", "Location", "/other")))
			c := newClient(t, srv, client.Config{})
			dropIn := c.HTTP()
			dropIn.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			resp, err := dropIn.Do(newRequest(t, "PATCH", "/items", "x"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			_, _ = io.Copy(io.Discard, resp.Body)
			if e := failure(t, c.Check(resp)); e.Class != apierrors.MalformedResponse || e.Applied != want {
				t.Errorf("%d: class %v, applied %v; want malformed_response, %v", status, e.Class, e.Applied, want)
			}
		})
	}
}

// Check knows the responses of Send, too.
func TestCheckAfterABrokenReadOfSend(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, `[1,2,3,4]`)))
		c := newClient(t, srv, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		resp, err := open(t, c, "/items") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(resp); err != nil {
			t.Errorf("Check before the body is read: %v", err)
		}
		_, _ = io.ReadAll(resp.Body)
		if e := failure(t, c.Check(resp)); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || len(e.Attempts) != 1 {
			t.Errorf("class %v, applied %v, %d attempts; want malformed_response, yes, 1", e.Class, e.Applied, len(e.Attempts))
		}
	})
}

// A Read after Close fails, but that is not a failure of the call.
func TestCheckAfterClose(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Text(200, strings.Repeat("rows ", 20000)))
		c := newClient(t, srv, client.Config{})
		resp, err := c.HTTP().Do(newRequest(t, "GET", srv.URL()+"/export", ""))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
			t.Error("Read after Close returned no error")
		}
		if err := c.Check(resp); err != nil {
			t.Errorf("Check: %v", err)
		}
	})
}

// A Read that fails because the caller gave up has class canceled.
func TestCheckAfterTheCallersCancel(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "1,2")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/items", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.HTTP().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		time.AfterFunc(5*time.Second, cancel)
		_, _ = io.ReadAll(resp.Body)
		if e := failure(t, c.Check(resp)); e.Class != apierrors.Canceled || apierrors.Temporary(e) {
			t.Errorf("class %v, temporary %v; want canceled, false", e.Class, apierrors.Temporary(e))
		}
	})
}

// Check does not wait for the rest of a success.
func TestCheckOfAStream(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"rows":[`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{})
		resp, err := get(t, c.HTTP(), "/events") //nolint:bodyclose // get closes it
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.Check(resp); err != nil || !time.Now().Equal(start) {
			t.Errorf("Check after %v: %v; want nil at once", time.Since(start), err)
		}
	})
}

// A failure that is accepted because of an earlier attempt is a success for Check.
func TestCheckOfAnAcceptedFailure(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Reset(), retrywisetest.Status(400, "X-Code", "THERE"))
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "POST", srv.URL()+"/items", "x")
		resp, err := c.HTTP().Do(client.With(req, client.CallOptions{Repeatable: true}))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if err := c.Check(resp); err != nil {
			t.Errorf("Check: %v", err)
		}
	})
}

// Check knows a copy of a response, such as a middleware makes, by its body.
func TestCheckOfACopy(t *testing.T) {
	down := retrywisetest.Status(503)
	for name, tt := range map[string]struct {
		answers  script
		attempts int
	}{
		"failure": {script{down, down, down, down}, 4},
		"success": {script{down, retrywisetest.Status(200)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				resp, err := get(t, c.HTTP(), srv.URL()+"/items") //nolint:bodyclose // get closes it
				if err != nil {
					t.Fatal(err)
				}
				copied := *resp
				err = c.Check(&copied)
				if (err == nil) != (tt.attempts == 0) || err != nil && len(failure(t, err).Attempts) != tt.attempts {
					t.Errorf("Check: %v; want an error with %d attempts (0: nil)", err, tt.attempts)
				}
			})
		})
	}
}

// What Check remembers is released with the response.
func TestCheckForgets(t *testing.T) {
	refused := wire(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Header: http.Header{"X-Code": {"BAD"}}, Body: http.NoBody}, nil
	})
	c := onWire(t, refused, client.Config{})
	for range 100 {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/items", nil)
		req.RequestURI = ""
		resp, err := c.HTTP().Do(req)
		if err != nil || c.Check(resp) == nil || resp.Body.Close() != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		if runtime.GC(); c.Remembered() == 0 {
			return
		}
	}
	t.Errorf("%d responses are remembered after 1000 garbage collections; want 0", c.Remembered())
}
