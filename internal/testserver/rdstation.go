package testserver

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// RDStation is a fake of RD Station Marketing: contacts, events and the token
// endpoint, with the error bodies of the vendor's documentation. It is an
// http.Handler and safe for concurrent use.
//
// The vendor's limits apply in addition to Service.PerSecond: 120 calls for contacts a
// minute, including those that meet a fault, and 24 PATCHes of a contact in 24 hours. A
// limit counts in fixed windows, each of which begins with the first call in it; refused
// calls are not counted.
//
// It counts how often a PATCH of a contact was executed. A PATCH with the same
// payload as the previous one changes nothing. It is counted as one of two:
//   - a repeat, if no success had been sent for that payload when the request
//     arrived. The client could not know that the PATCH was executed, and was right
//     to retry. A response that was cut is not a success.
//   - a duplicate, if a success had been sent before. The client had no reason to
//     send the request.
//
// A success counts as sent when the fake begins to send it to a client that is
// still connected. A retry by a client that disconnects during the response is
// therefore counted as a duplicate.
type RDStation struct {
	gateway
	routes   *http.ServeMux
	tokens   tokens
	minute   windowLimit // of calls for contacts
	contacts contacts
	events   retrywisetest.Ledger
	received atomic.Int64 // events
}

// NewRDStation returns a fake without contacts and events. It has a valid access
// token.
func NewRDStation(service Service) *RDStation {
	rd := &RDStation{
		gateway: newGateway(service), routes: http.NewServeMux(),
		minute: windowLimit{calls: rdstationPerMinute, per: time.Minute},
	}
	rd.contacts.clock = &rd.clock
	rd.tokens.renew()
	rd.tokens.maxUses = service.TokenUses
	rd.routes.Handle("PATCH /platform/contacts/{contact}", rd.meter(rd.endpoint(rd, rd.patchContact)))
	rd.routes.Handle("GET /platform/contacts/{contact}", rd.meter(rd.endpoint(rd, rd.getContact)))
	rd.routes.Handle("DELETE /platform/contacts/{contact}", rd.meter(rd.endpoint(rd, rd.deleteContact)))
	rd.routes.Handle("POST /platform/events", rd.endpoint(rd, rd.postEvent))
	rd.routes.HandleFunc("POST /auth/token", rd.renewToken)
	rd.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(http.StatusNotFound, "RESOURCE_NOT_FOUND", "The resource couldn't be found.").send(w, r)
	})
	return rd
}

// ServeHTTP serves one request and counts its response.
func (rd *RDStation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rd.serve(rd.routes, w, r)
}
