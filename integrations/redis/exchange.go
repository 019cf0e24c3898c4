package retrywiseredis

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/retrywise/retrywise/traffic"
)

// micros is a duration as the script has it.
type micros int64

func asMicros(d time.Duration) micros { return micros(d.Microseconds()) }

// An exchange is a traffic.Exchange as the script reads it, which expects every field.
type exchange struct {
	Process  string   `json:"process"`
	Limits   []take   `json:"limits"`
	Outages  []sight  `json:"outages"`
	Budget   purse    `json:"budget"`
	Renewals []permit `json:"renewals"`
}

type take struct {
	Want      int     `json:"want"`
	Back      int     `json:"back"`
	BackFrom  micros  `json:"back_from"`
	Close     micros  `json:"close"`
	PerSecond float64 `json:"per_second"`
	Burst     int     `json:"burst"`
	Size      int     `json:"size"`
	Window    micros  `json:"window"`
	Edge      micros  `json:"edge"`
	Slots     int     `json:"slots"`
	Hold      int     `json:"hold"`
	Busy      int     `json:"busy"`

	Evidence evidence `json:"evidence"`
	Leads    bool     `json:"leads"`
	Learned  pace     `json:"learned"`
}

type evidence struct {
	Accepted int    `json:"accepted"`
	Refused  int    `json:"refused"`
	Left     micros `json:"left"`
	Wait     micros `json:"wait"`
	ByVendor bool   `json:"by_vendor"`
}

type pace struct {
	PerSecond float64 `json:"per_second"`
	Burst     int     `json:"burst"`
}

type sight struct {
	Vendor      bool     `json:"vendor"`
	Served      int      `json:"served"`
	Left        micros   `json:"left"`
	Failures    int      `json:"failures"`
	First       micros   `json:"first"`
	Calls       []string `json:"calls"`
	Unreachable bool     `json:"unreachable"`
	Cause       string   `json:"cause"`
	Elsewhere   bool     `json:"elsewhere"`
	Probe       bool     `json:"probe"`
}

type purse struct {
	Spent int `json:"spent"`
	Full  int `json:"full"`
	Most  int `json:"most"`
}

type permit struct {
	Rejected string `json:"rejected"`
	Returns  bool   `json:"returns"`
	For      micros `json:"for"`
}

// encode writes an Exchange for the script. Lists are never null.
func encode(x traffic.Exchange) (string, error) {
	e := exchange{
		Process: x.Process, Limits: []take{}, Outages: []sight{}, Budget: purse(x.Budget), Renewals: []permit{},
	}
	for _, t := range x.Limits {
		e.Limits = append(e.Limits, takeOf(t))
	}
	for _, s := range x.Outages {
		e.Outages = append(e.Outages, sight{
			Vendor: s.Endpoint == "", Served: s.Served, Left: asMicros(s.Left), Failures: s.Failures, First: asMicros(s.First),
			Calls: append([]string{}, s.Calls...), Unreachable: s.Unreachable, Cause: s.Cause,
			Elsewhere: s.Elsewhere, Probe: s.Probe,
		})
	}
	for _, p := range x.Renewals {
		e.Renewals = append(e.Renewals, permit{Rejected: p.Rejected, Returns: p.Returns, For: asMicros(p.For)})
	}
	text, err := json.Marshal(e)
	if err != nil { // a rate that is not a number
		return "", fmt.Errorf("retrywiseredis: write the exchange: %w", err)
	}
	return string(text), nil
}

func takeOf(t traffic.Take) take {
	met := t.Evidence
	return take{
		Want: t.Want, Back: t.Back, BackFrom: asMicros(t.BackFrom), Close: asMicros(t.Close),
		PerSecond: t.PerSecond, Burst: t.Burst, Size: t.Size, Window: asMicros(t.Window), Edge: asMicros(t.Edge),
		Slots: t.Slots, Hold: t.Hold, Busy: t.Busy, Leads: t.Leads, Learned: pace(t.Learned),
		Evidence: evidence{met.Accepted, met.Refused, asMicros(met.Left), asMicros(met.Wait), met.ByVendor},
	}
}
