package client_test

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An upload may take longer than the attempt's timeout as long as it makes progress. One that
// stops, or gets no response, ends.
func TestUploadMayOutlastTheTimeout(t *testing.T) {
	for name, tt := range map[string]struct {
		pause, response time.Duration // between two writes of the upload; from its end to the response
		isTimeout       bool
	}{
		"slow upload":      {50 * time.Second, 0, false},
		"upload stops":     {2 * time.Minute, 0, true},
		"response is late": {time.Second, 2 * time.Minute, true},
		"slow response":    {time.Second, 50 * time.Second, false},
		"upload at once":   {0, 59 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.After(tt.response, retrywisetest.Status(200)))
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
				req := newRequestOf(t, http.MethodPost, "/upload", reader)
				_, err := sendRequest(t, c.Send, req)
				if isTimeout := errors.Is(err, apierrors.Timeout); isTimeout != tt.isTimeout || (err != nil) != tt.isTimeout {
					t.Errorf("got error %v; want a timeout: %v", err, tt.isTimeout)
				}
			})
		})
	}
}

// The timeout of an attempt runs from when its body was last read.
func TestUploadTimeoutRunsFromItsLastRead(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		reader, writer := io.Pipe()
		go func() {
			time.Sleep(10 * time.Second) // virtual
			_ = writer.Close()
		}()
		start := time.Now()
		req := newRequestOf(t, http.MethodPost, "/upload", reader)
		_, err := sendRequest(t, c.Send, req)
		if took := time.Since(start); !errors.Is(err, apierrors.Timeout) || took != 70*time.Second {
			t.Errorf("got error %v after %v; want a timeout after 70s", err, took)
		}
	})
}
