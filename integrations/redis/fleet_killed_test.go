//go:build redis

package retrywiseredis_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	apierrors "github.com/retrywise/retrywise/errors"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/traffic"
)

// The slots of a job whose processes are real ones, and the right that one of them has when it is
// killed.
const (
	killedSlots = 4
	leaseTime   = 8 * time.Second
)

var (
	slotLimit  = policy.Limit{Name: "exports", Scope: apierrors.ScopeAccount, Slots: killedSlots}
	killedTurn = traffic.Renewal{Rejected: "token", Timeout: leaseTime}
)

// beWorker makes two requests at a time with a slot each, until it is killed. When the vendor says
// so, it takes the right to renew before the next.
func beWorker(servers string) error {
	var address, vendor string
	if _, err := fmt.Sscan(servers, &address, &vendor); err != nil {
		return err
	}
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{address}, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute) // if nobody kills it
	defer cancel()
	store, err := retrywiseredis.New(ctx, retrywiseredis.GoRedis(client), retrywiseredis.Options{Timeout: patient})
	if err != nil {
		return err
	}
	fleet := traffic.NewFleet(store, traffic.FleetOptions{})
	ended := make(chan error)
	for range 2 {
		go func() { ended <- makeExports(ctx, fleet, vendor) }()
	}
	return errors.Join(<-ended, <-ended)
}

func makeExports(ctx context.Context, fleet *traffic.Fleet, vendor string) error {
	for says := ""; ; {
		if says == "renew" && fleet.BeginRenewal(ctx, time.Now(), killedTurn) == 0 {
			says = "renewing"
		}
		p := fleet.Admit(ctx, time.Now(), traffic.Demand{MaxWait: time.Hour, Limits: []policy.Limit{slotLimit}})
		if err := p.Wait(ctx); err != nil {
			return err
		}
		var err error
		if says, err = export(ctx, vendor, says); err != nil {
			return err
		}
		now := time.Now()
		p.Done(ctx, now, traffic.Report{Answered: now, Served: true, Health: traffic.Working})
	}
}

// export makes a request, and returns what the vendor says.
func export(ctx context.Context, vendor, says string) (answer string, err error) {
	url := fmt.Sprintf("http://%s/?process=%d&says=%s", vendor, os.Getpid(), says)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// An exporter is a vendor that takes 20 ms for each request. It kills the process that says in a
// request that it has the right to renew.
type exporter struct {
	killed chan struct{} // closed then
	full   chan struct{} // closed once all slots are in use after that

	mu        sync.Mutex
	processes map[int]*exec.Cmd
	under     map[int]int // requests of each process; one that was killed has none
	requests  int
	most      int // under way at once
}

func (e *exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	process, err := strconv.Atoi(r.FormValue("process"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	says := e.begin(process, r.FormValue("says") == "renewing")
	took := time.NewTimer(20 * time.Millisecond)
	defer took.Stop()
	select {
	case <-took.C:
	case <-r.Context().Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.under[process]--
	_, _ = io.WriteString(w, says)
}

func (e *exporter) begin(process int, isRenewing bool) (says string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.under[process]++; isRenewing {
		_ = e.processes[process].Process.Kill()
		delete(e.processes, process)
		close(e.killed)
	}
	n := 0
	for id := range e.processes {
		n += e.under[id]
	}
	if e.most = max(e.most, n); n == killedSlots && len(e.processes) < jobProcesses && e.full != nil {
		close(e.full)
		e.full = nil
	}
	if e.requests++; e.requests == 50 {
		return "renew"
	}
	return ""
}

// Slots and the right to renew of a process that is killed in a request return by themselves, and the
// others go on.
func TestFleetOfAProcessThatDies(t *testing.T) {
	t.Parallel()
	s, full := start(t), make(chan struct{})
	e := &exporter{killed: make(chan struct{}), full: full, processes: map[int]*exec.Cmd{}, under: map[int]int{}}
	vendor := httptest.NewServer(e)
	t.Cleanup(vendor.Close)
	e.mu.Lock() // until all have begun
	for range jobProcesses {
		child := childProcess(t, workerOf+"="+s.address+" "+vendor.Listener.Addr().String())
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		e.processes[child.Process.Pid] = child
		t.Cleanup(func() { _, _ = child.Process.Kill(), child.Wait() })
	}
	e.mu.Unlock()
	await(t, e.killed, "a process is killed")

	fleet := traffic.NewFleet(patientStore{s.store(t)}, traffic.FleetOptions{})
	wait := fleet.BeginRenewal(t.Context(), time.Now(), killedTurn)
	if wait <= 0 || wait > leaseTime {
		t.Errorf("the right to renew is free in %v; want within %v", wait, leaseTime)
	}
	ended := time.NewTimer(wait)
	<-ended.C
	if wait := fleet.BeginRenewal(t.Context(), time.Now(), killedTurn); wait != 0 {
		t.Errorf("once it has ended, the right to renew is free in %v; want now", wait)
	}
	await(t, full, "all slots are in use again")
	if err := fleet.Close(); err != nil {
		t.Error(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.most != killedSlots {
		t.Errorf("%d requests were under way at once; want %d", e.most, killedSlots)
	}
}

// await waits until a channel is closed.
func await(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(soon):
		t.Fatalf("after %v, still not: %s", soon, what)
	}
}
