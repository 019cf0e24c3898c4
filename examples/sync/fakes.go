package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
	"github.com/retrywise/retrywise/vendors"
)

// fakes are the vendors of the demo, each with a weather of its own, and what they know
// before the job begins.
type fakes struct {
	rdstation     *testserver.RDStation
	customergauge *testserver.CustomerGauge
	connectif     *testserver.Connectif
	playable      *testserver.Playable

	emails    []string     // of all purchases
	campaigns []int        // of Playable
	downloads atomic.Int64 // requests to Connectif's storage
}

// products are those that the shop has told Connectif of.
const products = 12

func newFakes(s settings, purchases []purchase) *fakes { return newFakesIn(s, purchases, seeded(s)) }

// seeded is the weather of the flags.
func seeded(s settings) func(n uint64) retrywisetest.Plan {
	return func(n uint64) retrywisetest.Plan { return testserver.Seeded(s.seed+1000*n, s.faults) }
}

// newFakesIn makes the vendors on a day whose weather is that of four numbers.
func newFakesIn(s settings, purchases []purchase, weather func(n uint64) retrywisetest.Plan) *fakes {
	const latency = 5 * time.Millisecond
	f := &fakes{
		rdstation:     testserver.NewRDStation(testserver.Service{Faults: weather(0), PerSecond: 150, TokenUses: 400, Latency: latency}),
		customergauge: testserver.NewCustomerGauge(testserver.Service{Faults: weather(1), TokenUses: 10, Latency: latency}),
		connectif:     testserver.NewConnectif(testserver.Service{Faults: weather(2), PerSecond: 40, Latency: latency}),
		playable:      testserver.NewPlayable(testserver.Service{Faults: weather(3), TokenUses: 20, Latency: latency}),
	}
	for i := range products {
		f.connectif.AddProducts(fmt.Sprintf("sku-%02d", i+1))
	}
	for i, p := range purchases {
		f.emails = append(f.emails, p.Email)
		if i%10 != 9 { // each tenth customer is new
			f.connectif.AddContacts(p.Email)
		}
	}
	f.connectif.SetExportTime(300 * time.Millisecond)
	for i := range s.campaigns {
		f.campaigns = append(f.campaigns, i+1)
		f.playable.AddCampaign(i+1, fmt.Sprintf("Campaign %d", i+1), i*20)
	}
	return f
}

// storage is the name of the origin of Connectif's files.
const storage = "storage"

// handlers are the servers to be started, by name.
func (f *fakes) handlers() map[string]http.Handler {
	files := f.connectif.Storage()
	return map[string]http.Handler{
		vendors.RDStation: f.rdstation, vendors.CustomerGauge: f.customergauge,
		vendors.Connectif: f.connectif, vendors.Playable: f.playable,
		storage: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.downloads.Add(1)
			files.ServeHTTP(w, r)
		}),
	}
}

// seen counts the requests that came to a vendor, and to the storage of its files.
func (f *fakes) seen(vendor string) int {
	statuses := map[string]func() map[int]int{
		vendors.RDStation: f.rdstation.Statuses, vendors.CustomerGauge: f.customergauge.Statuses,
		vendors.Connectif: f.connectif.Statuses, vendors.Playable: f.playable.Statuses,
	}
	n := 0
	for _, times := range statuses[vendor]() {
		n += times
	}
	if vendor == vendors.Connectif {
		n += int(f.downloads.Load())
	}
	return n
}
