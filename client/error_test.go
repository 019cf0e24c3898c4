package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// An error has what the response says, and no query of the URL.
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
			Rule: "shop code BAD", Hint: "The owner of the data must correct the named fields.",
			Status: 422, Code: "BAD", Summary: "It is bad.", Message: "the vendor's message", RequestID: "r-1",
			Applied: apierrors.AppliedNo, Scope: apierrors.ScopeRecord, Body: []byte(`{"why":"it is bad"}`),
		}
		if diff := cmp.Diff(want.Detail(), got.Detail()); diff != "" {
			t.Errorf("Detail (-want +got):\n%s", diff)
		}
		if got.Rule != want.Rule || got.Scope != want.Scope || got.URL != want.URL {
			t.Errorf("got reason %q, scope %v, URL %q; want %q, %v, %q", got.Rule, got.Scope, got.URL, want.Rule, want.Scope, want.URL)
		}
	})
}

// An empty method is GET, in the error as well.
func TestErrorHasTheMethod(t *testing.T) {
	c := newClient(t, nil, client.Config{BaseURL: "http://vendor.test", Transport: silent{errOfTheTest}})
	req := newRequest(t, "GET", "/items", "")
	req.Method = ""
	_, err := sendRequest(t, c.Send, client.With(req, client.CallOptions{MaxWait: new(time.Duration(1))}))
	if e := failure(t, err); e.Method != "GET" {
		t.Errorf("method %q; want GET", e.Method)
	}
}

// The message is that of the code that decided, and not another's.
func TestErrorMessageBelongsToTheCode(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422))
		c := newClient(t, srv, client.Config{Vendor: twoCodes{shop{shopPolicy(t)}}})
		_, err := send(t.Context(), t, c, "DELETE", "/items/7", "")
		if e := failure(t, err); e.Code != "BAD" || e.Message != "" || len(e.Fields) != 2 {
			t.Errorf("code %q, message %q, fields %v; want BAD, none, 2 fields", e.Code, e.Message, e.Fields)
		}
	})
}

// Text in place of a code, which may hold personal data, appears in no event.
func TestErrorCodeIsACode(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", "ana@example.com is taken"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		_, _ = send(t.Context(), t, c, "POST", "/items", "x")
		if a, c := seen.attempts[0].Code, seen.calls[0].Code; a != "" || c != "" {
			t.Errorf("the attempt has code %q, the call %q; want none", a, c)
		}
	})
}

// An error that Decode does not explain is classified by its status.
func TestErrorWithoutAnExplanation(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422))
		_, err := send(t.Context(), t, newClient(t, srv, client.Config{Vendor: keeper{shop: shop{shopPolicy(t)}}}), "POST", "/items", "")
		if e := failure(t, err); e.Status != 422 || e.Class != apierrors.Validation {
			t.Errorf("status %d, class %v; want 422, validation", e.Status, e.Class)
		}
	})
}

// An error in gzip that the caller asked for is decoded. Body is as it was received.
func TestErrorInGzip(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		body := zipped(`{"type":"https://e.test/x","title":"Bad"}`)
		srv := retrywisetest.New(t, retrywisetest.JSON(422, body, "Content-Encoding", "gzip"))
		c := newClientOf(t, client.Config{Transport: srv.Transport()})
		req := newRequest(t, http.MethodGet, srv.URL()+"/items", "")
		req.Header.Set("Accept-Encoding", "gzip")
		_, err := sendRequest(t, c.Send, req)
		if e := failure(t, err); e.Message != "Bad" || string(e.Body) != body {
			t.Errorf("message %q, Body of %d bytes; want Bad, %d", e.Message, len(e.Body), len(body))
		}
	})
}

// The failure that a vendor returns is not changed, even where the error's copy is redacted.
func TestErrorLeavesTheVendorsFailure(t *testing.T) {
	const secret = "12345678"
	decoded := &policy.Failure{Status: 422, Items: []apierrors.Field{{Path: secret, Code: secret}}}
	c := onWire(t, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 422, Body: http.NoBody}, nil
	}, client.Config{Vendor: keeper{shop{shopPolicy(t)}, decoded}, Auth: client.Bearer(secret)})
	_, _ = send(t.Context(), t, c, "PUT", "/items/7", "")
	if diff := cmp.Diff([]apierrors.Field{{Path: secret, Code: secret}}, decoded.Items); diff != "" {
		t.Errorf("the vendor's items (-want +got):\n%s", diff)
	}
}

// Each attempt has the wait before it.
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

// An error whose body is not in gzip, though its header says so, is decoded as it is.
func TestErrorInInvalidGzip(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.JSON(422, `{"type":"https://e.test/x","title":"Bad"}`, "Content-Encoding", "gzip"))
		c := newClientOf(t, client.Config{Transport: srv.Transport()})
		_, err := sendRequest(t, c.Send, newRequest(t, http.MethodGet, srv.URL()+"/items", "", "Accept-Encoding", "gzip"))
		if e := failure(t, err); e.Message != "Bad" || e.Class != apierrors.Validation {
			t.Errorf("message %q, class %v; want Bad, validation", e.Message, e.Class)
		}
	})
}
