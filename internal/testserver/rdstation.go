package testserver

import (
	"net/http"
	"sync/atomic"

	"github.com/retrywise/retrywise/retrywisetest"
)

// RDStation is a fake of RD Station Marketing: contacts, events and the token
// endpoint, with the error bodies of the vendor's documentation. It is an
// http.Handler, to be served by Handle or Start, and is safe for concurrent use.
//
// Faults, the rate limit and the latency apply to contacts and events, not to
// the token endpoint.
//
// Every execution of a contact PATCH is counted for the contact. Two kinds of
// execution changed nothing, because the contact had last been given the same
// payload, and they are told apart:
//   - a repeat: no success had been sent for that payload before the request
//     came. The client could not know and was right to send again. A cut
//     answer is no success.
//   - a duplicate: a success had been sent before the request came. The client
//     did again what it had been told is done.
//
// A success counts as sent when the fake begins to send it to a client that is
// still connected. A client that leaves in the very middle of the answer may
// thus be counted as having made a duplicate.
type RDStation struct {
	gateway
	routes   *http.ServeMux
	tokens   tokens
	contacts contacts
	events   retrywisetest.Ledger
	taken    atomic.Int64 // events
}

// NewRDStation returns a fake without contacts and events, whose access token
// is valid.
func NewRDStation(service Service) *RDStation {
	rd := &RDStation{gateway: newGateway(service), routes: http.NewServeMux()}
	rd.contacts.clock = &rd.clock
	rd.tokens.renew()
	rd.tokens.maxUses = service.TokenUses
	rd.routes.Handle("PATCH /platform/contacts/{contact}", rd.endpoint(rd, rd.patchContact))
	rd.routes.Handle("GET /platform/contacts/{contact}", rd.endpoint(rd, rd.getContact))
	rd.routes.Handle("DELETE /platform/contacts/{contact}", rd.endpoint(rd, rd.deleteContact))
	rd.routes.Handle("POST /platform/events", rd.endpoint(rd, rd.postEvent))
	rd.routes.HandleFunc("POST /auth/token", rd.renewToken)
	rd.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "The resource couldn't be found.").send(w, r)
	})
	return rd
}

// ServeHTTP serves one request and counts its answer. Each endpoint either
// writes one header or closes the connection.
func (rd *RDStation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rd.serve(rd.routes, w, r)
}
