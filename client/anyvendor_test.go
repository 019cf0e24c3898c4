package client_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Without a vendor, responses are judged by status, and Retry-After is honoured.
func TestAnyVendorHonoursRetryAfter(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503, "Retry-After", "7"), retrywisetest.JSON(200, `{}`))
		c, err := client.New(client.Config{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		status, err := send(t.Context(), t, c, "GET", srv.URL()+"/any", "")
		if status != 200 || err != nil || time.Since(start) != 7*time.Second {
			t.Errorf("got status %d, error %v after %v; want 200 after 7s", status, err, time.Since(start))
		}
	})
}

// Without a vendor, problem documents (RFC 9457) are read.
func TestAnyVendorReadsProblemDocuments(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(422, `{"type":"https://e.test/x","title":"Bad","errors":[{"detail":"must be positive","pointer":"#/age"}]}`,
			"Content-Type", "application/problem+json"))
		c, err := client.New(client.Config{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = send(t.Context(), t, c, "POST", srv.URL()+"/any", "x")
		want := []apierrors.Field{{Path: "age", Message: "must be positive"}}
		e := failure(t, err)
		if diff := cmp.Diff(want, e.Fields); diff != "" || e.Class != apierrors.Validation {
			t.Errorf("class %v, want validation; fields (-want +got):\n%s", e.Class, diff)
		}
	})
}
