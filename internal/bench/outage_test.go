package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/retrywisetest"
)

// twoOfEight is an outage from 2 s to 4 s of 8 s.
func twoOfEight() outage {
	return outage{name: "small", workers: 2, down: seconds(2, 4), total: 8 * time.Second}
}

// each250 returns calls that begin in a span, one each 250 ms, take 125 ms and end so.
func each250(s span, e end) (calls []call) {
	for at := s.from; at < s.to; at += 250 * time.Millisecond {
		calls = append(calls, call{len(calls), span{at, at + 125*time.Millisecond}, e})
	}
	return calls
}

func TestOutageRowCounts(t *testing.T) {
	fivePaths := twoOfEight()
	fivePaths.paths = []string{"/a", "/b"}
	for name, tt := range map[string]struct {
		outage   outage
		calls    []call
		requests int
		want     outageRow // without a title
	}{
		"all is well again after half a second": {twoOfEight(),
			slices.Concat(each250(seconds(0, 2), succeeded), each250(seconds(2, 4), failed),
				each250(span{4250 * time.Millisecond, 8 * time.Second}, succeeded)),
			12, outageRow{RequestsInOutage: 12, Calls: 31, CallsInOutage: 8, Amplification: 1.5, RecoverySeconds: new(0.5), OK: 23, FailedCalls: 8, Seconds: 8}},
		"nothing comes back": {twoOfEight(),
			slices.Concat(each250(seconds(0, 2), succeeded), each250(seconds(2, 3), deferred), []call{{0, seconds(3, 8), cutOff}}),
			5, outageRow{RequestsInOutage: 5, Calls: 13, CallsInOutage: 5, Amplification: 1, OK: 8, Deferred: 4, Seconds: 8}},
		"calls that began before and ended in the outage": {twoOfEight(),
			[]call{{0, seconds(1, 3), succeeded}, {1, seconds(1, 3), failed}},
			3, outageRow{RequestsInOutage: 3, Calls: 2, CallsInOutage: 1, Amplification: 3, OK: 1, FailedCalls: 1, Seconds: 8}},
		"calls that waited for the end of the outage": {twoOfEight(),
			[]call{{0, seconds(1, 5), succeeded}, {1, seconds(3, 5), succeeded}},
			3, outageRow{RequestsInOutage: 3, Calls: 2, CallsInOutage: 2, Amplification: 1.5, OK: 2, Seconds: 8}},
		"calls before and after the outage": {twoOfEight(),
			[]call{{0, seconds(0, 1), failed}, {1, seconds(4, 5), failed}}, 0, outageRow{Calls: 2, FailedCalls: 2, Seconds: 8}},
		"half is kept": {fivePaths,
			slices.Concat(each250(seconds(0, 2), succeeded), each250(seconds(2, 3), succeeded), each250(seconds(3, 4), failed), each250(seconds(4, 8), succeeded)),
			8, outageRow{RequestsInOutage: 8, Calls: 32, CallsInOutage: 4, Amplification: 2, RecoverySeconds: new(0.25), OK: 28, FailedCalls: 4, ServedInOutage: new(0.5), Seconds: 8}},
		"no call": {twoOfEight(), nil, 0, outageRow{Seconds: 8}},
	} {
		t.Run(name, func(t *testing.T) {
			v := newOutageVendor(tt.outage)
			v.inOutage = tt.requests
			tt.want.title = title{"small", "net/http"}
			got := newOutageRow(tt.outage, peers[1], tt.calls, v)
			if diff := cmp.Diff(&tt.want, got, unexported); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// Requests arrive each 10 ms, from 0 s to 8 s.
func TestOutageVendor(t *testing.T) {
	onePath, slow := twoOfEight(), twoOfEight()
	onePath.paths = []string{"/items", "/others"}
	slow.comesBack = 2 * time.Second
	type counts struct {
		Status   map[int]int
		InOutage int
	}
	for name, tt := range map[string]struct {
		outage outage
		path   string
		want   counts
	}{
		"503 in the outage":        {twoOfEight(), "/items", counts{map[int]int{200: 600, 503: 200}, 200}},
		"the path that fails":      {onePath, "/items", counts{map[int]int{200: 600, 503: 200}, 200}},
		"another path":             {onePath, "/others", counts{map[int]int{200: 800}, 0}},
		"a slow return serves 60%": {slow, "/items", counts{map[int]int{200: 520, 503: 280}, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v, got := newOutageVendor(tt.outage), counts{Status: map[int]int{}}
				for n := range 800 {
					time.Sleep(time.Duration(n)*10*time.Millisecond - time.Since(v.start))
					w := httptest.NewRecorder()
					v.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil))
					got.Status[w.Code]++
				}
				got.InOutage = v.requests()
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("counts (-want +got):\n%s", diff)
				}
				if share := v.ofAllowed(); (share != nil) != (tt.outage.comesBack > 0) {
					t.Errorf("there is a share of what was allowed: %v", share != nil)
				} else if share != nil && (*share < 0.95 || *share > 1.05) {
					t.Errorf("the share of what was allowed is %v; want about 1", *share)
				}
			})
		})
	}
}

// A client that asks all the time gets all that is allowed: a fifth at first, all in the end.
func TestSlowReturn(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		s := newSlowReturn(1000, 10*time.Second, time.Now())
		var perSecond []int
		for range 10 {
			before, end := s.served, time.Now().Add(time.Second)
			for time.Now().Before(end) {
				s.admit(time.Now())
				time.Sleep(500 * time.Microsecond)
			}
			perSecond = append(perSecond, s.served-before)
		}
		want := []int{260, 320, 400, 480, 560, 640, 720, 800, 880, 960} // the first has what the bucket held
		nearly := cmp.Comparer(func(a, b int) bool { return a-b <= 1 && b-a <= 1 })
		if diff := cmp.Diff(want, perSecond, nearly); diff != "" {
			t.Errorf("served in each second (-want +got):\n%s", diff)
		}
		if share := s.share(); share < 0.999 || share > 1.01 {
			t.Errorf("the share of what was allowed is %v; want 1", share)
		}
	})
}

func TestChance(t *testing.T) {
	for _, b := range brownouts {
		c, refused := b.chance(), 0
		for range 10_000 {
			if !c.admit(time.Time{}, "") {
				refused++
			}
		}
		if percent := float64(refused) / 100; percent < float64(b.percent)-2 || percent > float64(b.percent)+2 {
			t.Errorf("%v%% were refused; want about %d%%", percent, b.percent)
		}
	}
}

func TestHostRefusesAndAccepts(t *testing.T) {
	h, err := startHost(http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	defer h.refuse()
	var got []bool
	connects := func() {
		v := newOutageVendor(outage{down: seconds(0, 3600)})
		conn, err := v.dial(t.Context(), "tcp", h.addr)
		if err == nil {
			conn.Close()
		}
		if (v.requests() == 1) != (err != nil) {
			t.Errorf("%d refused connections are counted; error %v", v.requests(), err)
		}
		got = append(got, err == nil)
	}
	connects()
	h.refuse()
	connects()
	h.refuse() // again: no effect
	for range 2 {
		if err := h.accept(); err != nil {
			t.Fatal(err)
		}
	}
	connects()
	if diff := cmp.Diff([]bool{true, false, true}, got); diff != "" {
		t.Errorf("connects (-want +got):\n%s", diff)
	}
}
