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

// An upload may take longer than an attempt's timeout, as long as it goes on; one that
// does not go on, or whose answer does not come, ends.
func TestUploadMayOutlastTheTimeout(t *testing.T) {
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
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.After(tt.answer, retrywisetest.Status(200)))
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

// Time for an attempt counts from when the upload last went on.
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
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/upload", reader)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sendRequest(t, c.Send, req)
		if took := time.Since(start); !errors.Is(err, apierrors.Timeout) || took != 70*time.Second {
			t.Errorf("%v after %v; want a timeout after 70s", err, took)
		}
	})
}
