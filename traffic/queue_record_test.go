package traffic

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// While a request waits for the limit of its record, the others that wait are woken when the
// account lets them start, although nothing else happens.
func TestQueueWakesThoseBehindARecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, start := NewMemory(), time.Now()
		account, record := perSecond("account", 1, 1), limitOf("record", apierrors.ScopeRecord, 1, time.Hour, 1)
		request := func(key string) (at time.Duration) {
			d := Demand{Record: key, Limits: []policy.Limit{account, record}, MaxWait: 2 * time.Hour}
			p := m.Admit(t.Context(), time.Now(), d)
			if err := p.Wait(t.Context()); err != nil {
				t.Errorf("%s: %v", key, err)
			}
			at = time.Since(start)
			answer(p)
			return at
		}
		request("busy")
		got := map[string]time.Duration{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, key := range []string{"busy", "a", "b", "c"} {
			all.Go(func() {
				at := request(key)
				mu.Lock()
				defer mu.Unlock()
				got[key] = at
			})
			synctest.Wait()
		}
		all.Wait()
		if want := "map[a:1s b:2s busy:1h0m0s c:3s]"; fmt.Sprint(got) != want {
			t.Errorf("started after %v; want %v", got, want)
		}
	})
}
