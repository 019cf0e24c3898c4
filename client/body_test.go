package client_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// bodyTracker is a request body that knows whether it was closed.
type bodyTracker struct {
	io.Reader
	closed bool
}

func (b *bodyTracker) Close() error {
	b.closed = true
	return nil
}

func TestRequestBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503), retrywisetest.JSON(200, `{}`), retrywisetest.HTML(503))
		c := newClient(t, srv, client.Config{})

		if _, err := send(t.Context(), t, c, "PUT", "/items/7", "whole"); err != nil {
			t.Errorf("a body that can be read again: %v", err)
		}
		once := &bodyTracker{Reader: strings.NewReader("stream")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, srv.URL()+"/items/7", once)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent || !apierrors.Temporary(err) {
			t.Errorf("a body that can be read once: stop %v, temporary %v", e.Stop, apierrors.Temporary(err))
		}
		if !once.closed {
			t.Error("the body was not closed")
		}
		if req.Body != io.ReadCloser(once) || req.Method != http.MethodPut || len(req.Header) != 0 {
			t.Error("the caller's request was changed")
		}
		for i, want := range []string{"whole", "whole", "stream"} {
			if got := string(srv.Requests()[i].Body); got != want {
				t.Errorf("request %d had the body %q; want %q", i+1, got, want)
			}
		}
	})
}

// A call that is never sent closes its body as well.
func TestARefusedCallClosesItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
		body := &bodyTracker{Reader: strings.NewReader("x")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+"/items", body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		e := failure(t, err)
		if e.Applied != apierrors.AppliedNo || e.Reason != "gate account" || len(e.Attempts) != 0 || !body.closed {
			t.Errorf("applied %v, reason %q, %d attempts, body closed %v", e.Applied, e.Reason, len(e.Attempts), body.closed)
		}
	})
}

// A caller that asks for gzip itself gets raw bytes; what they say is understood.
func TestAnErrorThatTheCallerAskedForInGzip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write([]byte(`{"type":"https://e.test/x","title":"Bad"}`))
		_ = z.Close()
		srv := retrywisetest.New(t, retrywisetest.JSON(422, zipped.String(), "Content-Encoding", "gzip"))
		c, err := client.New(client.Config{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		req := newRequest(t, http.MethodGet, srv.URL()+"/items", "")
		req.Header.Set("Accept-Encoding", "gzip")
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if e := failure(t, err); e.Message != "Bad" || !bytes.Equal(e.Body, zipped.Bytes()) {
			t.Errorf("message %q, %d bytes of body", e.Message, len(e.Body))
		}
	})
}

// A success that breaks off while it is looked at is none.
func TestALookThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, `{"rows":[1,2,3]}`)))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/export", "", client.CallOptions{MaxWait: new(time.Duration(1))})
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("class %v, applied %v: %v", e.Class, e.Applied, e.Err)
		}
	})
}

// An error inside a 2xx is seen through the gzip that the caller asked for.
func TestAnErrorInsideAZippedSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte(`{"error":"no"}`))
			_ = z.Close()
			_ = http.NewResponseController(w).Flush()
		}))
		c := newClient(t, srv, client.Config{Vendor: telling{shop{shopPolicy(t)}}})
		req := newRequest(t, http.MethodPost, "/items", "")
		req.Header.Set("Accept-Encoding", "gzip")
		_, err := c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if e := failure(t, err); e.Code != "BAD" || e.Status != 200 {
			t.Errorf("status %d, code %q", e.Status, e.Code)
		}
	})
}

// telling is a shop that tells an error in the body of a 2xx.
type telling struct{ shop }

func (telling) Decode(a policy.Answer) *policy.Failure {
	if !bytes.Contains(a.Body, []byte(`"error"`)) {
		return nil
	}
	return &policy.Failure{Status: a.Status, Items: []apierrors.Field{{Code: "BAD"}}}
}
