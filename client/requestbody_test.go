package client_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

func TestRequestBodyIsSentAgain(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
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
		_, err = sendRequest(t, c.Send, req)
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

type inCapitals struct{ *os.File }

func (c inCapitals) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// What reads a file in a way of its own is read in that way, and once.
func TestRequestBodyThatEmbedsAFile(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("rows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", inCapitals{file})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := newClient(t, srv, client.Config{}).Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := string(srv.Requests()[0].Body); got != "ROWS" {
			t.Errorf("it got %q", got)
		}
	})
}

// A length without a body is refused, as net/http does.
func TestRequestBodyIsMissing(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	for through, send := range doors {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://vendor.test/items", nil)
		req.RequestURI, req.Body, req.ContentLength = "", nil, 5
		_, err := send(c, req) //nolint:bodyclose // there is no answer
		if e := failure(t, err); e.Class != apierrors.MalformedRequest || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: class %v, applied %v", through, e.Class, e.Applied)
		}
	}
}

// A file is sent again from where it stood, without a copy of it, and closed in the end.
func TestRequestBodyFromAFile(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("head\nrows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, file, 5); err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", file)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		for i, r := range srv.Requests() {
			if !bytes.Equal(r.Body, []byte("rows")) {
				t.Errorf("request %d had %q", i+1, r.Body)
			}
		}
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file is still open: %v", err)
		}
	})
}

// A pipe can be read once, though its type says that it has offsets: the answer stands.
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
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", reader)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent || string(srv.Requests()[0].Body) != "rows" {
			t.Errorf("stop %v, body %q", e.Stop, srv.Requests()[0].Body)
		}
	})
}

// A transport may keep a body after it has failed, or answered: it is not given to a
// second attempt then, and closed when the transport gives it back.
func TestRequestBodyThatTheTransportKeeps(t *testing.T) {
	for name, answer := range map[string]*http.Response{"no answer": nil, "an answer": {StatusCode: 200, Body: http.NoBody}} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				var kept []io.ReadCloser
				c := onWire(t, func(r *http.Request) (*http.Response, error) {
					kept = append(kept, r.Body)
					if answer == nil {
						return nil, errOfTheTest
					}
					return answer, nil
				}, client.Config{})
				body := &bodyTracker{Reader: strings.NewReader("rows")}
				req := newRequest(t, "PUT", "/items/7", "")
				req.Body = body
				resp, err := c.Send(req)
				if err == nil {
					_ = resp.Body.Close()
				} else if e := failure(t, err); e.Stop != apierrors.StopBodySpent {
					t.Errorf("stop %v", e.Stop)
				}
				if len(kept) != 1 || body.closed {
					t.Errorf("sent %d times; closed %v while the transport had it", len(kept), body.closed)
				}
				for _, b := range kept {
					_ = b.Close()
				}
				if !body.closed {
					t.Error("the body is still open")
				}
			})
		})
	}
}

// A call that is never sent closes its body as well.
func TestRequestBodyOfARefusedCallIsClosed(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"))
		c := newClient(t, srv, client.Config{})
		_, _ = send(t.Context(), t, c, "GET", "/items/7", "")
		body := &bodyTracker{Reader: strings.NewReader("x")}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+"/items", body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sendRequest(t, c.Send, req)
		e := failure(t, err)
		if e.Applied != apierrors.AppliedNo || e.Reason != "gate account" || len(e.Attempts) != 0 || !body.closed {
			t.Errorf("applied %v, reason %q, %d attempts, body closed %v", e.Applied, e.Reason, len(e.Attempts), body.closed)
		}
	})
}

func TestRequestBodyOfAServersRequestIsClosed(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	body := &bodyTracker{Reader: strings.NewReader("x")}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/items", body)
	if _, err := c.Send(req); err == nil || !body.closed { //nolint:bodyclose // there is no answer beside an error
		t.Errorf("%v; body closed %v", err, body.closed)
	}
}
