//go:build redis

package retrywiseredis_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
	"go.uber.org/goleak"
)

// These are set for processes that tests start, to the address of their server.
const (
	childOf  = "RETRYWISE_TEST_CHILD_OF"  // of TestStoreOfAProcessThatDies
	workerOf = "RETRYWISE_TEST_WORKER_OF" // of TestFleetOfAProcessThatDies
)

func TestMain(m *testing.M) {
	for name, be := range map[string]func(string) error{childOf: beChild, workerOf: beWorker} {
		if address := os.Getenv(name); address != "" {
			if err := be(address); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	logging.Disable() // of connections to servers that are not there
	// A pool whose server was gone finds out within a second that it is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// beChild takes all slots and a right to renew, says so, and does nothing until it is killed.
func beChild(address string) error {
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{address}, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // if nobody kills it
	defer cancel()
	store, err := retrywiseredis.New(ctx, retrywiseredis.GoRedis(client), retrywiseredis.Options{Timeout: patient})
	if err != nil {
		return err
	}
	if _, err := store.Exchange(ctx, leases("child", 3*time.Second)); err != nil {
		return err
	}
	fmt.Println("taken")
	<-ctx.Done()
	return ctx.Err()
}

// leases asks for two slots, which are all, and for the right to renew.
func leases(process string, long time.Duration) traffic.Exchange {
	return traffic.Exchange{
		Account: "account", Process: process,
		Limits:   []traffic.Take{{Limit: "limit", Slots: 2, Hold: 2, Busy: 2}},
		Renewals: []traffic.Permit{{Rejected: "token", For: long}},
	}
}

// childProcess returns this program as another process, with a variable.
func childProcess(t *testing.T, variable string) *exec.Cmd {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), variable)
	child.Stderr = os.Stderr
	return child
}

// Slots and the right to renew of a process that is killed return by the server's clock.
func TestStoreOfAProcessThatDies(t *testing.T) {
	t.Parallel()
	s := start(t)
	store := s.store(t)
	child := childProcess(t, childOf+"="+s.address)
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if line != "taken\n" {
		t.Fatalf("the child says %q: %v", line, err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed

	began := time.Now()
	r := exchanged(t, store, leases("parent", time.Second))
	if r.Limits[0].Hold != 0 || r.Renewals[0] <= 0 || r.Renewals[0] > 3*time.Second || r.Processes != 2 {
		t.Errorf("%+v; want that the child has all, the right for 3 s at most", r)
	}
	wait := time.NewTimer(r.Renewals[0])
	<-wait.C
	if r := exchanged(t, store, leases("parent", time.Minute)); r.Renewals[0] != 0 || r.Limits[0].Hold != 0 {
		t.Errorf("%+v; want the right, and no slot", r)
	}
	wait.Reset(time.Until(began.Add(traffic.SlotTime)))
	<-wait.C
	if r := exchanged(t, store, leases("parent", time.Minute)); r.Limits[0].Hold != 2 || r.Processes != 1 {
		t.Errorf("%+v; want all slots, of one process", r)
	}
}

// Processes whose clocks differ agree: here, that of one is years behind.
func TestStoreOfProcessesWhoseClocksDiffer(t *testing.T) {
	s := start(t)
	ours := s.store(t)
	x := traffic.Exchange{Account: "account", Process: "ours", Limits: []traffic.Take{{Limit: "limit"}}}
	closing := x
	closing.Process, closing.Limits = "theirs", []traffic.Take{{Limit: "limit", Close: time.Hour}}
	synctest.Test(t, func(t *testing.T) { // whose clock begins in the year 2000
		client := redis.NewUniversalClient(s.options())
		defer func() { _ = client.Close() }()
		theirs, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(client), retrywiseredis.Options{Timeout: patient})
		if err != nil {
			t.Fatal(err)
		}
		if year := time.Now().Year(); year != 2000 {
			t.Fatalf("the year is %d", year)
		}
		exchanged(t, theirs, closing)
	})
	r := exchanged(t, ours, x)
	if closed := r.Limits[0].Closed; closed <= 59*time.Minute || closed > time.Hour || r.Processes != 2 {
		t.Errorf("%+v; want closed for an hour, and two processes", r)
	}
}
