package client_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// end is how a call ended, and what it took.
type end struct {
	Status   int
	Class    apierrors.Class
	Action   apierrors.Action
	Stop     apierrors.Stop
	Applied  apierrors.Applied
	RetryIn  time.Duration
	Requests int
	Took     time.Duration
}

// A call from the first attempt to its end, in virtual time and with every wait at the
// middle of its range: 250 ms, 500 ms and 1 s between attempts.
func TestSend(t *testing.T) {
	unavailable := retrywisetest.HTML(503)
	const ms = time.Millisecond
	for name, tt := range map[string]struct {
		method  string
		options client.CallOptions
		answers []retrywisetest.Answer
		want    end
	}{
		"a success": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 1},
		},
		"the redirect of a read is followed": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(302, "Location", "/other"), retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2},
		},
		"that of a write is an answer": {
			"PUT", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(307, "Location", "/other")},
			end{Status: 307, Requests: 1},
		},
		"a read is sent again": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{unavailable, unavailable, retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 3, Took: 750 * ms},
		},
		"the attempts are used up": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{unavailable, unavailable, unavailable, unavailable},
			end{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopAttempts, Requests: 4, Took: 1750 * ms},
		},
		"a write that may have happened is not": {
			"POST", client.CallOptions{}, []retrywisetest.Answer{unavailable},
			end{Class: apierrors.ServerError, Action: apierrors.Retry, Stop: apierrors.StopUnsafe, Requests: 1},
		},
		"a write whose connection broke is not": {
			"POST", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Reset()},
			end{Class: apierrors.Network, Action: apierrors.Retry, Stop: apierrors.StopUnsafe, Requests: 1},
		},
		"a write that the caller calls repeatable is": {
			"POST", client.CallOptions{Repeatable: true}, []retrywisetest.Answer{retrywisetest.Reset(), retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2, Took: 250 * ms},
		},
		"a write with an idempotency key is": {
			"POST", client.CallOptions{IdempotencyKey: "k"}, []retrywisetest.Answer{unavailable, retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2, Took: 250 * ms},
		},
		"an upsert is": {
			"PATCH", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Reset(), retrywisetest.JSON(200, `{}`)},
			end{Status: 200, Requests: 2, Took: 250 * ms},
		},
		"a refusal whose reason broke off is asked for again": {
			"PATCH", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Cut(retrywisetest.JSON(400, `{"why":"it is bad"}`)), retrywisetest.Status(400, "X-Code", "BAD")},
			end{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Requests: 2, Took: 250 * ms},
		},
		"a refused record": {
			"PATCH", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.JSON(400, `{}`, "X-Code", "BAD")},
			end{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo, Requests: 1},
		},
		"refused after an attempt that may have happened": {
			"PATCH", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Reset(), retrywisetest.JSON(400, `{}`, "X-Code", "BAD")},
			end{Class: apierrors.Validation, Action: apierrors.Surface, Stop: apierrors.StopPermanent, Requests: 2, Took: 250 * ms},
		},
		"a wrong credential": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(401)},
			end{Class: apierrors.Authentication, Action: apierrors.FailFast, Stop: apierrors.StopPermanent, Applied: apierrors.AppliedNo, Requests: 1},
		},
		"a full queue is for the scheduler": {
			"POST", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(400, "X-Code", "FULL")},
			end{Class: apierrors.QuotaExceeded, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Applied: apierrors.AppliedNo, RetryIn: 5 * time.Minute, Requests: 1},
		},
		"deleting what is gone is accepted": {
			"DELETE", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(404, "X-Code", "GONE")},
			end{Status: 404, Requests: 1},
		},
		"already there after an attempt that may have made it": {
			"POST", client.CallOptions{Repeatable: true}, []retrywisetest.Answer{retrywisetest.Reset(), retrywisetest.Status(400, "X-Code", "THERE")},
			end{Status: 400, Requests: 2, Took: 250 * ms},
		},
		"a throttled write is sent again, without costing attempts": {
			"POST", client.CallOptions{}, []retrywisetest.Answer{
				retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(429, "Retry-After", "5"),
				retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.JSON(200, `{}`),
			},
			end{Status: 200, Requests: 6, Took: 25 * time.Second},
		},
		"three told hours fit into four": {
			"GET", client.CallOptions{MaxWait: new(4 * time.Hour)}, []retrywisetest.Answer{
				retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(429, "Retry-After", "3600"), retrywisetest.Status(429, "Retry-After", "3600"),
				retrywisetest.JSON(200, `{}`),
			},
			end{Status: 200, Requests: 4, Took: 3 * time.Hour},
		},
		"three told hours of a server that is down, too": {
			"GET", client.CallOptions{MaxWait: new(4 * time.Hour)}, []retrywisetest.Answer{
				retrywisetest.Status(503, "Retry-After", "3600"), retrywisetest.Status(503, "Retry-After", "3600"), retrywisetest.Status(503, "Retry-After", "3600"),
				retrywisetest.JSON(200, `{}`),
			},
			end{Status: 200, Requests: 4, Took: 3 * time.Hour},
		},
		"a told hour does not fit into the default": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "3600")},
			end{Class: apierrors.RateLimited, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Applied: apierrors.AppliedNo, RetryIn: time.Hour, Requests: 1},
		},
		"a told wait beyond any duration": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "9223372037")},
			end{Class: apierrors.RateLimited, Action: apierrors.Defer, Stop: apierrors.StopMaxWait, Applied: apierrors.AppliedNo, RetryIn: 1<<63 - 1, Requests: 1},
		},
		"no answer in time": {
			"GET", client.CallOptions{MaxWait: new(time.Millisecond)}, []retrywisetest.Answer{retrywisetest.Hang()},
			end{Class: apierrors.Timeout, Action: apierrors.Retry, Stop: apierrors.StopMaxWait, Requests: 1, Took: time.Minute},
		},
		"time for trying used up": {
			"GET", client.CallOptions{}, []retrywisetest.Answer{retrywisetest.Hang(), retrywisetest.Hang()},
			end{Class: apierrors.Timeout, Action: apierrors.Retry, Stop: apierrors.StopElapsed, Requests: 2, Took: 2*time.Minute + 250*ms},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				began := time.Now()
				status, err := send(t.Context(), t, c, tt.method, "/items/7", "", tt.options)
				got := end{Status: status, Requests: len(srv.Requests()), Took: time.Since(began)}
				if err != nil {
					e := failure(t, err)
					got.Class, got.Action, got.Stop, got.Applied = e.Class, e.Action, e.Stop, e.Applied
					if at, ok := apierrors.RetryAt(err); ok {
						got.RetryIn = at.Sub(began.Add(got.Took))
					}
					if len(e.Attempts) != got.Requests {
						t.Errorf("the error tells of %d attempts, the server saw %d", len(e.Attempts), got.Requests)
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("mismatch (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAContextThatEndsInAWaitYieldsBoth(t *testing.T) {
	mine := errors.New("the worker is shutting down")
	for name, tt := range map[string]struct {
		end  func(context.Context) (context.Context, context.CancelFunc)
		want []error
	}{
		"canceled": {
			func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(time.Second, func() { cancel(mine) })
				return ctx, func() { cancel(nil) }
			},
			[]error{mine, context.Canceled, apierrors.Canceled, apierrors.ServerError},
		},
		"canceled without a cause": {
			func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			},
			[]error{context.Canceled, apierrors.Canceled, apierrors.ServerError},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, retrywisetest.HTML(503, "Retry-After", "30"))
				c := newClient(t, srv, client.Config{})
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				_, err := send(ctx, t, c, "GET", "/items/7", "")
				for _, want := range tt.want {
					if !errors.Is(err, want) {
						t.Errorf("errors.Is(err, %v) is false: %+v", want, failure(t, err).Err)
					}
				}
				if e := failure(t, err); e.Stop != apierrors.StopCanceled || e.Applied != apierrors.AppliedUnknown || len(e.Attempts) != 1 {
					t.Errorf("stop %v, applied %v, %d attempts", e.Stop, e.Applied, len(e.Attempts))
				}
			})
		})
	}
}

func TestNoSleepThatCannotFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		began := time.Now()
		_, err := send(ctx, t, c, "GET", "/items/7", "")
		if took := time.Since(began); took != 0 {
			t.Errorf("slept %v", took)
		}
		e := failure(t, err)
		if e.Stop != apierrors.StopDeadline || e.Class != apierrors.ServerError || !e.RetryAt.Equal(began.Add(30*time.Second)) {
			t.Errorf("stop %v, class %v, retry at %v", e.Stop, e.Class, e.RetryAt)
		}
	})
}

func TestADeadlineDuringAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.HTML(503), retrywisetest.Hang())
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := send(ctx, t, c, "GET", "/items/7", "")
		e := failure(t, err)
		if e.Class != apierrors.Canceled || e.Stop != apierrors.StopDeadline || e.Applied != apierrors.AppliedUnknown {
			t.Errorf("class %v, stop %v, applied %v", e.Class, e.Stop, e.Applied)
		}
		for _, want := range []error{context.DeadlineExceeded, apierrors.ServerError} {
			if !errors.Is(err, want) {
				t.Errorf("errors.Is(err, %v) is false", want)
			}
		}
		if !e.Timeout() || len(e.Attempts) != 2 {
			t.Errorf("timeout %v, %d attempts", e.Timeout(), len(e.Attempts))
		}
	})
}

// What the error holds of the vendor's answer.
func TestTheVendorsAnswerIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
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
			Status: 422, Code: "BAD", Summary: "It is bad.", Message: "the vendor's words", RequestID: "r-1",
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

// When the caller gives up during a told wait, the time that was told is not lost.
func TestWhenToComeBackSurvivesACancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(429, "Retry-After", "30"))
		c := newClient(t, srv, client.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		began := time.Now()
		_, err := send(ctx, t, c, "GET", "/items/7", "")
		if at, ok := apierrors.RetryAt(err); !ok || at.Sub(began) != 30*time.Second {
			t.Errorf("retry at %v, %v; want 30s after the answer", at.Sub(began), ok)
		}
	})
}

// However small the waits that a vendor tells, a call does not become a hot loop.
func TestTinyWaitsMakeNoHotLoop(t *testing.T) {
	for _, told := range []string{"0.001", "0.000000001"} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			c := onWire(t, func(*http.Request) (*http.Response, error) {
				requests++
				return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {told}}, Body: http.NoBody}, nil
			}, client.Config{})
			_, err := send(t.Context(), t, c, "GET", "/items/7", "")
			if e := failure(t, err); requests > 20 || e.Action != apierrors.Defer {
				t.Errorf("Retry-After: %s: %d requests, then %v", told, requests, e)
			}
		})
	}
}

func TestAMalformedLocationIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(302, "Location", "http://[bad"))
		c := newClient(t, srv, client.Config{})
		_, resp, err := open(t, c, "/items/7") //nolint:bodyclose // open closes it
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 302 || resp.Header.Get("Location") != "http://[bad" {
			t.Errorf("status %d, location %q", resp.StatusCode, resp.Header.Get("Location"))
		}
	})
}

// The vendor's data knows paths below the base URL, wherever that is.
func TestAPathIsKnownBelowTheBaseURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := policy.New(policy.Settings{Name: "shop", Endpoints: []policy.Endpoint{{Methods: []string{"PUT"}, Paths: []string{"/surveys"}, Repeatable: false}}})
		if err != nil {
			t.Fatal(err)
		}
		srv := retrywisetest.New(t, retrywisetest.Status(500), retrywisetest.Status(500))
		c := newClient(t, srv, client.Config{Policy: &p, BaseURL: srv.URL() + "/proxy/"})
		for _, target := range []string{"/surveys", srv.URL() + "/proxy/surveys"} {
			_, err := send(t.Context(), t, c, "PUT", target, "x")
			if e := failure(t, err); e.Stop != apierrors.StopUnsafe {
				t.Errorf("%s: stop %v", target, e.Stop)
			}
		}
		for _, r := range srv.Requests() {
			if r.Path != "/proxy/surveys" {
				t.Errorf("sent to %s", r.Path)
			}
		}
	})
}

// The message is that of the code that decided, or none.
func TestTheMessageBelongsToTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422))
		c := newClient(t, srv, client.Config{Vendor: twoCodes{shop{shopPolicy(t)}}})
		_, err := send(t.Context(), t, c, "DELETE", "/items/7", "")
		if e := failure(t, err); e.Code != "BAD" || e.Message != "" || len(e.Fields) != 2 {
			t.Errorf("code %q, message %q, fields %v", e.Code, e.Message, e.Fields)
		}
	})
}

type twoCodes struct{ shop }

func (twoCodes) Decode(a policy.Answer) *policy.Failure {
	return &policy.Failure{Status: a.Status, Items: []apierrors.Field{{Path: "a", Code: "GONE", Message: "about GONE"}, {Path: "b", Code: "BAD"}}}
}

// A vendor of the caller's own may put anything where a code belongs.
func TestWhatIsNoCodeIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(422, "X-Code", "ana@example.com is taken"))
		var seen events
		c := newClient(t, srv, client.Config{Observer: seen.observer()})
		_, _ = send(t.Context(), t, c, "POST", "/items", "x")
		if a, c := seen.attempts[0].Code, seen.calls[0].Code; a != "" || c != "" {
			t.Errorf("the attempt has code %q, the call %q", a, c)
		}
	})
}
