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
		time.Sleep(time.Hour) // virtual: a slow consumer is not cut
		start := time.Now()
		_, err = resp.Body.Read(first)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
			t.Errorf("Read = %v after %v; want a timeout after 30s", err, time.Since(start))
		}
	})
}

func TestStreamThatIsTruncated(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.JSON(200, "a long export")))
		c := newClient(t, srv, client.Config{})
		req, resp, err := open(t, c, "/export") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if resp.Request != req {
			t.Error("resp.Request is not the caller's")
		}
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("reading = %v; want an unexpected EOF", err)
		}
	})
}
