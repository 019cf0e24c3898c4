//go:build redis

package retrywiseredis_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	retrywiseredis "github.com/retrywise/retrywise/integrations/redis"
	"github.com/retrywise/retrywise/traffic"
)

// A meter takes units of a limit for three processes, and knows when each may be used. Its time is
// virtual, as a server that is killed and started again takes an unknown one.
type meter struct {
	store traffic.Store
	limit traffic.Take
	now   time.Time
	units []time.Time
	fails int
}

func newMeter(store *retrywiseredis.Store) *meter {
	m := &meter{store: store, limit: traffic.Take{Limit: "limit", PerSecond: 50, Burst: 20, Want: 15}, now: time.Now()}
	store.SetNow(func() time.Time { return m.now })
	return m
}

// run takes units for so long, every 10 ms.
func (m *meter) run(ctx context.Context, long time.Duration) {
	for end := m.now.Add(long); m.now.Before(end); m.now = m.now.Add(10 * time.Millisecond) {
		process := "process" + string(rune('0'+len(m.units)%3))
		r, err := m.store.Exchange(ctx, traffic.Exchange{Account: "account", Process: process, Limits: []traffic.Take{m.limit}})
		if err != nil {
			m.fails++
			continue
		}
		g := r.Limits[0]
		for range g.Now {
			m.units = append(m.units, m.now)
		}
		for i := range g.Later {
			m.units = append(m.units, m.now.Add(g.First+time.Duration(i)*g.Apart))
		}
	}
}

// check checks that no interval has more units than the limit allows, and extra ones. It expects
// as many as there are in nine tenths of the time.
func (m *meter) check(t *testing.T, long time.Duration, extra int) {
	t.Helper()
	for i, from := range m.units {
		for j := i; j < len(m.units); j++ {
			most := float64(m.limit.Burst+extra) + m.limit.PerSecond*m.units[j].Sub(from).Seconds()
			if got := j - i + 1; float64(got) > most+1e-6 {
				t.Fatalf("%d units within %v; want at most %.1f", got, m.units[j].Sub(from), most)
			}
		}
	}
	if least := 0.9 * m.limit.PerSecond * long.Seconds(); float64(len(m.units)) < least {
		t.Errorf("%d units in %v; want at least %.0f", len(m.units), long, least)
	}
}

// ahead is how many units were granted in advance when a server forgets them.
const ahead = 5 // 50 per second, for traffic.Ahead

func TestStoreAfterScriptFlush(t *testing.T) {
	s := start(t)
	m := newMeter(s.store(t))
	m.run(t.Context(), 5*time.Second)
	if err := s.client(t).ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	m.run(t.Context(), 5*time.Second)
	if m.fails > 0 {
		t.Errorf("%d exchanges failed", m.fails)
	}
	m.check(t, 10*time.Second, 0)
}

// What is forgotten begins empty: a burst is not granted twice.
func TestStoreAfterFlushAll(t *testing.T) {
	s := start(t)
	m := newMeter(s.store(t))
	for range 5 {
		m.run(t.Context(), 2*time.Second)
		if err := s.client(t).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	m.check(t, 10*time.Second, 5*ahead)
}

func TestStoreAfterKill(t *testing.T) {
	for name, tt := range map[string]struct {
		args  []string
		extra int
	}{
		"a server that keeps nothing":    {nil, ahead},
		"a server that keeps every byte": {[]string{"--appendonly", "yes", "--appendfsync", "always"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, tt.args...)
			m := newMeter(s.store(t))
			m.run(t.Context(), 5*time.Second)
			s.kill(t)
			m.run(t.Context(), 30*time.Millisecond)
			if m.fails != 3 {
				t.Errorf("%d of 3 exchanges failed without a server", m.fails)
			}
			s.launch(t)
			m.run(t.Context(), 5*time.Second)
			if m.fails > 4 { // connections of the server that is gone
				t.Errorf("%d exchanges failed", m.fails)
			}
			m.check(t, 10*time.Second, tt.extra)
		})
	}
}

// A server that does not answer is given up when the time is over, again and again; what it was
// asked for meanwhile it may have granted, but not twice.
func TestStoreOfAFrozenServer(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.client(t)
	store, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(c), retrywiseredis.Options{Timeout: 250 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	m := newMeter(store)
	m.run(t.Context(), time.Second)
	s.signal(t, syscall.SIGSTOP)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		_, err := store.Exchange(t.Context(), traffic.Exchange{Account: "account", Process: "process"})
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%v; want that the deadline is exceeded", err)
		}
	}
	m.run(t.Context(), 20*time.Millisecond)
	s.signal(t, syscall.SIGCONT)
	m.run(t.Context(), 5*time.Second)
	m.check(t, 5*time.Second, 0)
}

// An Exchange that a full server or a replica refuses is an error, and nothing of it is taken up.
func TestStoreOfAServerThatRefusesWrites(t *testing.T) {
	s := start(t)
	c := s.client(t)
	other := freeAddress(t)
	for name, tt := range map[string]struct{ refuse, accept []any }{
		"OOM": {
			[]any{"config", "set", "maxmemory", "1"},
			[]any{"config", "set", "maxmemory", "0"},
		},
		"READONLY": {
			[]any{"replicaof", "127.0.0.1", portOf(t, other)},
			[]any{"replicaof", "no", "one"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, memory, now := s.store(t), traffic.NewMemoryStore(), time.Now()
			store.SetNow(func() time.Time { return now })
			x := traffic.Exchange{
				Account: name, Process: "process", Budget: traffic.Purse{Spent: 5, Full: 100},
				Limits: []traffic.Take{{Limit: "1", Want: 7, Size: 100, Window: time.Minute}, {Limit: "2", Want: 7, Size: 100, Window: time.Minute}},
			}
			both := func() {
				t.Helper()
				if diff := cmp.Diff(memory.ExchangeAt(now, x), exchanged(t, store, x)); diff != "" {
					t.Errorf("mismatch (-want +got):\n%s", diff)
				}
			}
			both()
			if err := c.Do(t.Context(), tt.refuse...).Err(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Exchange(t.Context(), x); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%v; want %s", err, name)
			}
			_, err := retrywiseredis.New(t.Context(), retrywiseredis.GoRedis(c), retrywiseredis.Options{Timeout: patient})
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("New: %v; want %s", err, name)
			}
			if err := c.Do(t.Context(), tt.accept...).Err(); err != nil {
				t.Fatal(err)
			}
			both()
		})
	}
}
