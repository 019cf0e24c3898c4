package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A Read that blocks for 30 s ends a stream; a slow reader does not.
func TestStreamThatStalls(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
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
		time.Sleep(time.Hour) // virtual
		start := time.Now()
		_, err = resp.Body.Read(first)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
			t.Errorf("Read returned %v after %v; want a timeout after 30s", err, time.Since(start))
		}
	})
}

// A stream that breaks off does so for its reader, as with net/http.
func TestStreamThatIsTruncated(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, "a long export")))
		c := newClient(t, srv, client.Config{})
		req, resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if resp.Request != req {
			t.Error("resp.Request is not the request that was sent")
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("reading returned %v; want unexpected EOF", err)
		}
	})
}
