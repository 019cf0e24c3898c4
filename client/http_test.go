package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// HTTP returns every response with its whole body, and Check explains it, even if the
// http.Client has a Timeout and so wraps the body.
func TestHTTPReturnsEveryResponse(t *testing.T) {
	long := `{"error":"` + strings.Repeat("x", 1<<20) + `"}`
	type outcome struct {
		Status   int
		Class    apierrors.Class
		Action   apierrors.Action
		Stop     apierrors.Stop
		Code     string
		Attempts int
		Requests int
	}
	down := retrywisetest.JSON(503, long)
	for name, tt := range map[string]struct {
		method  string
		answers script
		body    string
		want    outcome
	}{
		"success":                {"GET", script{retrywisetest.JSON(200, long)}, long, outcome{Status: 200, Requests: 1}},
		"success after a retry":  {"GET", script{down, retrywisetest.JSON(200, long)}, long, outcome{Status: 200, Requests: 2}},
		"all attempts fail":      {"GET", script{down, down, down, down}, long, outcome{503, apierrors.ServerError, apierrors.Retry, apierrors.StopAttempts, "", 4, 4}},
		"retry would be unsafe":  {"POST", script{down}, long, outcome{503, apierrors.ServerError, apierrors.Retry, apierrors.StopUnsafe, "", 1, 1}},
		"refused record":         {"POST", script{retrywisetest.JSON(400, long, "X-Code", "BAD")}, long, outcome{400, apierrors.Validation, apierrors.Surface, apierrors.StopPermanent, "BAD", 1, 1}},
		"wait that does not fit": {"GET", script{retrywisetest.JSON(429, long, "Retry-After", "3600")}, long, outcome{429, apierrors.RateLimited, apierrors.Defer, apierrors.StopMaxWait, "", 1, 1}},
		"accepted failure":       {"DELETE", script{retrywisetest.JSON(404, long, "X-Code", "GONE")}, long, outcome{Status: 404, Requests: 1}},
		"error in a success":     {"POST", script{retrywisetest.JSON(200, `{}`, "X-Code", "BAD")}, `{}`, outcome{200, apierrors.Validation, apierrors.Surface, apierrors.StopPermanent, "BAD", 1, 1}},
	} {
		for _, timeout := range []time.Duration{0, 2 * time.Hour} {
			t.Run(fmt.Sprint(name, ", timeout ", timeout), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.New(t, tt.answers...)
					c := newClient(t, srv, client.Config{})
					hc := c.HTTP()
					hc.Timeout = timeout
					req := newRequest(t, tt.method, srv.URL()+"/items", "x")
					resp, err := hc.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					got := outcome{Status: resp.StatusCode, Requests: len(srv.Requests())}
					if err := c.Check(resp); err != nil {
						e := failure(t, err)
						got.Class, got.Action, got.Stop, got.Code, got.Attempts = e.Class, e.Action, e.Stop, e.Code, len(e.Attempts)
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("outcome (-want +got):\n%s", diff)
					}
					body, err := io.ReadAll(resp.Body)
					if err != nil || string(body) != tt.body {
						t.Errorf("read %d bytes, error %v; want %d", len(body), err, len(tt.body))
					}
				})
			})
		}
	}
}

// Without a response, the error is an *apierrors.Error in net/http's, which reports a
// timeout as usual.
func TestHTTPReturnsTypedErrors(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(200), retrywisetest.Hang())
		p := shopPolicy(t).WithLimit(policy.Limit{Name: "daily", Scope: apierrors.ScopeAccount, Rate: policy.Rate{Count: 1, Per: time.Hour}})
		c := newClient(t, srv, client.Config{Policy: &p})
		if _, err := get(t, c.HTTP(), "/items"); err != nil { //nolint:bodyclose // get closes it
			t.Fatal(err)
		}
		_, err := get(t, c.HTTP(), "/items") //nolint:bodyclose // get closes it
		if _, isURL := errors.AsType[*url.Error](err); !isURL || failure(t, err).Rule != "limit daily" || len(srv.Requests()) != 1 {
			t.Errorf("above a limit: got %v after %d requests; want a url.Error with rule \"limit daily\" after 1", err, len(srv.Requests()))
		}
		time.Sleep(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/items", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sendRequest(t, c.HTTP().Do, req)
		e := failure(t, err)
		timeout, _ := errors.AsType[*url.Error](err)
		if !timeout.Timeout() || !errors.Is(err, context.DeadlineExceeded) || e.Stop != apierrors.StopDeadline {
			t.Errorf("after a deadline: timeout %v, stop %v, error %v; want true, deadline, deadline exceeded", timeout.Timeout(), e.Stop, err)
		}
	})
}
