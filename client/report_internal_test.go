package client

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/traffic"
)

// A recorder is a traffic.Shared that keeps what it was asked and told.
type recorder struct {
	traffic.Shared
	admitted int
	reports  []traffic.Report
}

func (r *recorder) Admit(ctx context.Context, now time.Time, d traffic.Demand) traffic.Place {
	r.admitted++
	return recordedPlace{r.Shared.Admit(ctx, now, d), r}
}

// A recordedPlace is a traffic.Place whose report is kept.
type recordedPlace struct {
	traffic.Place
	r *recorder
}

func (p recordedPlace) Done(ctx context.Context, now time.Time, report traffic.Report) time.Duration {
	hold := p.Place.Done(ctx, now, report)
	report.Answered = time.Time{}
	p.r.reports = append(p.r.reports, report)
	return hold
}

// Each request that was admitted is reported once, however it ended.
func TestReportOfEachRequest(t *testing.T) {
	report := func(change func(*traffic.Report)) traffic.Report {
		r := traffic.Report{Prices: policy.Default().Retry().BudgetPrices()}
		change(&r)
		return r
	}
	nothing := report(func(*traffic.Report) {})
	failed := report(func(r *traffic.Report) { r.Health, r.Cause = traffic.Failing, "server_error (503)" })
	reset := report(func(r *traffic.Report) { r.Health, r.Cause = traffic.Unreachable, "network" })
	works := report(func(r *traffic.Report) { r.Health = traffic.Working })
	served := report(func(r *traffic.Report) { r.Health, r.Served = traffic.Working, true })
	paid := func(r traffic.Report) traffic.Report { r.Paid = 5; return r }
	for name, tt := range map[string]struct {
		answers []retrywisetest.Answer
		want    []traffic.Report
	}{
		"a success":     {[]retrywisetest.Answer{retrywisetest.Status(200)}, []traffic.Report{served}},
		"a retry":       {[]retrywisetest.Answer{retrywisetest.Status(503), retrywisetest.Reset(), retrywisetest.Status(200)}, []traffic.Report{failed, paid(reset), served}}, // the reset of a used connection costs nothing
		"an outage":     {[]retrywisetest.Answer{retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(503), retrywisetest.Status(503)}, []traffic.Report{failed, paid(failed), paid(failed), paid(failed)}},
		"a redirect":    {[]retrywisetest.Answer{retrywisetest.Status(302, "Location", "/b"), retrywisetest.Status(200)}, []traffic.Report{nothing, served}},
		"a refusal":     {[]retrywisetest.Answer{retrywisetest.Status(422)}, []traffic.Report{report(func(r *traffic.Report) { r.Health, r.Refused = traffic.Working, true })}},
		"a denial":      {[]retrywisetest.Answer{retrywisetest.Status(403)}, []traffic.Report{works}},
		"a pause":       {[]retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "5"), retrywisetest.Status(200)}, []traffic.Report{report(func(r *traffic.Report) { r.Pause, r.VendorPause = 5*time.Second, true }), served}},
		"a long pause":  {[]retrywisetest.Answer{retrywisetest.Status(429, "Retry-After", "3600")}, []traffic.Report{report(func(r *traffic.Report) { r.Pause, r.VendorPause = time.Hour, true })}},
		"a caller gone": {[]retrywisetest.Answer{retrywisetest.Hang()}, []traffic.Report{nothing}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c, err := New(Config{Transport: srv.Transport()})
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				r := &recorder{Shared: c.traffic.Shared}
				c.traffic.Shared = r
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
				defer cancel()
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL()+"/a", nil)
				if err != nil {
					t.Fatal(err)
				}
				if resp, err := c.Send(req); err == nil {
					_ = resp.Body.Close()
				}
				if diff := cmp.Diff(tt.want, r.reports); diff != "" || r.admitted != len(tt.want) {
					t.Errorf("%d admitted; reports (-want +got):\n%s", r.admitted, diff)
				}
			})
		})
	}
}

// An accepted failure is served, and names no limit.
func TestReportOfAnAcceptedFailure(t *testing.T) {
	x := &call{c: &Client{policy: policy.Default()}, accepted: true}
	got := x.reportOf(policy.Decision{Action: apierrors.Accept})
	if diff := cmp.Diff(traffic.Report{Served: true}, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
