package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// The request reaches the server as it is, and the response comes back.
func TestAttemptSend(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		w, srv := serve(t, retrywisetest.JSON(201, `{"id":7}`))
		req := newRequest(t, http.MethodPost, strings.NewReader("text"))
		req.Header.Set("X-A", "1")
		a, resp, err := send(t, w, req) //nolint:bodyclose // send closes it
		if err != nil {
			t.Fatal(err)
		}
		got := srv.Requests()[0]
		if got.Method != http.MethodPost || string(got.Body) != "text" || got.Header.Get("X-A") != "1" {
			t.Errorf("the server got %+v; want the POST of text", got)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.StatusCode != 201 || string(body) != `{"id":7}` || err != nil {
			t.Errorf("got status %d, body %q, error %v; want 201, {\"id\":7}", resp.StatusCode, body, err)
		}
		if resp.Body != io.ReadCloser(a.Body()) || !a.Reached() || a.BodyFailed() {
			t.Errorf("the body is the attempt's: %v, reached: %v, body failed: %v; want true, true, false", resp.Body == io.ReadCloser(a.Body()), a.Reached(), a.BodyFailed())
		}
	})
}

// What a transport may return, and what becomes of it.
func TestAttemptSendOfATransport(t *testing.T) {
	for name, tt := range map[string]struct {
		response *http.Response
		err      error
		want     error
	}{
		"response without body and header": {&http.Response{StatusCode: 204}, nil, nil},
		"error":                            {nil, errOfTheTest, errOfTheTest},
		"neither response nor error":       {nil, nil, errNothing},
		"HTTP in place of TLS":             {nil, tls.RecordHeaderError{RecordHeader: [5]byte([]byte("HTTP/"))}, http.ErrSchemeMismatch},
		"another record in place of TLS":   {nil, tls.RecordHeaderError{Msg: "bad record"}, tls.RecordHeaderError{Msg: "bad record"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := New(roundTripper(func(*http.Request) (*http.Response, error) { return tt.response, tt.err }))
			a, resp, err := send(t, w, newRequest(t, http.MethodGet, nil)) //nolint:bodyclose // send closes it
			if !errors.Is(err, tt.want) {
				t.Fatalf("got error %v; want %v", err, tt.want)
			}
			if err != nil {
				if a.Context().Err() == nil || a.Applied(err) != apierrors.AppliedUnknown {
					t.Errorf("context ended: %v, applied %v; want true, unknown", a.Context().Err() != nil, a.Applied(err))
				}
				return
			}
			if a.Context().Err() == nil {
				t.Error("the attempt goes on after a response without a body")
			}
			if body, err := io.ReadAll(resp.Body); len(body) != 0 || err != nil || resp.Header == nil {
				t.Errorf("got body %q, error %v, header %v; want empty ones", body, err, resp.Header)
			}
		})
	}
}

// An attempt ends when no response comes within its timeout, when its context ends, and by
// End. Its own context ends with it.
func TestAttemptEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration // until the caller's context ends; 0: never
		want  error
		took  time.Duration
	}{
		"by its timeout": {0, errNoResponse, time.Minute},
		"by its context": {time.Second, errOfTheTest, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				w, _ := serve(t, retrywisetest.Hang())
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if tt.after != 0 {
					time.AfterFunc(tt.after, func() { cancel(errOfTheTest) })
				}
				a, start := &Attempt{}, time.Now()
				w.Begin(ctx, a, time.Minute, 0)
				_, err := a.Send(newRequest(t, http.MethodGet, nil), nil) //nolint:bodyclose // there is no response
				if took := time.Since(start); !errors.Is(err, tt.want) || took != tt.took {
					t.Errorf("got error %v after %v; want %v after %v", err, took, tt.want, tt.took)
				}
				if a.Context().Err() == nil {
					t.Error("the context of the attempt has not ended")
				}
			})
		})
	}
	a := begin(t, New(http.DefaultTransport))
	a.End()
	if got := context.Cause(a.Context()); !errors.Is(got, errEnded) {
		t.Errorf("after End, the cause is %v; want %v", got, errEnded)
	}
}

// The errors of a timeout are timeouts for callers, too.
func TestAttemptTimeoutIsATimeout(t *testing.T) {
	for _, err := range []error{errNoResponse, errStalled, errSlowBody} {
		timeout, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](err)
		isTimeout := ok && timeout.Timeout()
		if !isTimeout || !errors.Is(err, context.DeadlineExceeded) || err.Error() == "" {
			t.Errorf("%q: timeout %v, deadline exceeded %v; want both", err, isTimeout, errors.Is(err, context.DeadlineExceeded))
		}
	}
}

// StopTimeout lets a response stream for longer than the attempt's timeout.
func TestAttemptStopTimeout(t *testing.T) {
	slow := []chunk{{25 * time.Second, "a", nil}, {25 * time.Second, "b", nil}, {25 * time.Second, "c", io.EOF}}
	for name, tt := range map[string]struct {
		stop bool
		want string
		err  error
	}{
		"stopped":     {true, "abc", nil},
		"not stopped": {false, "ab", errNoResponse},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := newScripted(slow)
				b := bodyOf(t, body)
				closeWith(b, body)
				if tt.stop {
					b.attempt.StopTimeout()
				}
				got, err := io.ReadAll(b)
				if string(got) != tt.want || !errors.Is(err, tt.err) {
					t.Errorf("read %q, error %v; want %q, %v", got, err, tt.want, tt.err)
				}
			})
		})
	}
}

// The reason for which we ended an attempt is its error, whatever the transport returns.
func TestAttemptCause(t *testing.T) {
	for _, tt := range []struct{ cause, want error }{
		{errNoResponse, errNoResponse}, {errStalled, errStalled}, {errReplay, errReplay}, {errInterim, errInterim},
		{errEnded, io.EOF}, {errSlowBody, io.EOF}, {context.Canceled, io.EOF},
	} {
		a := &Attempt{}
		a.ctx, a.cancel = context.WithCancelCause(t.Context())
		a.cancel(tt.cause)
		if got := a.Cause(io.EOF); !errors.Is(got, tt.want) {
			t.Errorf("ended by %v: got %v; want %v", tt.cause, got, tt.want)
		}
	}
}

// What an attempt proves, from its start to a response.
func TestAttemptApplied(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for name, tt := range map[string]struct {
		answers []retrywisetest.Answer // nil: the dial is refused
		getBody func() (io.ReadCloser, error)
		want    apierrors.Applied
		reached bool
	}{
		"dial refused":      {nil, nil, apierrors.AppliedNo, false},
		"body not reopened": {[]retrywisetest.Answer{}, func() (io.ReadCloser, error) { return nil, errOfTheTest }, apierrors.AppliedNo, false},
		"connection closed": {[]retrywisetest.Answer{retrywisetest.Reset()}, nil, apierrors.AppliedUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				transport := srv.Transport()
				if tt.answers == nil {
					transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, refused }}
				}
				req := newRequest(t, http.MethodPost, strings.NewReader("x"))
				p := PayloadOf(req)
				if tt.getBody != nil {
					p.reopen, p.body = tt.getBody, nil
				}
				a := begin(t, New(transport))
				_, err := a.Send(req, p) //nolint:bodyclose // there is no response
				if got := a.Applied(err); err == nil || got != tt.want || a.Reached() != tt.reached {
					t.Errorf("got error %v, applied %v, reached %v; want an error, %v, %v", err, got, a.Reached(), tt.want, tt.reached)
				}
			})
		})
	}
	var none *Attempt
	if none.Applied(errOfTheTest) != apierrors.AppliedNo || none.Reached() || none.BodyFailed() {
		t.Error("a nil Attempt was applied, reached a server or had a body that failed; want none of these")
	}
}

// net/http repeats a GET by itself if a reused connection closes. The attempt stops that.
func TestAttemptStopsAReplay(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		w, srv := serve(t, retrywisetest.Status(200), retrywisetest.Reset())
		_, resp, err := send(t, w, newRequest(t, http.MethodGet, nil))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		a, _, err := send(t, w, newRequest(t, http.MethodGet, nil)) //nolint:bodyclose // there is no response
		if !errors.Is(err, errReplay) || a.Applied(err) != apierrors.AppliedUnknown || len(srv.Requests()) != 2 {
			t.Errorf("got error %v, applied %v after %d requests; want %v, unknown after 2", err, a.Applied(err), len(srv.Requests()), errReplay)
		}
	})
}

// A response may come after 1xx responses, but not after any number of them.
func TestAttemptInterimResponses(t *testing.T) {
	for name, tt := range map[string]struct {
		hints int
		want  error
	}{
		"at the bound":    {maxInterim, nil},
		"above the bound": {maxInterim + 1, errInterim},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				w, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					for range tt.hints {
						w.WriteHeader(http.StatusEarlyHints)
					}
					w.WriteHeader(http.StatusNoContent)
				})
				_, _, err := send(t, w, newRequest(t, http.MethodPost, nil)) //nolint:bodyclose // send closes it
				if !errors.Is(err, tt.want) {
					t.Errorf("after %d interim responses: got error %v; want %v", tt.hints, err, tt.want)
				}
			})
		})
	}
}

// A snapshot of a response has its trailers once the body was read to its end, announced or
// not.
func TestAttemptSnapshot(t *testing.T) {
	trailers := func(announced string, sent ...string) retrywisetest.Answer {
		return func(w http.ResponseWriter, _ *http.Request) {
			if announced != "" {
				w.Header().Set("Trailer", announced)
			}
			_, _ = io.WriteString(w, "text")
			_ = http.NewResponseController(w).Flush()
			for _, name := range sent {
				w.Header().Set(http.TrailerPrefix+name, "1")
			}
		}
	}
	for name, tt := range map[string]struct {
		answer retrywisetest.Answer
		before http.Header
		after  http.Header
	}{
		"announced":     {trailers("X-A", "X-A"), http.Header{"X-A": nil}, http.Header{"X-A": {"1"}}},
		"not announced": {trailers("", "X-B"), nil, http.Header{"X-B": {"1"}}},
		"both":          {trailers("X-A", "X-A", "X-B"), http.Header{"X-A": nil}, http.Header{"X-A": {"1"}, "X-B": {"1"}}},
		"none":          {retrywisetest.Text(200, "text"), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				w, _ := serve(t, tt.answer)
				a, resp, err := send(t, w, newRequest(t, http.MethodGet, nil)) //nolint:bodyclose // send closes it
				if err != nil {
					t.Fatal(err)
				}
				snapshot := a.Snapshot(resp) //nolint:bodyclose // send closes it
				if diff := cmp.Diff(tt.before, snapshot.Trailer); diff != "" {
					t.Errorf("trailers before the body was read (-want +got):\n%s", diff)
				}
				if _, err := io.ReadAll(snapshot.Body); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.after, snapshot.Trailer); diff != "" {
					t.Errorf("trailers after the body was read (-want +got):\n%s", diff)
				}
			})
		})
	}
}
