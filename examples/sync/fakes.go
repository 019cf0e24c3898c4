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

// fakes are the fake vendors, with the data that they have before the job.
type fakes struct {
	rdstation     *testserver.RDStation
	customergauge *testserver.CustomerGauge
	connectif     *testserver.Connectif
	playable      *testserver.Playable

	emails    []string     // of all purchases
	campaigns []int        // ids of Playable's campaigns
	downloads atomic.Int64 // requests to Connectif's storage
}

// products is the number of Connectif's products.
const products = 12

func newFakes(s settings, purchases []purchase) *fakes { return newFakesWith(s, purchases, seeded(s)) }

// seeded returns the fault plan of each vendor for the settings.
func seeded(s settings) func(n uint64) retrywisetest.Plan {
	return func(n uint64) retrywisetest.Plan { return testserver.Seeded(s.seed+1000*n, s.faults) }
}

// newFakesWith creates the vendors. faults(n) is the fault plan of vendor number n.
func newFakesWith(s settings, purchases []purchase, faults func(n uint64) retrywisetest.Plan) *fakes {
	const latency = 5 * time.Millisecond
	f := &fakes{
		rdstation:     testserver.NewRDStation(testserver.Service{Faults: faults(0), PerSecond: 150, TokenUses: 400, Latency: latency}),
		customergauge: testserver.NewCustomerGauge(testserver.Service{Faults: faults(1), TokenUses: 10, Latency: latency}),
		connectif:     testserver.NewConnectif(testserver.Service{Faults: faults(2), PerSecond: 40, Latency: latency}),
		playable:      testserver.NewPlayable(testserver.Service{Faults: faults(3), TokenUses: 20, Latency: latency}),
	}
	f.rdstation.AllowContactCalls(0) // PerSecond is the account's limit; see withHigherLimit
	for i := range products {
		f.connectif.AddProducts(fmt.Sprintf("sku-%02d", i+1))
	}
	for i, p := range purchases {
		f.emails = append(f.emails, p.Email)
		if i%10 != 9 { // every tenth customer is new
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

// storage is the name of the server with Connectif's files.
const storage = "storage"

// handlers returns the handler of each server, by name.
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

// counted returns the number of requests that a vendor received, including requests to
// the storage of its files.
func (f *fakes) counted(vendor string) int {
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
