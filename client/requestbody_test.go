package client_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A body with GetBody is sent again by a retry. A stream is sent once, and its failure says
// so. The request is not changed, and its body is closed.
func TestRequestBodyIsSentAgain(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503), retrywisetest.JSON(200, `{}`), retrywisetest.HTML(503))
		c := newClient(t, srv, client.Config{})

		if _, err := send(t.Context(), t, c, "PUT", "/items/7", "whole"); err != nil {
			t.Errorf("a body with GetBody: %v", err)
		}
		once := &bodyTracker{Reader: strings.NewReader("stream")}
		req := newRequestOf(t, http.MethodPut, srv.URL()+"/items/7", once)
		_, err := sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent || !apierrors.Temporary(err) {
			t.Errorf("a stream: stop %v, temporary %v; want body_spent, true", e.Stop, apierrors.Temporary(err))
		}
		if !once.closed {
			t.Error("the stream was not closed")
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

// inCapitals is a reader over a file whose bytes differ from the file's.
type inCapitals struct{ *os.File }

func (c inCapitals) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// A type that embeds a file is read by its own Read method.
func TestRequestBodyThatEmbedsAFile(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		file := fileOf(t, "rows", 0)
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		req := newRequestOf(t, http.MethodPut, "/upload", inCapitals{file})
		if _, err := sendRequest(t, newClient(t, srv, client.Config{}).Send, req); err != nil {
			t.Fatal(err)
		}
		if got := string(srv.Requests()[0].Body); got != "ROWS" {
			t.Errorf("the server got %q; want ROWS", got)
		}
	})
}

// A ContentLength without a body is malformed, as for net/http.
func TestRequestBodyIsMissing(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	for through, do := range doors {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.test/items", nil)
		req.RequestURI, req.Body, req.ContentLength = "", nil, 5
		_, err := sendRequest(t, do.by(c), req) //nolint:bodyclose // sendRequest closes it
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Applied != apierrors.AppliedNo {
			t.Errorf("through %s: class %v, applied %v; want malformed_request, no", through, e.Class, e.Applied)
		}
	}
}

// A file is sent again from the offset that it had, and is closed when the call ends.
func TestRequestBodyFromAFile(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		file := fileOf(t, "head\nrows", 5)
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		req := newRequestOf(t, http.MethodPut, "/upload", file)
		if _, err := sendRequest(t, c.Send, req); err != nil {
			t.Fatal(err)
		}
		for i, r := range srv.Requests() {
			if !bytes.Equal(r.Body, []byte("rows")) {
				t.Errorf("request %d had the body %q; want \"rows\"", i+1, r.Body)
			}
		}
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Stat of the file: %v; want it closed", err)
		}
	})
}

// A pipe is an *os.File as well, but can be read only once.
func TestRequestBodyFromAPipe(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = writer.WriteString("rows")
		_ = writer.Close()
		srv := retrywisetest.New(t, retrywisetest.Status(503))
		c := newClient(t, srv, client.Config{})
		req := newRequestOf(t, http.MethodPut, "/upload", reader)
		_, err = sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent || string(srv.Requests()[0].Body) != "rows" {
			t.Errorf("stop %v, the server got %q; want body_spent, \"rows\"", e.Stop, srv.Requests()[0].Body)
		}
	})
}

// A transport that keeps a body after the attempt has ended, as x/net's does if it finds no
// connection, can no longer read it: it is that of the next attempt, and closed with the call.
func TestRequestBodyThatTheTransportKeeps(t *testing.T) {
	for name, tt := range map[string]struct {
		response *http.Response
		requests int
	}{
		"failure": {nil, 4},
		"success": {&http.Response{StatusCode: 200, Body: http.NoBody}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var kept []io.ReadCloser
				c := onWire(t, func(r *http.Request) (*http.Response, error) {
					kept = append(kept, r.Body)
					if tt.response == nil {
						return nil, errOfTheTest
					}
					return tt.response, nil
				}, client.Config{})
				body := &bodyTracker{Reader: strings.NewReader("rows")}
				req := newRequest(t, "PUT", "/items/7", "")
				req.Body = body
				resp, err := c.Send(req)
				if err == nil {
					_ = resp.Body.Close()
				} else if e := failure(t, err); e.Stop != apierrors.StopAttempts {
					t.Errorf("stop %v; want attempts", e.Stop)
				}
				if len(kept) != tt.requests || !body.closed {
					t.Errorf("sent %d times, closed %v; want %d, true", len(kept), body.closed, tt.requests)
				}
				for _, b := range kept {
					if n, err := b.Read(make([]byte, 4)); n > 0 || err == nil {
						t.Errorf("the transport read %d bytes of it, error %v; want none", n, err)
					}
					_ = b.Close()
				}
			})
		})
	}
}

// A call that a pause refuses closes its body, too.
func TestRequestBodyOfARefusedCallIsClosed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
		body := &bodyTracker{Reader: strings.NewReader("x")}
		req := newRequestOf(t, http.MethodPost, srv.URL()+"/items", body)
		_, err := sendRequest(t, c.Send, req)
		e := failure(t, err)
		if e.Applied != apierrors.AppliedNo || e.Rule != "gate account" || len(e.Attempts) != 0 || !body.closed {
			t.Errorf("applied %v, reason %q, %d attempts, body closed %v; want no, \"gate account\", 0, true", e.Applied, e.Rule, len(e.Attempts), body.closed)
		}
	})
}

// Send refuses a request that a server received, and closes its body.
func TestRequestBodyOfAServersRequestIsClosed(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	body := &bodyTracker{Reader: strings.NewReader("x")}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/items", body)
	if _, err := sendRequest(t, c.Send, req); err == nil || !body.closed {
		t.Errorf("got error %v, body closed %v; want an error, true", err, body.closed)
	}
}
