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
	"github.com/retrywise/retrywise/retrywisetest"
)

// Through HTTP(), an answer is an answer, whole and whatever it says; Check tells what it
// means, also where the caller's http.Client has a Timeout, which wraps the body.
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
		"a success":          {"GET", script{retrywisetest.JSON(200, long)}, long, outcome{Status: 200, Requests: 1}},
		"after a repeat":     {"GET", script{down, retrywisetest.JSON(200, long)}, long, outcome{Status: 200, Requests: 2}},
		"given up":           {"GET", script{down, down, down, down}, long, outcome{503, apierrors.ServerError, apierrors.Retry, apierrors.StopAttempts, "", 4, 4}},
		"not safe to repeat": {"POST", script{down}, long, outcome{503, apierrors.ServerError, apierrors.Retry, apierrors.StopUnsafe, "", 1, 1}},
		"a refused record":   {"POST", script{retrywisetest.JSON(400, long, "X-Code", "BAD")}, long, outcome{400, apierrors.Validation, apierrors.Surface, apierrors.StopPermanent, "BAD", 1, 1}},
		"deferred":           {"GET", script{retrywisetest.JSON(429, long, "Retry-After", "3600")}, long, outcome{429, apierrors.RateLimited, apierrors.Defer, apierrors.StopMaxWait, "", 1, 1}},
		"accepted":           {"DELETE", script{retrywisetest.JSON(404, long, "X-Code", "GONE")}, long, outcome{Status: 404, Requests: 1}},
		"a 2xx that is none": {"POST", script{retrywisetest.JSON(200, `{}`, "X-Code", "BAD")}, `{}`, outcome{200, apierrors.Validation, apierrors.Surface, apierrors.StopPermanent, "BAD", 1, 1}},
	} {
		for _, timeout := range []time.Duration{0, 2 * time.Hour} {
			t.Run(fmt.Sprint(name, ", timeout ", timeout), func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					srv := retrywisetest.New(t, tt.answers...)
					hc := newClient(t, srv, client.Config{})
					standard := hc.HTTP()
					standard.Timeout = timeout
					req := newRequest(t, tt.method, srv.URL()+"/items", "x")
					resp, err := standard.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					got := outcome{Status: resp.StatusCode, Requests: len(srv.Requests())}
					if told := hc.Check(resp); told != nil {
						e := failure(t, told)
						got.Class, got.Action, got.Stop, got.Code, got.Attempts = e.Class, e.Action, e.Stop, e.Code, len(e.Attempts)
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("mismatch (-want +got):\n%s", diff)
					}
					body, err := io.ReadAll(resp.Body)
					if err != nil || string(body) != tt.body {
						t.Errorf("%d bytes, %v; want %d", len(body), err, len(tt.body))
					}
				})
			})
		}
	}
}

// Where there is no answer, the error is ours inside net/http's, with its Timeout.
func TestHTTPReturnsTypedErrors(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		if _, err := get(t, c.HTTP(), "/items"); err != nil { //nolint:bodyclose // get closes it
			t.Fatal(err)
		}
		_, err := get(t, c.HTTP(), "/items") //nolint:bodyclose // get closes it
		if _, isURL := errors.AsType[*url.Error](err); !isURL || failure(t, err).Reason != "gate account" || len(srv.Requests()) != 1 {
			t.Errorf("%v; %d requests", err, len(srv.Requests()))
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
			t.Errorf("timeout %v, stop %v: %v", timeout.Timeout(), e.Stop, err)
		}
	})
}
