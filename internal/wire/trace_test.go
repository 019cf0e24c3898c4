package wire

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The request on the wire has a trace that reports to the attempt and to the caller's trace,
// and the values of the caller's context.
func TestTraceOfTheRequest(t *testing.T) {
	type key struct{}
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(204))
		var hooks []string
		ctx := httptrace.WithClientTrace(context.WithValue(t.Context(), key{}, "caller's"), &httptrace.ClientTrace{
			GetConn: func(string) { hooks = append(hooks, "get") },
			GotConn: func(httptrace.GotConnInfo) { hooks = append(hooks, "got") },
		})
		var value any
		var traces []*httptrace.ClientTrace
		var attempt *Attempt
		w := New(roundTripper(func(r *http.Request) (*http.Response, error) {
			value = r.Context().Value(key{})
			attempt, _ = r.Context().Value(attemptKey{}).(*Attempt)
			traces = append(traces, httptrace.ContextClientTrace(r.Context()), httptrace.ContextClientTrace(r.Context()))
			return srv.Transport().RoundTrip(r)
		}))
		a := &Attempt{}
		w.Begin(ctx, a, 1, 0)
		a.StopTimeout()
		resp, err := a.Send(newRequest(t, http.MethodGet, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if value != "caller's" || attempt != a {
			t.Errorf("the transport's context has value %v and attempt %p; want caller's, %p", value, attempt, a)
		}
		if diff := cmp.Diff([]string{"get", "got"}, hooks); diff != "" || !a.Reached() {
			t.Errorf("the attempt was reached: %v, want true; hooks of the caller (-want +got):\n%s", a.Reached(), diff)
		}
		if len(slices.Compact(traces)) != 1 {
			t.Error("the trace was made more than once")
		}
	})
}

// What an attempt does beside its request, such as fetching a token, is not traced for it.
func TestTraceNotOfOtherRequests(t *testing.T) {
	a := begin(t, New(http.DefaultTransport))
	if trace := httptrace.ContextClientTrace(a.Context()); trace != nil {
		t.Errorf("the attempt's own context has the trace %+v; want none", trace)
	}
	if got := a.Context().Value(attemptKey{}); got != nil {
		t.Errorf("the attempt's own context has the attempt %v; want none", got)
	}
}
