package retrywiseotel_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseotel "github.com/retrywise/retrywise/integrations/otel"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// What is counted of a call, for each way in which it may go.
func TestMetricsOfACall(t *testing.T) {
	for name, tt := range map[string]struct {
		answers []retrywisetest.Answer
		method  string
		options client.CallOptions
		want    []string // calls, attempts, retries, waits, renewals and look-ups, and how many
	}{
		"a success": {[]retrywisetest.Answer{fine}, "GET", client.CallOptions{Op: "items.get"}, []string{
			"attempts{action=none,class=none,op=items.get,vendor=shop} 1",
			"calls{http.request.method=GET,action=none,applied=yes,class=none,op=items.get,stop=none,vendor=shop} 1",
		}},
		"a 503, a 429 and a success": {[]retrywisetest.Answer{unavailable, fiveSeconds, fine}, "GET", client.CallOptions{}, []string{
			"attempts{action=none,class=none,vendor=shop} 1",
			"attempts{action=retry,class=server_error,vendor=shop} 1",
			"attempts{action=throttle,class=rate_limited,vendor=shop} 1",
			"call.retries{vendor=shop} 1",
			"call.retry_delay{vendor=shop} 1",
			"calls{http.request.method=GET,action=none,applied=yes,class=none,stop=none,vendor=shop} 1",
			"wait.duration{limit.name=account,vendor=shop,wait.kind=gate} 1",
			"wait.duration{vendor=shop,wait.kind=backoff} 1",
		}},
		"an accepted failure": {[]retrywisetest.Answer{gone}, "DELETE", client.CallOptions{}, []string{
			"attempts{action=accept,class=not_found,vendor=shop} 1",
			"calls{http.request.method=DELETE,action=accept,applied=no,class=not_found,stop=none,vendor=shop} 1",
		}},
		"a deferred call": {[]retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "3600")}, "GET", client.CallOptions{}, []string{
			"attempts{action=defer,class=rate_limited,vendor=shop} 1",
			"calls{http.request.method=GET,action=defer,applied=no,class=rate_limited,stop=max_wait,vendor=shop} 1",
		}},
		"a write in doubt, which is looked up": {[]retrywisetest.Answer{retrywisetest.Reset(), bad}, "POST", client.CallOptions{RecordKey: "A-1", Lookup: &policy.Lookup{Path: "/items/{record_key}", At: "/id", Is: "{record_key}"}}, []string{
			"attempts{action=retry,class=network,vendor=shop} 1",
			"attempts{action=surface,class=validation,op=lookup,vendor=shop} 1",
			"calls{http.request.method=GET,action=surface,applied=no,class=validation,op=lookup,stop=permanent,vendor=shop} 1",
			"calls{http.request.method=POST,action=retry,applied=unknown,class=network,stop=unsafe,vendor=shop} 1",
			"lookup.duration{applied=unknown,lookup.answer=unclear,vendor=shop} 1",
		}},
		"a token that is renewed": {[]retrywisetest.Answer{retrywisetest.Status(401), fine}, "PROPFIND", client.CallOptions{}, []string{
			"attempts{action=none,class=none,vendor=shop} 1",
			"attempts{action=refresh,class=token_expired,vendor=shop} 1",
			"call.retries{vendor=shop} 1",
			"calls{http.request.method=_OTHER,action=none,applied=yes,class=none,stop=none,vendor=shop} 1",
			"renewal.duration{class=none,vendor=shop} 1",
			"wait.duration{vendor=shop,wait.kind=renewal} 1",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				l := newLab(t, retrywiseotel.Options{})
				auth := client.RenewableBearer("old", func(context.Context) (string, time.Time, error) { return "new", time.Time{}, nil })
				c := l.client(t, retrywisetest.New(t, tt.answers...), client.Config{Auth: auth})
				_ = send(t.Context(), t, c, tt.method, "/items", tt.options)
				got := l.pointsOf(t, "retrywise.client.calls", "retrywise.client.attempts", "retrywise.client.call.retr", "retrywise.client.call.tr",
					"retrywise.client.wait.", "retrywise.client.renewal", "retrywise.client.lookup")
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("metrics (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Durations are in seconds, and their sums are those of the events.
func TestMetricsOfDurations(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		c := l.client(t, retrywisetest.New(t, retrywisetest.After(time.Second, fiveSeconds), retrywisetest.After(2*time.Second, fine)), client.Config{})
		_ = send(t.Context(), t, c, "GET", "/items", client.CallOptions{})
		got := map[string]float64{}
		for _, p := range l.points(t) {
			got[p.metric] += p.sum
		}
		for name, want := range map[string]float64{"call.duration": 8, "attempt.duration": 3, "wait.duration": 5, "call.retry_delay": 5, "call.retries": 1} {
			if got["retrywise.client."+name] != want {
				t.Errorf("%s: sum %v; want %v", name, got["retrywise.client."+name], want)
			}
		}
	})
}

// A retry of a request that the vendor did not see is transparent, as in gRPC.
func TestMetricsOfTransparentRetries(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		srv := retrywisetest.New(t, unavailable, fine)
		o := l.Observer()
		ctx := o.CallStart(t.Context(), client.CallEvent{Subject: client.Subject{Vendor: "shop"}})
		for _, e := range []client.AttemptEvent{
			{Class: apierrors.Network, Action: apierrors.Retry, Applied: apierrors.AppliedNo},
			{Class: apierrors.Network, Action: apierrors.Retry, Applied: apierrors.AppliedNo},
			{Class: apierrors.ServerError, Action: apierrors.Retry, Status: 503, Applied: apierrors.AppliedNo},
			{Class: apierrors.Network, Action: apierrors.Retry},
			{Status: 200, Applied: apierrors.AppliedYes},
		} {
			o.AttemptEnd(o.AttemptStart(ctx, client.AttemptEvent{}), e)
		}
		o.CallEnd(ctx, client.CallEvent{Subject: client.Subject{Vendor: "shop"}})
		c := l.client(t, srv, client.Config{})
		_ = send(t.Context(), t, c, "GET", "/items", client.CallOptions{})
		got := map[string]float64{}
		for _, p := range l.points(t) {
			got[p.metric] += p.sum
		}
		if transparent, retries := got["retrywise.client.call.transparent_retries"], got["retrywise.client.call.retries"]; transparent != 2 || retries != 2+1 {
			t.Errorf("%v transparent retries, %v others; want 2, 3", transparent, retries)
		}
	})
}

// Waits are counted by a few words, and by the names of limits: an endpoint is neither.
func TestMetricsOfWaits(t *testing.T) {
	l := newLab(t, retrywiseotel.Options{})
	o := l.Observer()
	for _, what := range []string{"backoff", "vendor", "renewal", "settle", "store", "gate account", "limit per user", "hold vendor", "hold /items/*"} {
		o.WaitEnd(o.WaitStart(t.Context(), client.WaitEvent{For: what}), client.WaitEvent{For: what})
	}
	want := []string{
		"wait.duration{limit.name=account,wait.kind=gate} 1",
		"wait.duration{limit.name=per user,wait.kind=limit} 1",
		"wait.duration{wait.kind=backoff} 1",
		"wait.duration{wait.kind=hold} 2",
		"wait.duration{wait.kind=renewal} 1",
		"wait.duration{wait.kind=settle} 1",
		"wait.duration{wait.kind=store} 1",
		"wait.duration{wait.kind=vendor} 1",
	}
	if diff := cmp.Diff(want, l.pointsOf(t, "retrywise.client.wait")); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// What holds back calls, while slots are taken, a gate is closed and the vendor is down.
func TestMetricsOfWhatHoldsBackCalls(t *testing.T) {
	l := newLab(t, retrywiseotel.Options{})
	now := time.Now()
	shop, other := traffic.Account{Vendor: "shop", Identity: "a"}, traffic.Account{Vendor: "shop", Identity: "b"}
	defer l.Watch(func() []traffic.Status {
		return []traffic.Status{
			{
				Account: shop, Waiting: 3, UnderWay: 2, Retries: 7,
				Limits: []traffic.LimitUse{{Used: 40, Size: 100}, {Limit: "orders", Used: 1, Size: 2, Waiting: 3}},
			},
			{
				Account: other, Waiting: 1, UnderWay: 1, Retries: 0,
				Limits:  []traffic.LimitUse{{Limit: "orders", Used: 2, Size: 2, Waiting: 1}},
				Gates:   []traffic.Gate{{Limit: "orders", Until: now.Add(time.Hour)}, {Limit: "lead", Until: now.Add(time.Minute)}},
				Outages: []traffic.Outage{{State: traffic.Held, Since: now.Add(-time.Minute)}, {State: traffic.Suspect, Endpoint: "/items/*", Since: now}},
			},
		}
	})()
	defer l.Watch(func() []traffic.Status {
		return []traffic.Status{{Account: traffic.Account{Vendor: "https://a.test"}, Retries: 10}, {Account: traffic.Account{Vendor: "https://b.test"}, Waiting: 1, Retries: 9}}
	})()
	var got []string
	for _, p := range l.points(t) {
		if p.metric == "retrywise.client.gate.remaining" || p.metric == "retrywise.client.outage.age" {
			p.value = float64(time.Duration(p.value * float64(time.Second)).Round(30 * time.Second).Seconds())
		}
		if p.value != 0 {
			got = append(got, p.String())
		}
	}
	slices.Sort(got)
	want := []string{
		"retrywise.client.active_requests{retrywise.vendor=shop} 3",
		"retrywise.client.budget.retries{} 9",
		"retrywise.client.gate.remaining{retrywise.limit.name=lead,retrywise.vendor=shop} 60",
		"retrywise.client.gate.remaining{retrywise.limit.name=orders,retrywise.vendor=shop} 3600",
		"retrywise.client.gates{retrywise.limit.name=lead,retrywise.vendor=shop} 1",
		"retrywise.client.gates{retrywise.limit.name=orders,retrywise.vendor=shop} 1",
		"retrywise.client.limit.utilization{retrywise.limit.name=account,retrywise.vendor=shop} 0.4",
		"retrywise.client.limit.utilization{retrywise.limit.name=orders,retrywise.vendor=shop} 1",
		"retrywise.client.limit.waiting_requests{retrywise.limit.name=orders,retrywise.vendor=shop} 4",
		"retrywise.client.outage.age{retrywise.vendor=shop} 60",
		"retrywise.client.outages{retrywise.outage.of=endpoint,retrywise.outage.state=suspect,retrywise.vendor=shop} 1",
		"retrywise.client.outages{retrywise.outage.of=vendor,retrywise.outage.state=held,retrywise.vendor=shop} 1",
		"retrywise.client.waiting_requests{retrywise.vendor=shop} 4",
		"retrywise.client.waiting_requests{} 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// Of a real client: slots that are taken, those that wait for them, and the end of the watch.
func TestMetricsOfAClientThatIsWatched(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		srv := retrywisetest.New(t, slices.Repeat([]retrywisetest.Answer{retrywisetest.After(time.Second, fine)}, 5)...)
		c, err := client.New(client.Config{Vendor: shop(t), Transport: srv.Transport(), Observer: l.Observer()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		stop := l.Watch(c.Status)
		ended := make(chan error)
		for range 5 {
			go func() { ended <- send(t.Context(), t, c, "GET", "/orders/7", client.CallOptions{}) }()
		}
		retrywisetest.Settle()
		want := []string{
			"active_requests{vendor=shop} 2",
			"limit.utilization{limit.name=orders,vendor=shop} 1",
			"limit.waiting_requests{limit.name=orders,vendor=shop} 3",
			"waiting_requests{vendor=shop} 3",
		}
		if diff := cmp.Diff(want, l.pointsOf(t, "retrywise.client.active", "retrywise.client.limit", "retrywise.client.waiting")); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
		for range 5 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		stop()
		if got := l.pointsOf(t, "retrywise.client.active", "retrywise.client.limit", "retrywise.client.waiting"); got != nil {
			t.Errorf("after the end of the watch there is %v", got)
		}
	})
}

// However many Ops, records and paths there are, the number of time series is bounded.
func TestMetricsHaveFewSeries(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		srv := retrywisetest.Handle(t, fine)
		c := l.client(t, srv, client.Config{})
		for i := range 1_000 {
			o := client.CallOptions{Op: fmt.Sprint("op", i), RecordKey: fmt.Sprint("record", i), Account: fmt.Sprint("account", i)}
			if err := send(t.Context(), t, c, "GET", fmt.Sprintf("/exports/%d", i), o); err != nil {
				t.Fatal(err)
			}
		}
		count := map[string]int{}
		calls := 0.0
		for _, p := range l.points(t) {
			count[p.metric]++
			if op, _ := p.attributes.Value("retrywise.op"); p.metric == "retrywise.client.calls" && op.AsString() == "_OTHER" {
				calls = p.value
			}
		}
		if calls != 900 {
			t.Errorf("%v calls have another Op; want 900", calls)
		}
		for metric, n := range count {
			if n > 101 {
				t.Errorf("%s has %d series", metric, n)
			}
		}
	})
}

// Histograms advise bounds that fit what they measure.
func TestMetricsHaveBounds(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		l := newLab(t, retrywiseotel.Options{})
		c := l.client(t, retrywisetest.New(t, fiveSeconds, fine), client.Config{})
		_ = send(t.Context(), t, c, "GET", "/items", client.CallOptions{})
		last := map[string]float64{}
		for _, m := range l.collect(t) {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				bounds := data.DataPoints[0].Bounds
				last[m.Name] = bounds[len(bounds)-1]
			case metricdata.Histogram[int64]:
				bounds := data.DataPoints[0].Bounds
				last[m.Name] = bounds[len(bounds)-1]
			}
		}
		want := map[string]float64{
			"retrywise.client.attempt.duration": 60, "retrywise.client.call.duration": 3600, "retrywise.client.wait.duration": 3600,
			"retrywise.client.call.retry_delay": 3600, "retrywise.client.call.retries": 10,
		}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("the last bounds (-want +got):\n%s", diff)
		}
	})
}
