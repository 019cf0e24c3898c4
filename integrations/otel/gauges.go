package retrywiseotel

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/retrywise/retrywise/traffic"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// A standing is what holds back the calls of a vendor, of all its accounts.
type standing struct {
	waiting, active int
	retries         int // left in the budget, in the account with the fewest
	limits          map[string]limitStanding
	outages         map[outageLabel]int
	outageAge       time.Duration // of the oldest
}

// A limitStanding is a limit, of all accounts.
type limitStanding struct {
	isBound     bool // how much of it is used is known
	utilization float64
	waiting     int
	gates       int // that are closed
	remaining   time.Duration
}

// An outageLabel is a kind of outage.
type outageLabel struct{ state, of string }

// States and subjects of outages.
var (
	outageStates = map[traffic.OutageState]string{traffic.Suspect: "suspect", traffic.Held: "held", traffic.Ramping: "ramping"}
	outageOf     = []string{"vendor", "endpoint"}
)

// observe reports what holds back calls now.
func (t *Telemetry) observe(_ context.Context, o metric.Observer) error {
	now := time.Now()
	vendors := map[string]*standing{}
	for _, s := range t.statuses() {
		name := vendorOf(s.Account)
		if vendors[name] == nil {
			vendors[name] = &standing{retries: s.Retries, limits: map[string]limitStanding{account: {}}, outages: map[outageLabel]int{}}
		}
		vendors[name].add(now, s)
	}
	for name, v := range vendors {
		t.instruments.report(o, text(nil, vendorKey, name), v)
	}
	return nil
}

// vendorOf returns the vendor of an account. Without one, an account is that of an origin, of which
// there may be many.
func vendorOf(a traffic.Account) string {
	if strings.Contains(a.Vendor, "://") {
		return ""
	}
	return a.Vendor
}

// account names an account's own limit, which nobody declared, as the gates of events do.
const account = "account"

// add adds an account.
func (v *standing) add(now time.Time, s traffic.Status) {
	v.waiting += s.Waiting
	v.active += s.UnderWay
	v.retries = min(v.retries, s.Retries)
	for _, u := range s.Limits {
		name := cmp.Or(u.Limit, account)
		l := v.limits[name]
		l.isBound, l.utilization, l.waiting = true, max(l.utilization, u.Part()), l.waiting+u.Waiting
		v.limits[name] = l
	}
	for _, g := range s.Gates {
		name := cmp.Or(g.Limit, account)
		l := v.limits[name]
		l.gates, l.remaining = l.gates+1, max(l.remaining, g.Until.Sub(now))
		v.limits[name] = l
	}
	for _, one := range s.Outages {
		of := outageOf[0]
		if one.Endpoint != "" {
			of = outageOf[1]
		}
		v.outages[outageLabel{outageStates[one.State], of}]++
		v.outageAge = max(v.outageAge, now.Sub(one.Since))
	}
}

// report reports the standing of a vendor.
func (in *instruments) report(o metric.Observer, vendor []attribute.KeyValue, v *standing) {
	with := func(more ...attribute.KeyValue) metric.MeasurementOption {
		return metric.WithAttributeSet(attribute.NewSet(append(more, vendor...)...))
	}
	o.ObserveInt64(in.waiting, int64(v.waiting), with())
	o.ObserveInt64(in.active, int64(v.active), with())
	o.ObserveFloat64(in.retriesLeft, float64(v.retries), with())
	o.ObserveFloat64(in.outageAge, v.outageAge.Seconds(), with())
	for name, l := range v.limits {
		limit := with(limitKey.String(name))
		o.ObserveInt64(in.gates, int64(l.gates), limit)
		o.ObserveFloat64(in.gateRemaining, l.remaining.Seconds(), limit)
		if l.isBound {
			o.ObserveFloat64(in.limitUtilization, l.utilization, limit)
			o.ObserveInt64(in.limitWaiting, int64(l.waiting), limit)
		}
	}
	for _, state := range outageStates {
		for _, of := range outageOf {
			o.ObserveInt64(in.outages, int64(v.outages[outageLabel{state, of}]), with(outageStateKey.String(state), outageOfKey.String(of)))
		}
	}
}
