package client_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// bodies are the kinds of bodies that NewRequest of the peer or of net/http takes. again says
// whether it can be read again without a copy.
var bodies = map[string]struct {
	open  func(*testing.T) io.Reader
	again bool
}{
	"bytes":        {func(*testing.T) io.Reader { return bytes.NewReader([]byte("hello")) }, true},
	"string":       {func(*testing.T) io.Reader { return strings.NewReader("hello") }, true},
	"buffer":       {func(*testing.T) io.Reader { return bytes.NewBufferString("hello") }, true},
	"file":         {func(t *testing.T) io.Reader { return fileOf(t, "hello", 0) }, true},
	"half a file":  {func(t *testing.T) io.Reader { return fileOf(t, "not this: hello", 10) }, true},
	"section":      {func(*testing.T) io.Reader { return io.NewSectionReader(strings.NewReader("oh hello"), 3, 5) }, false},
	"plain reader": {func(*testing.T) io.Reader { return io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")) }, false},
	"seeker":       {func(*testing.T) io.Reader { return struct{ io.ReadSeeker }{strings.NewReader("hello")} }, false},
	"pipe": {func(*testing.T) io.Reader {
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(fill(w)) }()
		return r
	}, false},
}

func fill(w io.Writer) error {
	_, err := io.WriteString(w, "hello")
	return err
}

// A server that fails gets the same whole request each time.
//
// The peer reads a stream into memory to send it again. Here it is sent once, as it may be
// larger than memory; its response is returned, and Check says why.
func TestPeerBodyIsSentWholeEachTime(t *testing.T) {
	for name, tt := range bodies {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := script{retrywisetest.HTML(500)}
				if tt.again {
					answers = append(answers, retrywisetest.HTML(500), retrywisetest.Status(200))
				}
				srv := retrywisetest.New(t, answers...)
				c := newClient(t, srv, client.Config{})
				req := newRequestOf(t, http.MethodPut, srv.URL()+"/v1/foo", tt.open(t))
				req.Header.Set("Foo", "bar")
				resp, err := c.HTTP().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				for i, r := range srv.Requests() {
					if r.Method != "PUT" || r.Path != "/v1/foo" || r.Header.Get("Foo") != "bar" || string(r.Body) != "hello" {
						t.Errorf("request %d: %s %s, Foo %q, body %q; want PUT /v1/foo, bar, hello", i+1, r.Method, r.Path, r.Header.Get("Foo"), r.Body)
					}
				}
				if !tt.again {
					if e := failure(t, c.Check(resp)); resp.StatusCode != 500 || e.Stop != apierrors.StopBodySpent {
						t.Errorf("got status %d, stop %v; want 500, body_spent", resp.StatusCode, e.Stop)
					}
				}
			})
		})
	}
}

// While a server refuses connections, even a POST is retried, as nothing was sent, and even a
// stream, as nothing was read.
func TestPeerServerThatStartsLate(t *testing.T) {
	for name, tt := range bodies {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(200))
				wire := failing(srv, 2, &net.OpError{Op: "dial", Err: errors.New("connection refused")})
				defer wire.(*http.Transport).CloseIdleConnections()
				c := newClient(t, srv, client.Config{Transport: wire})
				req := newRequestOf(t, http.MethodPost, srv.URL()+"/v1/foo", tt.open(t))
				if _, err := sendRequest(t, c.HTTP().Do, req); err != nil {
					t.Fatal(err)
				}
				if all := srv.Requests(); len(all) != 1 || string(all[0].Body) != "hello" {
					t.Errorf("the server got %v; want one request with the body hello", all)
				}
			})
		})
	}
}

// The error of a body that cannot be read can be found in the one that is returned.
func TestPeerBodyThatFails(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "POST", srv.URL()+"/v1/foo", "")
		req.Body = io.NopCloser(failingBody{})
		_, err := sendRequest(t, c.HTTP().Do, req)
		if e := failure(t, err); !errors.Is(err, errOfTheTest) || len(e.Attempts) != 1 {
			t.Errorf("got error %v after %d attempts; want the test's after 1", err, len(e.Attempts))
		}
	})
}
