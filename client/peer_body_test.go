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

// bodies are the kinds of bodies that its NewRequest takes, and those that net/http does.
// again says whether it can be had a second time without a copy of it.
var bodies = map[string]struct {
	open  func(*testing.T) io.Reader
	again bool
}{
	"bytes":        {func(*testing.T) io.Reader { return bytes.NewReader([]byte("hello")) }, true},
	"a string":     {func(*testing.T) io.Reader { return strings.NewReader("hello") }, true},
	"a buffer":     {func(*testing.T) io.Reader { return bytes.NewBufferString("hello") }, true},
	"a file":       {func(t *testing.T) io.Reader { return fileOf(t, "hello", 0) }, true},
	"half a file":  {func(t *testing.T) io.Reader { return fileOf(t, "not this: hello", 10) }, true},
	"a section":    {func(*testing.T) io.Reader { return io.NewSectionReader(strings.NewReader("oh hello"), 3, 5) }, false},
	"a plain one":  {func(*testing.T) io.Reader { return io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")) }, false},
	"only seeking": {func(*testing.T) io.Reader { return struct{ io.ReadSeeker }{strings.NewReader("hello")} }, false},
	"a pipe": {func(*testing.T) io.Reader {
		r, w := io.Pipe()
		go func() { _ = w.CloseWithError(fill(w)) }()
		return r
	}, false},
}

func fill(w io.Writer) error {
	_, err := io.WriteString(w, "hello")
	return err
}

// A server that cannot be reached at first, then fails, then works gets the same whole
// request each time.
//
// Where the peer reads any reader into memory to have it again, we send it once: a stream
// may be larger than memory. The answer to it stands then, and Check says why.
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
						t.Errorf("request %d: %s %s, foo %q, body %q", i+1, r.Method, r.Path, r.Header.Get("Foo"), r.Body)
					}
				}
				if !tt.again {
					if e := failure(t, c.Check(resp)); resp.StatusCode != 500 || e.Stop != apierrors.StopBodySpent {
						t.Errorf("status %d, stop %v", resp.StatusCode, e.Stop)
					}
				}
			})
		})
	}
}

// A server that is not there yet is tried again, a POST as well, as nothing was sent; also
// a body that can be read once, of which nothing was read.
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
					t.Errorf("the server got %v", all)
				}
			})
		})
	}
}

// A body that cannot be read is the caller's to see, as its own error.
func TestPeerBodyThatFails(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{})
		req := newRequest(t, "POST", srv.URL()+"/v1/foo", "")
		req.Body = io.NopCloser(failingBody{})
		_, err := sendRequest(t, c.HTTP().Do, req)
		if e := failure(t, err); !errors.Is(err, errOfTheTest) || len(e.Attempts) != 1 {
			t.Errorf("%d attempts: %v", len(e.Attempts), err)
		}
	})
}
