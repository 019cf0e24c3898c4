package client_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A limited vendor refuses what allow does not accept.
type limited struct {
	mu       sync.Mutex
	allow    func(now time.Time, h http.Header) bool
	accepted int
	refused  int
}

func (v *limited) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.allow(time.Now(), w.Header()) {
		v.accepted++
		return
	}
	v.refused++
	w.WriteHeader(http.StatusTooManyRequests)
}

// tokensOf accepts so many requests per second, and a burst.
func tokensOf(rate, burst float64) func(time.Time, http.Header) bool {
	left, last := burst, time.Time{}
	return func(now time.Time, _ http.Header) bool {
		if !last.IsZero() {
			left = min(burst, left+rate*now.Sub(last).Seconds())
		}
		if last = now; left < 1-1e-6 {
			return false
		}
		left--
		return true
	}
}

// windowOf accepts so many requests in each period, and may say so.
func windowOf(size int, period time.Duration, tells bool) func(time.Time, http.Header) bool {
	edge, used := time.Time{}, 0
	return func(now time.Time, h http.Header) bool {
		if !now.Before(edge) {
			edge, used = now.Truncate(period).Add(period), 0
		}
		used++
		if tells {
			h.Set("RateLimit-Limit", strconv.Itoa(size))
			h.Set("RateLimit-Remaining", strconv.Itoa(max(size-used, 0)))
			h.Set("RateLimit-Reset", strconv.Itoa(int(edge.Sub(now).Seconds()+0.999)))
		}
		return used <= size
	}
}

// runJob makes GETs by 16 workers, and returns how long that took.
func runJob(t *testing.T, c *client.Client, calls int) time.Duration {
	t.Helper()
	began, todo := time.Now(), make(chan struct{})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range todo {
				if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range calls {
		todo <- struct{}{}
	}
	close(todo)
	all.Wait()
	return time.Since(began)
}

// What a client learned is an operator's file. With it, the next client needs not learn it.
func TestLearnedIsAnOperatorsFile(t *testing.T) {
	for name, tt := range map[string]struct {
		allow func() func(time.Time, http.Header) bool
		calls int
		want  string // in the file
	}{
		"rate":        {func() func(time.Time, http.Header) bool { return tokensOf(100, 10) }, 6000, "# Likely: "},
		"told window": {func() func(time.Time, http.Header) bool { return windowOf(200, 2*time.Second, true) }, 2000, "# Sure: "},
		"window":      {func() func(time.Time, http.Header) bool { return windowOf(200, 2*time.Second, false) }, 2000, `window: "200/2s"`},
	} {
		t.Run(name, func(t *testing.T) {
			var file string
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := &limited{allow: tt.allow()}
				srv := retrywisetest.Handle(t, v)
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport()})
				runJob(t, c, tt.calls)
				file = c.Learned()
				t.Logf("%d refused\n%s", v.refused, file)
			})
			if !strings.Contains(file, tt.want) {
				t.Fatalf("learned:\n%s\nwant %q in it", file, tt.want)
			}
			path := filepath.Join(t.TempDir(), "policies.yaml")
			if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			read, err := policy.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p, err := read.Apply(policy.Default())
			if err != nil {
				t.Fatal(err)
			}
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := &limited{allow: tt.allow()}
				srv := retrywisetest.Handle(t, v)
				c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport(), Policy: &p})
				took := runJob(t, c, 1000)
				if v.refused > 0 || took > 12*time.Second {
					t.Errorf("1000 calls took %v, %d were refused; want 12s or less, none refused", took, v.refused)
				}
			})
		})
	}
}

// A client that has learned nothing says nothing.
func TestLearnedIsEmpty(t *testing.T) {
	srv := retrywisetest.New(t, retrywisetest.Status(200))
	c := newClientOf(t, client.Config{BaseURL: srv.URL(), Transport: srv.Transport()})
	if _, err := send(t.Context(), t, c, "GET", "/items", ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("", c.Learned()); diff != "" {
		t.Errorf("learned (-want +got):\n%s", diff)
	}
}
