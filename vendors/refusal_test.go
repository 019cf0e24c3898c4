package vendors_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// What a vendor says about a limit of its file is understood as that: its name and its wait.
func TestRefusalOfEachLimitIsUnderstood(t *testing.T) {
	for _, name := range vendors.Names() {
		v := lookup(t, name)
		for _, l := range limitsOf(v) {
			for _, wait := range []time.Duration{0, time.Second, 90 * time.Second, 6 * time.Hour} {
				to := policy.Answer{Method: aMethod(l), Path: vendors.PathIn(l), Received: time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
				a := v.Refusal(l, wait, to)
				f := v.Decode(a)
				if f == nil {
					t.Errorf("%s, limit %s, wait %v: no failure in %d %s", name, l.Name, wait, a.Status, a.Body)
					continue
				}
				d := v.Policy().Decide(*f, policy.State{Method: to.Method, Path: to.Path, MaxWait: new(1000 * time.Hour)})
				if d.Class != apierrors.RateLimited && d.Class != apierrors.QuotaExceeded {
					t.Errorf("%s, limit %s, wait %v: %v by %s, from %d %s", name, l.Name, wait, d.Class, d.Rule, a.Status, a.Body)
				}
				if f.Wait < wait || f.Wait > wait+time.Second {
					t.Errorf("%s, limit %s: wait %v; want %v, from %v %s", name, l.Name, f.Wait, wait, a.Header, a.Body)
				}
				if diff := cmp.Diff(namesOf(l), f.Limits); diff != "" {
					t.Errorf("%s, limit %s, wait %v, from %v %s: names (-want +got)\n%s", name, l.Name, wait, a.Header, a.Body, diff)
				}
			}
		}
	}
}

// What a vendor's responses say is left of a limit is read as that.
func TestAnnounceIsReadAsQuota(t *testing.T) {
	read := 0
	for _, name := range vendors.Names() {
		v := lookup(t, name)
		quotas := v.Profile().Quotas
		for _, l := range limitsOf(v) {
			want := policy.Quota{Limit: l.Name, Size: 120, Left: 7, Reset: 41 * time.Second, Spent: 12}
			to := policy.Answer{Status: 200, Header: http.Header{}, Method: aMethod(l), Path: vendors.PathIn(l), Received: time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)}
			a := v.Announce(want, to)
			if len(a.Header)+len(a.Body) == 0 {
				continue
			}
			for _, got := range quotas(a) {
				if got.Limit != l.Name {
					continue
				}
				read++
				if isLeft := got.Left == want.Left; !isLeft && got.Spent != want.Spent {
					t.Errorf("%s, limit %s: %+v; want %+v, from %v %s", name, l.Name, got, want, a.Header, a.Body)
				}
			}
		}
	}
	if read < 10 {
		t.Errorf("%d limits were read; want 10 or more", read)
	}
}

// limitsOf returns all limits of a vendor.
func limitsOf(v *vendors.Vendor) []policy.Limit {
	var all []policy.Limit
	for _, name := range vendors.LimitNames(v) {
		l, _ := v.Policy().LimitNamed(name)
		all = append(all, l)
	}
	return all
}

func aMethod(l policy.Limit) string {
	if l.Methods == nil {
		return http.MethodGet
	}
	return l.Methods[0]
}

// namesOf returns the names that a response about l has.
func namesOf(l policy.Limit) []string {
	if !l.Named {
		return nil
	}
	return []string{l.Name}
}

// The wait of a refusal is written as the vendor's file reads it.
func TestRefusalWritesTheWaitInEachForm(t *testing.T) {
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	for name, waits := range map[string]string{
		"none":                     ``,
		"Retry-After":              `waits: [{header: Retry-After, unit: http}]`,
		"milliseconds":             `waits: [{header: X-Wait, unit: milliseconds}]`,
		"an epoch":                 `waits: [{header: X-Reset, unit: epoch}]`,
		"an epoch in milliseconds": `waits: [{body: /reset, unit: epoch_ms}]`,
		"a duration":               `waits: [{body: "/error/details/*/delay", unit: duration}]`,
		"a part of a text":         `waits: [{header: X-Limit, pattern: 'left=0; wait=(\d+)', unit: seconds}]`,
		"points":                   `waits: [{cost: {need: /need, have: /have, per_second: /rate}}]`,
		"beside a header":          `waits: [{header: X-Reset, unit: seconds, when: {headers: X-Left, is: "0"}}]`,
		"beside a value":           `waits: [{header: X-Reset, unit: seconds, when: {at: /left, is: "0"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			v := parsed(t, waits+"\nstatuses: [{status: 420, class: rate_limited}]\n")
			a := v.Refusal(policy.Limit{}, 90*time.Second, policy.Answer{Method: "GET", Path: "/x", Received: now})
			if f := v.Decode(a); a.Status != 420 || f.Wait != 90*time.Second {
				t.Errorf("status %d, wait %v; want 420, 90s, from %v %s", a.Status, f.Wait, a.Header, a.Body)
			}
		})
	}
}

// A vendor whose file has no word for it refuses with 429.
func TestRefusalWithoutARow(t *testing.T) {
	v := parsed(t, "codes: [{code: SLOW, when: {methods: POST}, class: rate_limited}]\ndecode: [{code: code}]\n")
	a := v.Refusal(policy.Limit{Name: "other"}, time.Minute, policy.Answer{Method: "GET", Path: "/x"})
	if a.Status != 429 || a.Header.Get("Retry-After") != "60" {
		t.Errorf("status %d, %v; want 429, 60 seconds", a.Status, a.Header)
	}
	if got := v.Announce(policy.Quota{Limit: "other", Left: 1}, policy.Answer{Status: 200}); len(got.Header)+len(got.Body) > 0 {
		t.Errorf("announced %v %s; want nothing", got.Header, got.Body)
	}
}
