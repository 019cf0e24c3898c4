package client_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// What the error holds of the vendor's answer.
func TestErrorHasTheResponse(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(422, `{"why":"it is bad"}`, "X-Code", "BAD", "X-Request-Id", "r-1"))
		c := newClient(t, srv, client.Config{})
		_, err := send(t.Context(), t, c, "PUT", "/items/7?key=secret", `{}`, client.CallOptions{Op: "items.put"})
		got := *failure(t, err)
		got.Attempts = nil
		got.Err = nil
		want := apierrors.Error{
			Vendor: "shop", Op: "items.put", Method: "PUT", URL: srv.URL() + "/items/7",
			Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent,
			Reason: "shop code BAD", Hint: "The owner of the data must correct the named fields.",
			Status: 422, Code: "BAD", Summary: "It is bad.", Message: "the vendor's message", RequestID: "r-1",
			Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord, Body: []byte(`{"why":"it is bad"}`),
		}
		if diff := cmp.Diff(want.Detail(), got.Detail()); diff != "" {
			t.Errorf("mismatch (-want +got):\n%s", diff)
		}
		if got.Reason != want.Reason || got.Scope != want.Scope || got.URL != want.URL {
			t.Errorf("got %q %v %q", got.Reason, got.Scope, got.URL)
		}
	})
}

func TestErrorHasTheMethod(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{errOfTheTest}})
	req := newRequest(t, "GET", "/items", "")
	req.Method = ""
	_, err := sendRequest(t, c.Send, client.With(req, client.CallOptions{MaxWait: new(time.Duration(1))}))
	if e := failure(t, err); e.Method != "GET" {
		t.Errorf("method %q", e.Method)
	}
}

// The message is that of the code that decided, or none.
func TestErrorMessageBelongsToTheCode(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422))
		c := newClient(t, srv, client.Config{Vendor: twoCodes{shop{shopPolicy(t)}}})
		_, err := send(t.Context(), t, c, "DELETE", "/items/7", "")
		if e := failure(t, err); e.Code != "BAD" || e.Message != "" || len(e.Fields) != 2 {
			t.Errorf("code %q, message %q, fields %v", e.Code, e.Message, e.Fields)
		}
	})
}

// A vendor of the caller's own may put anything where a code belongs.
func TestErrorCodeIsACode(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", "ana@example.com is taken"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		_, _ = send(t.Context(), t, c, "POST", "/items", "x")
		if a, c := seen.attempts[0].Code, seen.calls[0].Code; a != "" || c != "" {
			t.Errorf("the attempt has code %q, the call %q", a, c)
		}
	})
}

// A vendor that does not explain an error leaves its status.
func TestErrorWithoutAnExplanation(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422))
		_, err := send(t.Context(), t, newClient(t, srv, client.Config{Vendor: keeper{shop: shop{shopPolicy(t)}}}), "POST", "/items", "")
		if e := failure(t, err); e.Status != 422 || e.Class != apierrors.Validation {
			t.Errorf("status %d, class %v", e.Status, e.Class)
		}
	})
}

// A caller that asks for gzip itself gets raw bytes; what they say is understood.
func TestErrorInGzip(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, _ = z.Write([]byte(`{"type":"https://e.test/x","title":"Bad"}`))
		_ = z.Close()
		srv := retrywisetest.New(t, retrywisetest.JSON(422, zipped.String(), "Content-Encoding", "gzip"))
		c, err := client.New(client.Config{Transport: srv.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		req := newRequest(t, http.MethodGet, srv.URL()+"/items", "")
		req.Header.Set("Accept-Encoding", "gzip")
		_, err = sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Message != "Bad" || !bytes.Equal(e.Body, zipped.Bytes()) {
			t.Errorf("message %q, %d bytes of body", e.Message, len(e.Body))
		}
	})
}

// What a vendor tells stays the vendor's.
func TestErrorLeavesTheVendorsFailure(t *testing.T) {
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

// Each attempt tells the wait before it, and no other.
func TestErrorAttemptsHaveTheirWaits(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(503), retrywisetest.Status(503, "Retry-After", "5"), retrywisetest.Status(503), retrywisetest.Status(503))
		_, err := send(t.Context(), t, newClient(t, srv, client.Config{}), "GET", "/items", "")
		var got []time.Duration
		for _, a := range failure(t, err).Attempts {
			got = append(got, a.Wait)
		}
		if diff := cmp.Diff([]time.Duration{0, 250 * time.Millisecond, 5 * time.Second, time.Second}, got); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	})
}
