package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

// campaign is the id of the campaign with the registrations.
const campaign = 7

// fakes are the three vendors of one run. Their ledgers have what was executed.
type fakes struct {
	playable  *testserver.Playable
	connectif *testserver.Connectif
	rdstation *testserver.RDStation

	playableServer, connectifServer, rdstationServer *retrywisetest.Server
}

// startFakes starts the vendors. Their faults depend on the settings only. Connectif has the
// buyers as contacts, and Playable has issued a token.
func startFakes(ctx context.Context, s settings, start startServer) (*fakes, error) {
	service := func(n uint64) testserver.Service {
		return testserver.Service{Faults: testserver.Seeded(3*s.seed+n, s.faults), Latency: 2 * time.Millisecond, LimitWait: time.Second}
	}
	f := &fakes{
		playable:  testserver.NewPlayable(service(0)),
		connectif: testserver.NewConnectif(service(1)),
		rdstation: testserver.NewRDStation(service(2)),
	}
	f.rdstation.AllowContactCalls(0) // an account with a higher limit; see withHigherLimit
	f.playable.AddCampaign(campaign, "Summer quiz", s.rows)
	f.connectif.AddProducts(ticket)
	for _, id := range f.rows() {
		f.connectif.AddContacts(emailOf(id))
	}
	for _, server := range []struct {
		handler http.Handler
		srv     **retrywisetest.Server
	}{{f.playable, &f.playableServer}, {f.connectif, &f.connectifServer}, {f.rdstation, &f.rdstationServer}} {
		srv, err := start(server.handler)
		if err != nil {
			f.close()
			return nil, err
		}
		*server.srv = srv
	}
	if err := logIn(ctx, f.playableServer); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// logIn makes Playable issue a token.
func logIn(ctx context.Context, srv *retrywisetest.Server) error {
	body := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q}`, testserver.PlayableClientID, testserver.PlayableClientSecret)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL()+"/oauth/token", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := srv.Transport().RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("log in to Playable: %s", resp.Status)
	}
	return nil
}

func (f *fakes) close() {
	for _, srv := range []*retrywisetest.Server{f.playableServer, f.connectifServer, f.rdstationServer} {
		if srv != nil {
			srv.Close()
		}
	}
}

// rows returns the ids of all registrations.
func (f *fakes) rows() []int {
	var ids []int
	for _, text := range f.playable.Registrations(campaign) {
		if id, err := strconv.Atoi(text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func (f *fakes) hasPurchase(id int) bool {
	return f.connectif.Purchases().Count(strconv.Itoa(id)) > 0
}

func (f *fakes) hasContact(id int) bool { return f.rdstation.Executed(emailOf(id)) > 0 }

// emailOf returns the address that the fake gives to a registration.
func emailOf(id int) string { return fmt.Sprintf("player-%d@example.com", id) }

// requests returns the number of requests that the vendors received, without the login.
func (f *fakes) requests() int {
	n := -f.playable.Renewals()
	for _, statuses := range []map[int]int{f.playable.Statuses(), f.connectif.Statuses(), f.rdstation.Statuses()} {
		for _, times := range statuses {
			n += times
		}
	}
	return n
}
