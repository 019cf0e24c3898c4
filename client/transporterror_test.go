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
	"strings"
	"testing"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Each text of the table is one of net/http's errors.
func TestTransportErrorUnsendableTexts(t *testing.T) {
	wire := client.NewTransport()
	defer wire.CloseIdleConnections()
	requests := map[string]func(*http.Request){
		"unsupported protocol scheme": func(r *http.Request) { r.URL.Scheme = "gopher" },
		"invalid header field":        func(r *http.Request) { r.Header["X-Bad"] = []string{"a\nb"} },
		"invalid method":              func(r *http.Request) { r.Method = "BAD METHOD" },
		"no Host in request URL":      func(r *http.Request) { r.URL.Host = "" },
	}
	for _, known := range client.UnsendableTexts {
		text := known[0]
		spoil := requests[text]
		if spoil == nil {
			t.Errorf("no request produces %q", text)
			continue
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://vendor.test/", nil)
		req.RequestURI = ""
		spoil(req)
		_, err := wire.RoundTrip(req) //nolint:bodyclose // there is no response
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("net/http's error is %v; want %q in it", err, text)
		}
	}
}

// A dial that fails each time is a network failure, and the call was not executed. The error
// wraps the dial's, without the query of the URL.
func TestTransportErrorOfADial(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t)
		refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		c := newClient(t, srv, client.Config{Transport: failing(srv, 99, refused)})
		_, err := send(t.Context(), t, c, "POST", "/items?key=canary", "x")
		e := failure(t, err)
		if e.Class != apierrors.Network || e.Stop != apierrors.StopAttempts || e.Applied != apierrors.AppliedNo || len(e.Attempts) != 4 {
			t.Errorf("class %v, stop %v, applied %v, %d attempts; want network, attempts, no, 4", e.Class, e.Stop, e.Applied, len(e.Attempts))
		}
		if !errors.Is(err, refused) {
			t.Errorf("the error wraps %v; want %v", e.Err, refused)
		}
		if strings.Contains(e.Error()+e.Err.Error(), "canary") {
			t.Errorf("the error prints the query: %v", e.Err)
		}
	})
}

// A certificate that is not trusted is not retried.
func TestTransportErrorOfACertificate(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // it logs the refused handshake
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
		t.Errorf("class %v, action %v, %d attempts, applied %v: %v; want network, fail_fast, 1, no", e.Class, e.Action, len(e.Attempts), e.Applied, e.Err)
	}
}

// A text that net/http uses for a malformed request proves nothing once its body was read.
func TestTransportErrorTextAfterSending(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := onWire(t, func(r *http.Request) (*http.Response, error) {
			_, _ = io.Copy(io.Discard, r.Body) // as if it were sent
			return nil, errors.New("stream error: stream ID 1; PROTOCOL_ERROR; invalid header field value for \"x\"")
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
			t.Errorf("applied %v, %d attempts; want unknown, 1", e.Applied, len(e.Attempts))
		}
	})
}

// After a connection was found, such a text is a network failure.
func TestTransportErrorTextAfterAConnection(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{Transport: wire(func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil {
				return nil, err
			}
			_ = resp.Body.Close()
			return nil, errors.New("http2: invalid header field, says the server")
		})})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Class != apierrors.Network || e.Stop != apierrors.StopUnsafe {
			t.Errorf("class %v, stop %v; want network, unsafe", e.Class, e.Stop)
		}
	})
}

// A transport may return the error of the attempt's context in place of its cause, which the
// client knows.
func TestTransportErrorWithoutACause(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := onWire(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Class != apierrors.Timeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no response: class %v, error %v; want timeout, deadline exceeded", e.Class, e.Err)
		}
		stream := onWire(t, func(r *http.Request) (*http.Response, error) {
			body, writer := io.Pipe()
			context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: body, Header: http.Header{}}, nil
		}, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		resp, err := open(t, stream, "/export") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stream that stalls: %v; want deadline exceeded", err)
		}
	})
}

// A server that responds in HTTP to HTTPS is http.ErrSchemeMismatch, as for net/http.
func TestTransportErrorOfASchemeMismatch(t *testing.T) {
	srv, err := retrywisetest.Start(retrywisetest.Status(200))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	c := newClientOf(t, client.Config{})
	_, err = send(t.Context(), t, c, "POST", strings.Replace(srv.URL(), "http://", "https://", 1), "x", client.CallOptions{MaxAttempts: 1})
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("the error wraps %v; want %v", failure(t, err).Err, http.ErrSchemeMismatch)
	}
}
