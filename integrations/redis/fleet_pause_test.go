//go:build redis

package retrywiseredis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
)

// A pause that a cron met holds for the next ones, each a process of its own: none of a hundred sends
// a request.
func TestFleetPauseOutlivesItsProcess(t *testing.T) {
	s := start(t)
	const pause = 6 * time.Hour
	began := time.Now()
	run(t, s, func(p traffic.Place) {
		if err := p.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		p.Done(t.Context(), now, traffic.Report{Answered: now, Health: traffic.Working, Pause: pause, VendorPause: true})
	})
	for i := range 100 {
		run(t, s, func(p traffic.Place) {
			r, isRefused := errors.AsType[*traffic.Refusal](p.Wait(t.Context()))
			if !isRefused {
				t.Fatalf("process %d may send its request", i)
			}
			if least := pause - time.Since(began); r.Wait < least || r.Wait > pause || r.By != "gate account" {
				t.Errorf("process %d: %v; want to wait for gate account for %v to %v", i, r, least, pause)
			}
		})
	}
}

// run is a process that wants to send one request.
func run(t *testing.T, s *server, use func(traffic.Place)) {
	t.Helper()
	client := redis.NewUniversalClient(s.options())
	defer func() { _ = client.Close() }()
	store, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(client), retrywiseredis.Options{Timeout: patient})
	if err != nil {
		t.Fatal(err)
	}
	fleet := traffic.NewFleet(patientStore{store}, traffic.FleetOptions{})
	use(fleet.Admit(t.Context(), time.Now(), traffic.Demand{MaxWait: time.Minute}))
	if err := fleet.Close(); err != nil {
		t.Error(err)
	}
}

// A patientStore waits for a slow machine, for longer than a Fleet does.
type patientStore struct{ traffic.Store }

func (s patientStore) Exchange(ctx context.Context, x traffic.Exchange) (traffic.Result, error) {
	return s.Store.Exchange(context.WithoutCancel(ctx), x)
}
