package traffic

import (
	"testing"
	"time"
)

func TestBoardLimit(t *testing.T) {
	rate := func(want int) Take { return Take{PerSecond: 10, Burst: 5, Want: want} }
	slow := func(want, back int, from time.Duration) Take {
		return Take{PerSecond: 1, Burst: 3, Want: want, Back: back, BackFrom: from}
	}
	fast := func(want int) Take { return Take{PerSecond: 50, Burst: 1, Want: want} }
	window := func(want int) Take { return Take{Size: 10, Window: time.Minute, Want: want} }
	known := func(want int, edge time.Duration) Take {
		return Take{Size: 10, Window: time.Minute, Edge: edge, Want: want}
	}
	both := func(want int) Take { return Take{PerSecond: 100, Burst: 4, Size: 6, Window: time.Minute, Want: want} }
	for name, steps := range map[string][]takeStep{
		"a rate that is new begins empty": {
			{0, "a", rate(3), Grant{Later: 1, First: 100 * ms, Apart: 100 * ms, Wait: 100 * ms}},
			{100 * ms, "b", rate(3), Grant{Later: 1, First: 100 * ms, Apart: 100 * ms, Wait: 100 * ms}},
		},
		"a slow one has the first unit after a second": {
			{0, "a", Take{PerSecond: 1. / 60, Burst: 1, Want: 1}, Grant{Wait: 900 * ms}},
			{900 * ms, "a", Take{PerSecond: 1. / 60, Burst: 1, Want: 1}, Grant{Later: 1, First: 100 * ms, Apart: time.Minute}},
			{time.Second, "b", Take{PerSecond: 1. / 60, Burst: 1, Want: 1}, Grant{Wait: time.Minute - 100*ms}},
		},
		"a rate has a burst, and then one unit after the other": {
			{0, "a", rate(0), Grant{}},
			{time.Second, "a", rate(4), Grant{Now: 4}},
			{time.Second, "b", rate(4), Grant{Now: 1, Later: 1, First: 100 * ms, Apart: 100 * ms, Wait: 100 * ms}},
		},
		"units are granted a tenth of a second ahead": {
			{0, "a", fast(0), Grant{}},
			{time.Second, "a", fast(9), Grant{Now: 1, Later: 5, First: 20 * ms, Apart: 20 * ms, Wait: 20 * ms}},
		},
		"a rate that was forgotten begins empty": {
			{0, "a", rate(0), Grant{}},
			{time.Hour, "a", rate(5), Grant{Later: 1, First: 100 * ms, Apart: 100 * ms, Wait: 100 * ms}},
		},
		"units that were not used are granted again": {
			{0, "a", slow(0, 0, 0), Grant{}},
			{3 * time.Second, "a", slow(3, 0, 0), Grant{Now: 3}},
			{3200 * ms, "a", slow(0, 1, 200*ms), Grant{}},
			{3200 * ms, "b", slow(2, 0, 0), Grant{Now: 1, Wait: 700 * ms}},
			{5100 * ms, "a", slow(3, 0, 0), Grant{Now: 2, Wait: 800 * ms}},
			{5300 * ms, "a", slow(3, 2, 200*ms), Grant{Now: 2, Wait: 600 * ms}},
		},
		"units that come back are not worth more than what the burst lacked since then": {
			{0, "a", slow(0, 0, 0), Grant{}},
			{5000 * ms, "a", slow(2, 0, 0), Grant{Now: 2}},
			{6900 * ms, "b", slow(1, 0, 0), Grant{Now: 1}}, // the burst lacked a tenth of a unit
			{6950 * ms, "a", slow(3, 2, 1950*ms), Grant{Now: 2, Wait: 850 * ms}},
		},
		"units that come back after a pause are lost, as the burst is whole": {
			{0, "a", slow(0, 0, 0), Grant{}},
			{3 * time.Second, "a", slow(1, 0, 0), Grant{Now: 1}},
			{10 * time.Second, "b", slow(3, 0, 0), Grant{Now: 3}},
			{10 * time.Second, "a", slow(1, 1, 7*time.Second), Grant{Wait: 900 * ms}},
		},
		"units that come back to a store that forgot them are lost": {
			{0, "a", slow(3, 3, 200*ms), Grant{Wait: 900 * ms}},
		},
		"a window whose end is unknown, in any time of its length": {
			{0, "a", window(4), Grant{Now: 4}},
			{30 * time.Second, "b", window(7), Grant{Now: 6, Wait: 30*time.Second + Valid}},
			{60 * time.Second, "a", window(1), Grant{Wait: Valid}},
			{60*time.Second + Valid, "a", window(5), Grant{Now: 4, Wait: 30 * time.Second}},
		},
		"a window whose end is known": {
			{0, "a", known(7, 10*time.Second), Grant{Now: 7}},
			{9 * time.Second, "b", known(7, time.Second), Grant{Now: 3, Wait: time.Second}},
			{10 * time.Second, "b", known(11, time.Minute), Grant{Now: 10, Wait: time.Minute}},
			{60 * time.Second, "c", window(1), Grant{Wait: 10 * time.Second}},
			{70 * time.Second, "c", window(11), Grant{Now: 10, Wait: time.Minute}},
			{170 * time.Second, "c", window(11), Grant{Now: 10, Wait: 20 * time.Second}},
			{time.Hour, "c", window(11), Grant{Now: 10, Wait: time.Minute}}, // it was forgotten
		},
		"processes see its end at slightly different times, between which units count twice": {
			{0, "a", known(0, 10*time.Second), Grant{}},
			{0, "b", known(0, 10500*ms), Grant{}},
			{9800 * ms, "a", known(1, 200*ms), Grant{Now: 1}},
			{9950 * ms, "a", known(2, 50*ms), Grant{Now: 2}},
			{10400 * ms, "a", known(3, 59600*ms), Grant{Now: 3}}, // its window has ended, that of b has not
			{10500 * ms, "a", known(9, 59500*ms), Grant{Now: 4, Wait: 59500 * ms}},
			{10600 * ms, "c", known(9, 200*ms), Grant{Wait: 60200 * ms}}, // it is late
			{70800 * ms, "a", known(11, 59200*ms), Grant{Now: 10, Wait: 59200 * ms}},
		},
		"a process that is late begins no window of its own": {
			{0, "a", known(0, 10*time.Second), Grant{}},
			{10 * time.Second, "c", known(11, 200*ms), Grant{Now: 10, Wait: 60200 * ms}},
			{10200 * ms, "c", known(1, time.Minute), Grant{Wait: time.Minute}},
		},
		"the end becomes known": {
			{0, "a", window(4), Grant{Now: 4}},
			{30 * time.Second, "a", window(4), Grant{Now: 4}},
			{40 * time.Second, "a", known(8, 30*time.Second), Grant{Now: 6, Wait: 30 * time.Second}},
			{70 * time.Second, "a", known(11, time.Minute), Grant{Now: 10, Wait: time.Minute}},
		},
		"a window takes back what was not used": {
			{0, "a", known(7, 10*time.Second), Grant{Now: 7}},
			{200 * ms, "a", Take{Size: 10, Window: time.Minute, Back: 2, BackFrom: 200 * ms, Want: 9}, Grant{Now: 5, Wait: 9800 * ms}},
			{10 * time.Second, "b", known(10, time.Minute), Grant{Now: 10}},
			{10100 * ms, "a", Take{Size: 10, Window: time.Minute, Back: 2, BackFrom: 300 * ms, Want: 1}, Grant{Wait: 59900 * ms}},
		},
		"what is taken back counts for a shorter time than the rest": {
			{0, "a", window(5), Grant{Now: 5}},
			{10 * time.Second, "a", window(5), Grant{Now: 5}},
			{10200 * ms, "a", Take{Size: 10, Window: time.Minute, Back: 2, BackFrom: 200 * ms}, Grant{}},
			{10200 * ms, "a", window(3), Grant{Now: 2, Wait: 49900 * ms}},
			{60100 * ms, "a", window(9), Grant{Now: 3, Wait: 10200 * ms}},
		},
		"a limit of a rate and a window waits for the one that is short": {
			{0, "a", both(0), Grant{}},
			{time.Second, "a", both(5), Grant{Now: 4, Later: 1, First: 10 * ms, Apart: 10 * ms}},
			{time.Second, "a", both(5), Grant{Later: 1, First: 20 * ms, Apart: 10 * ms, Wait: 60*time.Second + 10*ms + Valid}},
		},
		"a gate": {
			{0, "a", Take{Close: time.Minute, Size: 5, Window: time.Second, Want: 1}, Grant{Closed: time.Minute}},
			{10 * time.Second, "b", Take{Close: time.Second, Size: 5, Window: time.Second, Want: 1}, Grant{Closed: 50 * time.Second}},
			{time.Minute, "b", Take{Size: 5, Window: time.Second, Want: 1}, Grant{Now: 1}},
		},
		"a gate that is closed for six hours": {
			{0, "a", Take{Close: 6 * time.Hour}, Grant{Closed: 6 * time.Hour}},
			{5 * time.Hour, "b", Take{}, Grant{Closed: time.Hour}},
		},
	} {
		t.Run(name, func(t *testing.T) { runTakes(t, steps) })
	}
}

func TestBoardSlots(t *testing.T) {
	slots := func(count, hold, busy int) Take { return Take{Slots: count, Hold: hold, Busy: busy} }
	for name, steps := range map[string][]takeStep{
		"who comes first has all": {
			{0, "a", slots(4, 9, 0), Grant{Hold: 4}},
			{ms, "b", slots(4, 1, 0), Grant{}},
		},
		"and keeps its share, and what is in use, once another one waits": {
			{0, "a", slots(4, 9, 0), Grant{Hold: 4}},
			{ms, "b", slots(4, 3, 0), Grant{}},
			{2 * ms, "a", slots(4, 9, 3), Grant{Hold: 2}},
			{3 * ms, "b", slots(4, 3, 0), Grant{Hold: 1}},
			{4 * ms, "a", slots(4, 9, 1), Grant{Hold: 2}},
			{5 * ms, "b", slots(4, 3, 1), Grant{Hold: 2}},
			{6 * ms, "a", slots(4, 9, 2), Grant{Hold: 2}},
		},
		"and has all again when the other one needs none": {
			{0, "a", slots(4, 9, 0), Grant{Hold: 4}},
			{ms, "b", slots(4, 1, 0), Grant{}},
			{2 * ms, "a", slots(4, 9, 0), Grant{Hold: 2}},
			{3 * ms, "b", slots(4, 0, 0), Grant{}},
			{4 * ms, "a", slots(4, 9, 0), Grant{Hold: 4}},
		},
		"or does not ask any more": {
			{0, "b", slots(4, 4, 4), Grant{Hold: 4}},
			{0, "a", slots(4, 9, 0), Grant{}},
			{SlotTime - ms, "a", slots(4, 9, 0), Grant{}},
			{SlotTime, "a", slots(4, 9, 0), Grant{Hold: 4}},
		},
		"one that is busy keeps its slots by asking": {
			{0, "a", slots(2, 2, 2), Grant{Hold: 2}},
			{9 * time.Second, "a", slots(2, 2, 2), Grant{Hold: 2}},
			{18 * time.Second, "b", slots(2, 2, 0), Grant{}},
		},
		"one that comes back late uses more than it holds": {
			{0, "a", slots(2, 2, 2), Grant{Hold: 2}},
			{SlotTime, "b", slots(2, 2, 0), Grant{Hold: 2}},
			{SlotTime + ms, "a", slots(2, 2, 2), Grant{}},
		},
		"a slot that cannot be divided goes round": {
			{0, "a", slots(1, 5, 0), Grant{Hold: 1}},
			{ms, "b", slots(1, 5, 0), Grant{}},
			{500 * ms, "b", slots(1, 5, 0), Grant{}},
			{900 * ms, "a", slots(1, 5, 1), Grant{Hold: 1}},
			{1000 * ms, "b", slots(1, 5, 0), Grant{}},
			{1001 * ms, "a", slots(1, 5, 1), Grant{}}, // the request that it has may end
			{1002 * ms, "b", slots(1, 5, 0), Grant{}},
			{1003 * ms, "a", slots(1, 5, 0), Grant{}},
			{1004 * ms, "a", slots(1, 5, 0), Grant{}}, // b waits for longer
			{1005 * ms, "b", slots(1, 5, 0), Grant{Hold: 1}},
			{1006 * ms, "a", slots(1, 5, 0), Grant{}},
		},
		"nobody waits for one that was killed while it waited": {
			{0, "a", slots(1, 5, 0), Grant{Hold: 1}},
			{ms, "b", slots(1, 5, 0), Grant{}},
			{1500 * ms, "a", slots(1, 5, 1), Grant{Hold: 1}},
		},
		"a rest is divided by who waits longest": {
			{0, "a", slots(5, 9, 0), Grant{Hold: 5}},
			{ms, "b", slots(5, 9, 0), Grant{}},
			{2 * ms, "a", slots(5, 9, 5), Grant{Hold: 3}},
			{3 * ms, "a", slots(5, 9, 3), Grant{Hold: 3}},
			{4 * ms, "b", slots(5, 9, 0), Grant{Hold: 2}},
			{900 * ms, "b", slots(5, 9, 2), Grant{Hold: 2}},
			{1100 * ms, "a", slots(5, 9, 2), Grant{Hold: 2}},
			{1101 * ms, "b", slots(5, 9, 2), Grant{Hold: 3}},
		},
		"fewer slots than before": {
			{0, "a", slots(9, 9, 0), Grant{Hold: 9}},
			{ms, "b", slots(4, 1, 0), Grant{}},
			{2 * ms, "a", slots(4, 9, 1), Grant{Hold: 2}},
		},
	} {
		t.Run(name, func(t *testing.T) { runTakes(t, steps) })
	}
}
