package traffic

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// endOf ends a request with what it says about the vendor.
func endOf(t *testing.T, p Place, h Health) {
	t.Helper()
	_ = p.Done(t.Context(), time.Now(), Report{Answered: time.Now(), Health: h, Served: h == Working})
}

// takeDown has many calls to endpoints fail until the vendor is held.
func takeDown(t *testing.T, m *Memory, endpoints ...string) {
	t.Helper()
	for range 2 {
		var places []Place
		for i := range 40 {
			places = append(places, m.Admit(t.Context(), time.Now(), Demand{Endpoint: endpoints[i%len(endpoints)], MaxWait: time.Minute}))
		}
		time.Sleep(300 * time.Millisecond)
		for _, p := range places {
			if p.Wait(t.Context()) == nil {
				endOf(t, p, Failing)
			}
		}
	}
	if o := m.Outage(t.Context(), time.Now(), Account{}, endpoints[0]); o.State != Held || o.Endpoint != "" {
		t.Fatalf("the outage is %+v; want the vendor to be held", o)
	}
}

// An outage ends although calls do not wait for that: now and then, one of them finds out.
func TestOutageEndsThoughNobodyWaits(t *testing.T) {
	for name, d := range map[string]Demand{
		"calls are deferred": {Endpoint: "/items", NoHold: true, MaxWait: time.Minute},
		"calls may not wait": {Endpoint: "/items"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := NewMemory()
				takeDown(t, m, "/items")
				refused := 0
				for range 100 {
					if p := m.Admit(t.Context(), time.Now(), d); p.Wait(t.Context()) == nil {
						endOf(t, p, Working)
					} else {
						refused++
					}
					time.Sleep(100 * time.Millisecond)
				}
				if refused == 0 || refused > 20 {
					t.Errorf("%d of 100 calls in 10 s were refused; want some, and 20 or fewer", refused)
				}
			})
		})
	}
}

// When the vendor works again, so do all its endpoints, as far as is known.
func TestOutageOfTheVendorEndsForAllEndpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		takeDown(t, m, "/a", "/b")
		time.Sleep(10 * time.Second)
		p := m.Admit(t.Context(), time.Now(), Demand{Endpoint: "/a", Repeatable: true, MaxWait: time.Minute})
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		endOf(t, p, Working)
		p = m.Admit(t.Context(), time.Now(), Demand{Endpoint: "/b", MaxWait: 3 * time.Second})
		if err := p.Wait(t.Context()); err != nil {
			t.Errorf("a call to another endpoint: %v", err)
		}
		endOf(t, p, Working)
	})
}

// Requests that were to find out, and were canceled, leave others the right to.
func TestProbesThatAreCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory()
		takeDown(t, m, "/items")
		for range 2 * maxProbes {
			var all sync.WaitGroup
			ctx, cancel := context.WithCancel(t.Context())
			p := m.Admit(ctx, time.Now(), Demand{Endpoint: "/items", MaxWait: time.Hour})
			all.Go(func() {
				if p.Wait(ctx) == nil {
					_ = p.Done(ctx, time.Now(), Report{Unsent: true})
				}
			})
			time.Sleep(time.Minute)
			cancel()
			all.Wait()
		}
		p := m.Admit(t.Context(), time.Now(), Demand{Endpoint: "/items", MaxWait: time.Hour})
		if err := p.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		endOf(t, p, Working)
	})
}
