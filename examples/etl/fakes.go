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

// campaign is the id of the campaign that has the registrations.
const campaign = 7

// allVendors are the three fakes of one run. Their ledgers are what was executed.
type allVendors struct {
	playable  *testserver.Playable
	connectif *testserver.Connectif
	rdstation *testserver.RDStation

	playableServer, connectifServer, rdstationServer *retrywisetest.Server
}

// openVendors starts the three. Their faults are derived from the settings alone.
// Connectif has the buyers as contacts, and Playable has issued a token.
func openVendors(ctx context.Context, s settings, serve serving) (*allVendors, error) {
	service := func(n uint64) testserver.Service {
		return testserver.Service{Faults: testserver.Seeded(3*s.seed+n, s.faults), Latency: 2 * time.Millisecond, LimitWait: time.Second}
	}
	v := &allVendors{
		playable:  testserver.NewPlayable(service(0)),
		connectif: testserver.NewConnectif(service(1)),
		rdstation: testserver.NewRDStation(service(2)),
	}
	v.playable.AddCampaign(campaign, "Summer quiz", s.rows)
	v.connectif.AddProducts(ticket)
	for _, id := range v.rows() {
		v.connectif.AddContacts(emailOf(id))
	}
	for _, open := range []struct {
		handler http.Handler
		srv     **retrywisetest.Server
	}{{v.playable, &v.playableServer}, {v.connectif, &v.connectifServer}, {v.rdstation, &v.rdstationServer}} {
		srv, err := serve(open.handler)
		if err != nil {
			v.close()
			return nil, err
		}
		*open.srv = srv
	}
	if err := logIn(ctx, v.playableServer); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
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

func (v *allVendors) close() {
	for _, srv := range []*retrywisetest.Server{v.playableServer, v.connectifServer, v.rdstationServer} {
		if srv != nil {
			srv.Close()
		}
	}
}

// rows returns the ids of all registrations.
func (v *allVendors) rows() []int {
	var ids []int
	for _, text := range v.playable.Registrations(campaign) {
		if id, err := strconv.Atoi(text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func (v *allVendors) hasPurchase(id int) bool {
	return v.connectif.Purchases().Count(strconv.Itoa(id)) > 0
}

func (v *allVendors) hasContact(id int) bool { return v.rdstation.Executed(emailOf(id)) > 0 }

// emailOf returns the address that the fake gives to a registration.
func emailOf(id int) string { return fmt.Sprintf("player-%d@example.com", id) }

// requests returns how many requests the vendors received, without the log-in.
func (v *allVendors) requests() int {
	n := -v.playable.Renewals()
	for _, counted := range []map[int]int{v.playable.Statuses(), v.connectif.Statuses(), v.rdstation.Statuses()} {
		for _, times := range counted {
			n += times
		}
	}
	return n
}
