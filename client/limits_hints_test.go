package client_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/client"
	"github.com/retrywise/retrywise/retrywisetest"
)

// Headers in which a vendor is wrong stop no job and fail no call. 100 calls end within the time of
// the row: at once if the headers make no sense, else once for each reset that is believed.
func TestLimitOfHints(t *testing.T) {
	soon, late := 5*time.Second, 15*time.Minute
	epoch := func(now time.Time, in time.Duration) string { return fmt.Sprint(now.Add(in).Unix()) }
	always := func(field string) hint { return func(time.Time, int) []string { return []string{"RateLimit", field} } }
	x := func(reset string) []string { return []string{"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset} }
	for name, tt := range map[string]struct {
		hint  hint
		bound time.Duration
	}{
		"a limit of 0":                {always(`"a";r=0;t=60`), late},
		"a limit of 0, by X":          {func(time.Time, int) []string { return append(x("30"), "X-RateLimit-Limit", "0") }, late},
		"a reset in the past":         {func(now time.Time, _ int) []string { return x(epoch(now, -time.Hour)) }, soon},
		"a reset in a year":           {func(now time.Time, _ int) []string { return x(epoch(now, 365*day)) }, soon},
		"a reset of a year":           {always(`"a";r=0;t=31536000`), soon},
		"a reset of an hour, guessed": {func(time.Time, int) []string { return x("3600") }, late},
		"two headers":                 {func(time.Time, int) []string { return append(x("30"), "RateLimit", `"a";r=50;t=30`) }, soon},
		"two limits":                  {always(`"a";r=0;t=30, "b";r=50;t=30`), late},
		"another limit each time": {func(_ time.Time, n int) []string {
			return []string{"RateLimit", fmt.Sprintf(`"%d";r=%d;t=30`, n%2, n%2)}
		}, late},
		"more each time":         {func(_ time.Time, n int) []string { return []string{"RateLimit", fmt.Sprintf(`"a";r=%d;t=30`, n)} }, late},
		"nothing left each time": {always(`"a";r=0;t=1`), late},
		"negative":               {always(`"a";r=-1;t=-5`), soon},
		"garbage":                {func(time.Time, int) []string { return append(x("soon"), "RateLimit", `;;r=0`) }, soon},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(5) {
				tt.hint.run(t, seed, tt.bound)
			}
		})
	}
}

// As above, with headers by chance.
func TestLimitOfRandomHints(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			number := func() string {
				all := []string{"-1", "0", "0", "1", "2", "10", "30", "31536000", "1e300", "946684830", "soon", "", "2000-01-01T00:00:09Z"}
				return all[random.IntN(len(all))]
			}
			h := hint(func(time.Time, int) []string {
				switch random.IntN(4) {
				case 0:
					return []string{"RateLimit", fmt.Sprintf(`"%d";r=%s;t=%s`, random.IntN(2), number(), number())}
				case 1:
					return []string{"X-RateLimit-Limit", number(), "X-RateLimit-Remaining", number(), "X-RateLimit-Reset", number()}
				case 2:
					return []string{"RateLimit-Remaining", number(), "RateLimit-Reset", number()}
				default:
					return nil
				}
			})
			h.run(t, seed, 15*time.Minute)
		})
	}
}

// A hint returns headers, as keys and values in turn, of the nth response.
type hint func(now time.Time, n int) []string

// run makes 100 calls to a vendor whose responses have the headers, and no limit.
func (h hint) run(t *testing.T, seed uint64, bound time.Duration) {
	t.Helper()
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newMeteredVendor(seed)
		v.oneWay = span(10*time.Millisecond, 30*time.Millisecond)
		v.announce = func(header http.Header, now time.Time) {
			texts := h(now, len(v.arrivals))
			for i := 0; i < len(texts); i += 2 {
				header.Set(texts[i], texts[i+1])
			}
		}
		c, start := newMeteredClient(t, v), time.Now()
		failed := byWorkers(t, 100, 8, getItems(t, c, client.CallOptions{}))
		if took := time.Since(start); failed > 0 || took > bound {
			t.Errorf("seed %d: took %v, %d failed; want at most %v, none", seed, took, failed, bound)
		}
	})
}
