package traffic

import (
	"testing"
	"time"
)

func TestBoardPace(t *testing.T) {
	slow := Pace{PerSecond: 10, Burst: 1}
	leads := func(want int, met Evidence) Take { return Take{Want: want, Leads: true, Learned: slow, Evidence: met} }
	follows := func(want int, met Evidence) Take { return Take{Want: want, Evidence: met} }
	accepted := func(n int) Evidence { return Evidence{Accepted: n} }
	refused := Evidence{Accepted: 2, Refused: 1, Left: 20 * ms, Wait: time.Second, ByVendor: true}
	one := Grant{Now: 1, Learned: slow}
	for name, steps := range map[string][]takeStep{
		"the first to learn leads, and knows what all met": {
			{0, "a", follows(0, accepted(3)), Grant{}},
			{100 * ms, "b", follows(0, accepted(4)), Grant{}},
			{100 * ms, "a", leads(0, accepted(1)), Grant{Learned: slow, Leads: true, Evidence: accepted(8)}},
			{200 * ms, "b", leads(0, accepted(5)), Grant{Learned: slow}},
			{300 * ms, "b", follows(0, refused), Grant{Learned: slow}},
			{300 * ms, "a", leads(0, Evidence{}), Grant{Learned: slow, Leads: true, Evidence: Evidence{7, 1, 20 * ms, time.Second, true}}},
		},
		"of what was accepted before, the last seconds count": {
			{0, "a", follows(0, accepted(30)), Grant{}},
			{5 * time.Second, "a", leads(0, accepted(2)), Grant{Learned: slow, Leads: true, Evidence: accepted(2)}},
		},
		"all share what was learned": {
			{0, "a", leads(1, Evidence{}), Grant{Later: 1, First: 100 * ms, Apart: 100 * ms, Learned: slow, Leads: true}},
			{200 * ms, "b", follows(2, Evidence{}), Grant{Now: 1, Later: 1, First: 100 * ms, Apart: 100 * ms, Learned: slow}},
			{300 * ms, "c", Take{Want: 1, PerSecond: 100, Burst: 5}, Grant{Later: 1, First: 100 * ms, Apart: 100 * ms, Learned: slow}},
			{500 * ms, "c", Take{Want: 2, PerSecond: 5, Burst: 1}, Grant{Now: 1, Wait: 100 * ms, Learned: slow}},
		},
		"once a request is refused, nothing is left": {
			{0, "a", leads(0, Evidence{}), Grant{Learned: slow, Leads: true}},
			{time.Second, "b", follows(1, refused), Grant{Later: 1, First: 80 * ms, Apart: 100 * ms, Learned: slow}},
		},
		"when the limit opens, one request finds out whether it is": {
			{0, "a", Take{Close: time.Second, Leads: true, Learned: slow}, Grant{Closed: time.Second, Learned: slow, Leads: true}},
			{time.Second, "b", follows(1, Evidence{}), one},
			{time.Second, "c", follows(2, Evidence{}), Grant{Later: 1, First: 100 * ms, Apart: 100 * ms, Wait: 100 * ms, Learned: slow}},
		},
		"another process takes over from one that is gone": {
			{0, "a", leads(0, Evidence{}), Grant{Learned: slow, Leads: true}},
			{1900 * ms, "b", follows(1, Evidence{}), one},
			{2000 * ms, "b", follows(0, Evidence{}), Grant{Learned: slow}},
			{2000 * ms, "b", follows(1, Evidence{}), Grant{Now: 1, Learned: slow, Leads: true}},
			{2100 * ms, "a", leads(0, Evidence{}), Grant{Learned: slow}},
		},
		"while the limit is closed, the leader stays": {
			{0, "a", Take{Close: time.Minute, Leads: true, Learned: slow}, Grant{Closed: time.Minute, Learned: slow, Leads: true}},
			{61 * time.Second, "b", follows(1, Evidence{}), one},
			{62 * time.Second, "b", follows(1, Evidence{}), Grant{Now: 1, Learned: slow, Leads: true}},
		},
		"one that knows better drops what was learned": {
			{0, "a", leads(0, Evidence{}), Grant{Learned: slow, Leads: true}},
			{100 * ms, "a", Take{Leads: true}, Grant{}},
			{100 * ms, "b", follows(5, Evidence{}), Grant{Now: 5}},
		},
	} {
		t.Run(name, func(t *testing.T) { runTakes(t, steps) })
	}
}
