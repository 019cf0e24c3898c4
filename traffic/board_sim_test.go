package traffic

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A boardSim is processes that use a limit at random: they ask, use what they get in its time or
// some of it, give the rest back sooner or later or never, and are killed.
type boardSim struct {
	board  board
	random *rand.Rand
	take   Take
	views  []time.Duration // by how much later each process sees the end of a window; nil: it is unknown
	begins []micros        // of windows
	unused [][]simUnit     // of each process
	used   []simUnit
	count  int // of grants
}

// A simUnit is a unit that may be used from a time on.
type simUnit struct {
	at   micros // its own time
	used micros // when it was
}

func newBoardSim(seed uint64, processes int, take Take) *boardSim {
	return &boardSim{random: rand.New(rand.NewPCG(seed, 2)), take: take, unused: make([][]simUnit, processes)}
}

// run makes exchanges of random processes at random times.
func (s *boardSim) run(exchanges int, apart time.Duration) {
	now := boardStart
	for range exchanges {
		now += s.random.Int64N(2 * asMicros(apart))
		if s.random.IntN(2000) == 0 {
			now += asMicros(time.Duration(s.random.Int64N(int64(3 * time.Second)))) // nobody asks
		}
		s.exchange(now, s.random.IntN(len(s.unused)))
	}
}

func (s *boardSim) exchange(now micros, i int) {
	take := s.take
	take.Want = s.random.IntN(5)
	if now/2e6%2 > 0 && s.random.IntN(4) > 0 { // fewer requests for two seconds
		take.Want = 0
	}
	s.unused[i] = slices.DeleteFunc(s.unused[i], func(u simUnit) bool {
		isOver := u.at+asMicros(Valid) <= now && s.random.IntN(4) > 0
		if isOver && s.random.IntN(20) > 0 {
			take.Back++
			take.BackFrom = max(take.BackFrom, asDuration(now-u.at))
		}
		return isOver
	})
	if s.views != nil {
		known, _ := slices.BinarySearch(s.begins, now-asMicros(s.views[i])+1)
		if s.random.IntN(3) > 0 && known < len(s.begins) {
			take.Edge = asDuration(s.begins[known] + asMicros(s.views[i]) - now)
		}
	}
	g := s.board.exchange(now, Exchange{Process: fmt.Sprint(i), Limits: []Take{take}}).Limits[0]
	s.count += g.Now + g.Later
	for n := range g.Now + g.Later {
		u := simUnit{at: now}
		if n >= g.Now {
			u.at += asMicros(g.First + time.Duration(n-g.Now)*g.Apart)
		}
		switch u.used = u.at + s.random.Int64N(asMicros(Valid)); {
		case s.random.IntN(3) > 0:
			s.used = append(s.used, u)
		case s.random.IntN(50) > 0: // otherwise it was killed
			s.unused[i] = append(s.unused[i], u)
		}
	}
}

// Units that are used at their own times never exceed the burst and what the rate adds.
func TestBoardRateIsKept(t *testing.T) {
	for seed := range uint64(*seeds) {
		for _, take := range []Take{
			{PerSecond: 100, Burst: 1}, {PerSecond: 100, Burst: 20}, {PerSecond: 3, Burst: 2}, {PerSecond: 1000, Burst: 100},
			{PerSecond: 100, Burst: 10, Size: 150, Window: 2 * time.Second},
		} {
			s := newBoardSim(seed, 1000, take)
			s.run(5_000, 5*ms)
			slices.SortFunc(s.used, func(a, b simUnit) int { return int(a.at - b.at) })
			tokens, last := float64(take.Burst), boardStart
			for i, u := range s.used {
				tokens = min(tokens+float64(u.at-last)*take.PerSecond/1e6, float64(take.Burst)) - 1
				if last = u.at; tokens < -tiny {
					t.Fatalf("seed %d, %v/s, burst %d: unit %d exceeds it by %v", seed, take.PerSecond, take.Burst, i, -tokens)
				}
			}
			if can := float64(last-boardStart) * take.PerSecond / 1e6; len(s.used) == 0 || take.Size == 0 && float64(s.count) < .4*min(can, 8_000) {
				t.Errorf("seed %d, %v/s: %d were granted, of %v", seed, take.PerSecond, s.count, can)
			}
		}
	}
}

// Units never exceed a window of any beginning while its end is unknown, whenever they are used.
func TestBoardUnknownWindowIsKept(t *testing.T) {
	for seed := range uint64(*seeds) {
		for _, take := range []Take{
			{Size: 50, Window: time.Second}, {Size: 7, Window: 10 * time.Second}, {Size: 1000, Window: 5 * time.Second},
			{Size: 100, Window: 3 * time.Second, PerSecond: 100, Burst: 3},
		} {
			s := newBoardSim(seed, 1000, take)
			s.run(5_000, 5*ms)
			slices.SortFunc(s.used, func(a, b simUnit) int { return int(a.used - b.used) })
			for i, u := range s.used {
				if j := i + take.Size; j < len(s.used) && s.used[j].used-u.used < asMicros(take.Window) {
					t.Fatalf("seed %d, %d per %v: units %d to %d are in %v", seed, take.Size, take.Window, i, j, asDuration(s.used[j].used-u.used))
				}
			}
			if len(s.used) < take.Size {
				t.Errorf("seed %d, %d per %v: %d were used", seed, take.Size, take.Window, len(s.used))
			}
		}
	}
}

// Units never exceed a window whose end is known, although processes see that up to a tenth of its
// length too late.
func TestBoardKnownWindowIsKept(t *testing.T) {
	for seed := range uint64(*seeds) {
		for _, take := range []Take{
			{Size: 50, Window: 2 * time.Second}, {Size: 7, Window: 5 * time.Second}, {Size: 1000, Window: 5 * time.Second},
			{Size: 100, Window: 3 * time.Second, PerSecond: 100, Burst: 3},
		} {
			s := newBoardSim(seed, 100, take)
			for range s.unused {
				s.views = append(s.views, time.Duration(s.random.Int64N(int64(take.Window/10))))
			}
			s.views[0] = 0
			for at := boardStart + 1e6; at < boardStart+100e6; at += asMicros(take.Window) {
				s.begins = append(s.begins, at)
			}
			s.run(5_000, 5*ms)
			inWindow := map[int]int{}
			for _, u := range s.used {
				i, isEdge := slices.BinarySearch(s.begins, u.used)
				if isEdge {
					i++
				}
				inWindow[i]++
			}
			for i, n := range inWindow {
				if n > take.Size {
					t.Fatalf("seed %d, %d per %v: window %d has %d", seed, take.Size, take.Window, i, n)
				}
			}
			if len(s.used) < take.Size {
				t.Errorf("seed %d, %d per %v: %d were used", seed, take.Size, take.Window, len(s.used))
			}
		}
	}
}

// Requests under way never exceed the slots, and nobody waits forever, although processes are
// killed.
func TestBoardSlotsAreKept(t *testing.T) {
	for seed := range uint64(*seeds) {
		for _, slots := range []int{1, 5, 16, 100} {
			random := rand.New(rand.NewPCG(seed, 3))
			var b board
			busy, allowed, served, names := make([]int, 10), make([]int, 10), make([]int, 10), make([]int, 10)
			now := boardStart
			for range 20_000 {
				now += random.Int64N(2 * asMicros(6*ms)) // each asks after 60 ms, on average
				i := random.IntN(len(busy))
				if n := random.IntN(busy[i] + 1); random.IntN(2) == 0 {
					busy[i], served[i] = busy[i]-n, served[i]+n
				}
				if random.IntN(5_000) == 0 {
					busy[i], allowed[i], names[i] = 0, 0, names[i]+1 // killed, and another one takes its place
				}
				take := Take{Slots: slots, Busy: busy[i], Hold: busy[i] + 1 + random.IntN(3)}
				allowed[i] = b.exchange(now, Exchange{Process: fmt.Sprint(i, names[i]), Limits: []Take{take}}).Limits[0].Hold
				busy[i] = max(busy[i], allowed[i]-random.IntN(2))
				under := 0
				for _, n := range busy {
					under += n
				}
				if under > slots {
					t.Fatalf("seed %d: %d are under way in %d slots", seed, under, slots)
				}
			}
			if least := slices.Min(served); least == 0 {
				t.Errorf("seed %d, %d slots: a process had none: %v", seed, slots, served)
			}
		}
	}
}
