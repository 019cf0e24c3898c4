package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// shopAt is a shop whose data names its address.
type shopAt struct{ shop }

func (s shopAt) Profile() policy.Profile {
	p := s.shop.Profile()
	p.BaseURL = "https://api.vendor.test"
	return p
}

// filled is a body of some length that comes in odd pieces and then, if slow is set,
// blocks until it is closed.
type filled struct {
	rest, piece int
	slow        bool
	over        chan struct{}
	once        sync.Once
	read        *atomic.Int64
}

func (b *filled) Read(p []byte) (int, error) {
	n := min(len(p), b.rest, b.piece)
	b.rest -= n
	b.read.Add(int64(n))
	switch {
	case n > 0:
		return n, nil
	case b.slow:
		<-b.over
		return 0, net.ErrClosed
	default:
		return 0, io.EOF
	}
}

func (b *filled) Close() error {
	b.once.Do(func() { close(b.over) })
	return nil
}

// A transport that tells of an ended context no more than that it ended: the reason is
// ours, and we know it.
func TestATransportThatDoesNotTellTheCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := onWire(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Class != apierrors.Timeout || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no answer: class %v, %v", e.Class, e.Err)
		}
		stream := onWire(t, func(r *http.Request) (*http.Response, error) {
			body, writer := io.Pipe()
			context.AfterFunc(r.Context(), func() { _ = writer.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: body, Header: http.Header{}}, nil
		}, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
		_, resp, err := open(t, stream, "/export") //nolint:bodyclose // open does
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stream that stalls: %v", err)
		}
	})
}

// What a vendor tells stays the vendor's.
func TestAVendorsFailureIsNotChanged(t *testing.T) {
	const secret = "12345678"
	told := &policy.Failure{Status: 422, Items: []apierrors.Field{{Path: secret, Code: secret}}}
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Body: http.NoBody}, nil
	}, client.Config{Vendor: keeper{shop{shopPolicy(t)}, told}, Auth: client.Bearer(secret)})
	_, _ = send(t.Context(), t, c, "PUT", "/items/7", "")
	if diff := cmp.Diff([]apierrors.Field{{Path: secret, Code: secret}}, told.Items); diff != "" {
		t.Errorf("the vendor's own (-want +got):\n%s", diff)
	}
}

// An attempt that is not sent holds nothing either.
func TestAnAttemptThatIsNotSentEnds(t *testing.T) {
	var ctx context.Context
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{}, Auth: unready{&ctx}})
	_, err := send(t.Context(), t, c, "GET", "/items", "")
	if ctx.Err() == nil || !errors.Is(err, errOfTheTest) {
		t.Errorf("its context goes on: %v", err)
	}
}

// The same text, where a connection was had for certain: it is the connection's failure.
func TestAHopelessTextBehindAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, always(retrywisetest.Status(200)))
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
			t.Errorf("class %v, stop %v", e.Class, e.Stop)
		}
	})
}

// stuck is a body that cannot be closed.
type stuck struct{ io.Reader }

func (stuck) Close() error { return errOfTheTest }
