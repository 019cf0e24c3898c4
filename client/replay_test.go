package client_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/testserver"
)

// The parts of HTTP/2 (RFC 9113) that the server below needs.
const (
	frameHeaders, frameReset, frameSettings = 1, 3, 4
	flagAck, flagEndStream, flagEndHeaders  = 1, 1, 4
	protocolError                           = 1
	status200                               = 0x88 // indexed in HPACK's static table
)

// resettingServer is an HTTP/2 server that takes whole requests, resets the stream of
// the first with PROTOCOL_ERROR, and answers the others. It counts what it took.
type resettingServer struct {
	net.Listener
	wire  *http.Transport
	taken atomic.Int64
}

func newResettingServer(t *testing.T) *resettingServer {
	t.Helper()
	forItsCertificate := httptest.NewTLSServer(http.NotFoundHandler())
	defer forItsCertificate.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: forItsCertificate.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	trusting, _ := forItsCertificate.Client().Transport.(*http.Transport)
	s := &resettingServer{Listener: listener, wire: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: trusting.TLSClientConfig.RootCAs}, ForceAttemptHTTP2: true,
	}}
	var serving sync.WaitGroup
	over := make(chan struct{})
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.serve(conn) })
			serving.Go(func() {
				<-over
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		close(over)
		serving.Wait()
	})
	return s
}

func (s *resettingServer) serve(conn net.Conn) {
	defer conn.Close()
	preface := make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	if _, err := io.ReadFull(conn, preface); err != nil {
		return
	}
	_, _ = conn.Write(frame(frameSettings, 0, 0, nil))
	for {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		if _, err := io.CopyN(io.Discard, conn, int64(length)); err != nil {
			return
		}
		switch kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:]); {
		case kind == frameSettings && flags&flagAck == 0:
			_, _ = conn.Write(frame(frameSettings, flagAck, 0, nil))
		case stream != 0 && flags&flagEndStream != 0: // the request is here, whole
			if s.taken.Add(1) == 1 {
				_, _ = conn.Write(frame(frameReset, 0, stream, binary.BigEndian.AppendUint32(nil, protocolError)))
			} else {
				_, _ = conn.Write(frame(frameHeaders, flagEndHeaders|flagEndStream, stream, []byte{status200}))
			}
		}
	}
}

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	n := len(payload)
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	return append(binary.BigEndian.AppendUint32(head, stream), payload...)
}

// net/http repeats a POST without a body over HTTP/2 by itself. Here it is sent once, and
// its outcome is unknown.
func TestAWriteIsNotRepeatedBehindOurBack(t *testing.T) {
	post := func(url string) *http.Request {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	alone := newResettingServer(t)
	resp, err := alone.wire.RoundTrip(post("https://" + alone.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	for name, body := range map[string]string{"without a body": "", "with one": "x"} {
		t.Run(name, func(t *testing.T) {
			srv := newResettingServer(t)
			c := newClient(t, nil, client.Config{BaseURL: "https://" + srv.Addr().String(), Transport: srv.wire})
			_, err := send(t.Context(), t, c, "POST", "/items", body)
			e := failure(t, err)
			if e.Applied != apierrors.AppliedUnknown || e.Stop != apierrors.StopUnsafe || srv.taken.Load() != 1 {
				t.Errorf("applied %v, stop %v, taken %d times: %v", e.Applied, e.Stop, srv.taken.Load(), e.Err)
			}
		})
	}
	t.Logf("net/http alone: taken %d times", alone.taken.Load())
	if alone.taken.Load() < 2 {
		t.Error("net/http alone does not repeat it any more: the guard can go")
	}
}

// A transport that sends again after an answer, such as for digest authentication, may.
func TestATransportThatSendsAgainAfterAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := testserver.New(t, testserver.Status(401), testserver.Status(200))
		digest := wire(func(r *http.Request) (*http.Response, error) {
			resp, err := srv.Transport().RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusUnauthorized {
				return resp, err
			}
			_ = resp.Body.Close()
			again := r.Clone(r.Context())
			again.Header.Set("Authorization", "Digest x")
			return srv.Transport().RoundTrip(again)
		})
		c := newClient(t, srv, client.Config{Transport: digest})
		if status, err := send(t.Context(), t, c, "POST", "/items", ""); err != nil || status != 200 {
			t.Errorf("status %d, %v", status, err)
		}
	})
}
