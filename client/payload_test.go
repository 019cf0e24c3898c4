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
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What reads a file in a way of its own is read in that way, and once.
func TestAReaderOverAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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

type inCapitals struct{ *os.File }

func (c inCapitals) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// A length without a body is refused, as net/http does.
func TestALengthWithoutABody(t *testing.T) {
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
func TestAFileIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
func TestAPipeIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if e := failure(t, err); e.Stop != apierrors.StopBodySpent || string(srv.Requests()[0].Body) != "rows" {
			t.Errorf("stop %v, body %q", e.Stop, srv.Requests()[0].Body)
		}
	})
}

// An upload may take longer than an attempt's timeout, as long as it goes on; one that
// does not go on, or whose answer does not come, ends.
func TestALongUpload(t *testing.T) {
	for name, tt := range map[string]struct {
		pause, answer time.Duration
		isLate        bool
	}{
		"it goes on":           {50 * time.Second, 0, false},
		"it stops":             {2 * time.Minute, 0, true},
		"the answer is late":   {time.Second, 2 * time.Minute, true},
		"the answer is slow":   {time.Second, 50 * time.Second, false},
		"all at once, in time": {0, 59 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, always(retrywisetest.After(tt.answer, retrywisetest.Status(200))))
				c := newClient(t, srv, client.Config{})
				reader, writer := io.Pipe()
				var writing sync.WaitGroup
				defer writing.Wait()
				writing.Go(func() {
					for range 10 {
						time.Sleep(tt.pause)
						_, _ = writer.Write([]byte("row\n"))
					}
					_ = writer.Close()
				})
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", reader)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := c.Send(req)
				if err == nil {
					_ = resp.Body.Close()
				}
				if isLate := err != nil && errors.Is(err, apierrors.Timeout); isLate != tt.isLate || (err != nil) != tt.isLate {
					t.Errorf("error %v; want a timeout: %v", err, tt.isLate)
				}
			})
		})
	}
}

// A transport may keep a body after it has failed, or answered: it is not given to a
// second attempt then, and closed when the transport gives it back.
func TestABodyThatTheTransportKeeps(t *testing.T) {
	for name, answer := range map[string]*http.Response{"no answer": nil, "an answer": {StatusCode: 200, Body: http.NoBody}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
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

func TestAServersRequestIsClosed(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}})
	body := &bodyTracker{Reader: strings.NewReader("x")}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/items", body)
	if _, err := c.Send(req); err == nil || !body.closed { //nolint:bodyclose // there is no answer beside an error
		t.Errorf("%v; body closed %v", err, body.closed)
	}
}

// A smaller request takes the place of a file, which is closed.
func TestAFileThatWasTooLargeIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "rows.csv")
		if err := os.WriteFile(name, []byte("rows"), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(413), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		o := client.CallOptions{Shrink: func(r *http.Request) (*http.Request, error) {
			return http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader("row"))
		}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "/upload", file)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Send(client.With(req, o))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file is still open: %v", err)
		}
	})
}

// A smaller request costs as much as any other retry.
func TestAShrunkRequestIsARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, always(retrywisetest.Status(413)))
		c := newClient(t, srv, client.Config{})
		again := func(r *http.Request) (*http.Request, error) { return r.Clone(r.Context()), nil }
		for range 100 {
			_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{Shrink: again})
		}
		if got := len(srv.Requests()); got != 110 {
			t.Errorf("100 calls made %d requests; want 110", got)
		}
	})
}

// Time for an attempt counts from when the upload last went on.
func TestWhenALongUploadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		reader, writer := io.Pipe()
		go func() {
			time.Sleep(10 * time.Second) // virtual
			_ = writer.Close()
		}()
		began := time.Now()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", reader)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Send(req) //nolint:bodyclose // there is no answer beside an error
		if took := time.Since(began); !errors.Is(err, apierrors.Timeout) || took != 70*time.Second {
			t.Errorf("%v after %v; want a timeout after 70s", err, took)
		}
	})
}
