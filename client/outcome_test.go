package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// failing is a transport that dials in vain a number of times, then goes on to srv.
func failing(srv *retrywisetest.Server, times int, err error) http.RoundTripper {
	wire := srv.Transport().Clone()
	dial := wire.DialContext
	wire.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if times--; times >= 0 {
			return nil, err
		}
		return dial(ctx, network, address)
	}
	return wire
}

// What was never sent is sent again, a POST as well.
func TestADialThatFailsProvesThatNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200))
		refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		wire := failing(srv, 2, refused)
		c := newClient(t, srv, client.Config{Transport: wire})
		if _, err := send(t.Context(), t, c, "POST", "/items", "x"); err != nil {
			t.Errorf("a POST that was never sent: %v", err)
		}
		wire.(*http.Transport).CloseIdleConnections()
	})
}

func TestADialThatNeverWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		c := newClient(t, srv, client.Config{Transport: failing(srv, 99, refused)})
		_, err := send(t.Context(), t, c, "POST", "/items?key=canary", "x")
		e := failure(t, err)
		if e.Class != apierrors.Network || e.Stop != apierrors.StopAttempts || e.Applied != apierrors.AppliedNo || len(e.Attempts) != 4 {
			t.Errorf("class %v, stop %v, applied %v, %d attempts", e.Class, e.Stop, e.Applied, len(e.Attempts))
		}
		if !errors.Is(err, refused) {
			t.Errorf("the cause is lost: %v", e.Err)
		}
		if strings.Contains(e.Error()+e.Err.Error(), "canary") {
			t.Errorf("the query is printed: %v", e.Err)
		}
	})
}

// silent is a transport that tells httptrace nothing.
type silent struct{ err error }

func (s silent) RoundTrip(*http.Request) (*http.Response, error) { return nil, s.err }

// Without a proof, the outcome is unknown.
func TestATransportThatTellsNothingProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		c := newClient(t, srv, client.Config{Transport: silent{&net.OpError{Op: "dial", Err: errors.New("so it says")}}})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Stop != apierrors.StopUnsafe || e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
			t.Errorf("stop %v, applied %v, %d attempts", e.Stop, e.Applied, len(e.Attempts))
		}
	})
}

// Each text of the table is what net/http says today.
func TestPermanentTexts(t *testing.T) {
	wire := client.NewTransport()
	defer wire.CloseIdleConnections()
	requests := map[string]func(*http.Request){
		"unsupported protocol scheme": func(r *http.Request) { r.URL.Scheme = "gopher" },
		"invalid header field":        func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} },
		"invalid method":              func(r *http.Request) { r.Method = "BAD METHOD" },
		"no Host in request URL":      func(r *http.Request) { r.URL.Host = "" },
	}
	for _, text := range client.PermanentTexts {
		spoil := requests[text]
		if spoil == nil {
			t.Errorf("no request produces %q", text)
			continue
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/", nil)
		req.RequestURI = ""
		spoil(req)
		_, err := wire.RoundTrip(req) //nolint:bodyclose // there is no answer
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("net/http says %v; the table has %q", err, text)
		}
	}
}

func TestARequestThatCannotBeSent(t *testing.T) {
	c, err := client.New(client.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for name, spoil := range map[string]func(*http.Request){
		"a header with a line break": func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} },
		"a scheme that is not HTTP":  func(r *http.Request) { r.URL.Scheme = "gopher" },
		"no host and no base":        func(r *http.Request) { r.URL.Host = "" },
		"no URL":                     func(r *http.Request) { r.URL = nil },
		"a server's request":         func(r *http.Request) { r.RequestURI = "/" },
		"no path of its own":         func(r *http.Request) { r.URL = &url.URL{Scheme: "mailto", Opaque: "a@b.c"} },
	} {
		req := newRequest(t, http.MethodPost, "http://vendor.test/", "x")
		spoil(req)
		_, err := c.Send(req) //nolint:bodyclose // there is no answer beside an error
		e := failure(t, err)
		if e.Class != apierrors.MalformedRequest || e.Action != apierrors.FailFast || e.Applied != apierrors.AppliedNo {
			t.Errorf("%s: %v, action %v, applied %v", name, e, e.Action, e.Applied)
		}
	}
}

func TestABadCertificateIsNotTriedAgain(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the refused handshake
	srv.StartTLS()
	defer srv.Close()
	wire := client.NewTransport()
	wire.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	defer wire.CloseIdleConnections()
	c, err := client.New(client.Config{Transport: wire})
	if err != nil {
		t.Fatal(err)
	}
	_, err = send(t.Context(), t, c, "GET", srv.URL, "")
	e := failure(t, err)
	if e.Class != apierrors.Network || e.Action != apierrors.FailFast || len(e.Attempts) != 1 || e.Applied != apierrors.AppliedNo {
		t.Errorf("class %v, action %v, %d attempts, applied %v: %v", e.Class, e.Action, len(e.Attempts), e.Applied, e.Err)
	}
}

// The body of an error is read within its bounds, whatever the vendor does.
func TestAnErrorBodyThatTrickles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte("x")); err != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				time.Sleep(50 * time.Millisecond) // virtual
			}
		}))
		c := newClient(t, srv, client.Config{})
		began := time.Now()
		_, err := send(t.Context(), t, c, "POST", "/items/7", "")
		if e := failure(t, err); e.Status != 400 || len(e.Body) == 0 || len(e.Attempts) != 1 {
			t.Errorf("status %d with %d bytes after %d attempts", e.Status, len(e.Body), len(e.Attempts))
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("took %v; want no more than 2s", took)
		}
	})
}

func TestAnErrorBodyThatIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 1<<20)
		srv := retrywisetest.New(t, retrywisetest.Text(400, long))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "GET", "/items/7", "")
		if e := failure(t, err); len(e.Body) != 64<<10 {
			t.Errorf("kept %d bytes; want 64 KiB", len(e.Body))
		}
	})
}

func TestAStreamThatStallsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("first"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
		c := newClient(t, srv, client.Config{})
		_, resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 5)
		if _, err := resp.Body.Read(first); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // virtual: a slow consumer is not cut
		began := time.Now()
		_, err = resp.Body.Read(first)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 30*time.Second {
			t.Errorf("Read = %v after %v; want a timeout after 30s", err, time.Since(began))
		}
	})
}

// Calls that fail leave the pool alone: all go over one connection.
func TestFailingCallsKeepTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		srv := retrywisetest.Handle(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if n++; n%11 == 0 {
				http.Error(w, "no", http.StatusUnprocessableEntity)
			}
		}))
		c := newClient(t, srv, client.Config{})
		failed := 0
		for range 220 {
			if _, err := send(t.Context(), t, c, "GET", "/items/7", ""); err != nil {
				failed++
			}
		}
		if failed != 20 || srv.Conns() != 1 {
			t.Errorf("%d failed calls, %d connections; want 20 and 1", failed, srv.Conns())
		}
	})
}

// A text that net/http has for a hopeless request proves nothing after one was sent.
func TestAHopelessTextAfterSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := onWire(t, func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body) // it is executed
			return nil, errors.New("stream error: stream ID 1; PROTOCOL_ERROR; invalid header field value for \"x\"")
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
			t.Errorf("class %v, applied %v, %d attempts", e.Class, e.Applied, len(e.Attempts))
		}
	})
}

func TestWhatWasNeverHandedOverWasNotSent(t *testing.T) {
	t.Run("the body cannot be had again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "1"))
			c := newClient(t, srv, client.Config{})
			req := newRequest(t, http.MethodPost, "/items", "x")
			req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("the file is gone") }
			_, err := c.Send(req) //nolint:bodyclose // there is no answer beside an error
			if e := failure(t, err); e.Applied != apierrors.AppliedNo {
				t.Errorf("applied %v, stop %v", e.Applied, e.Stop)
			}
		})
	})
	t.Run("the caller gives up while the token is fetched", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := retrywisetest.New(t)
			c := newClient(t, srv, client.Config{Auth: renewable("", func(ctx context.Context) (string, error) {
				<-ctx.Done()
				return "", ctx.Err()
			})})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := send(ctx, t, c, "POST", "/items", "x")
			if e := failure(t, err); e.Applied != apierrors.AppliedNo || e.Class != apierrors.Canceled {
				t.Errorf("class %v, applied %v", e.Class, e.Applied)
			}
		})
	})
}

// A transport may give what http.Transport never does.
func TestAnAnswerWithoutABody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, want := range map[int]apierrors.Class{204: apierrors.None, 500: apierrors.ServerError, 0: apierrors.Network} {
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				if status == 0 {
					return nil, nil //nolint:nilnil // the point
				}
				return &http.Response{StatusCode: status}, nil
			}, client.Config{})
			if _, err := send(t.Context(), t, c, "POST", "/items", "x"); apierrors.ClassOf(err) != want {
				t.Errorf("status %d: %v", status, err)
			}
		}
	})
}
