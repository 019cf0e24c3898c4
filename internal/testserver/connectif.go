package testserver

import (
	"net/http"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// What a fake Connectif accepts. ConnectifDomain is the only domain that is
// authorized for the URLs of products.
const (
	ConnectifKeyID     = "demo-key"
	ConnectifKeySecret = "demo-key-secret"
	ConnectifDomain    = "http://www.mysite.com"
)

// Connectif is a fake of Connectif: contacts, purchases and exports, with the
// error bodies of the vendor's documentation. It is an http.Handler, to be
// served by Handle or Start, and is safe for concurrent use. The files of the
// exports are served by Storage, on an origin of their own.
//
// Faults, the rate limit and the latency apply to all endpoints, but not to
// the storage. An API key is not renewed and does not expire: TokenUses is not
// used, and an ExpireToken fault refuses one request and no more.
//
// A purchase is a plain create: the vendor does not recognise one that it has
// already had, and starts its workflows again.
type Connectif struct {
	gateway
	routes  *http.ServeMux
	shop    connectifShop
	exports connectifExports
	storage connectifStorage
}

// NewConnectif returns a fake without contacts, products, purchases and
// exports. It takes 5 s to process an export.
func NewConnectif(service Service) *Connectif {
	cf := &Connectif{gateway: newGateway(service), routes: http.NewServeMux()}
	cf.exports.took = 5 * time.Second
	cf.storage.base = "http://storage.test"
	for pattern, execute := range map[string]func(call) reply{
		"PATCH /contacts/{email}":            cf.patchContact,
		"POST /purchases":                    cf.postPurchase,
		"POST /purchases/{$}":                cf.postPurchase,
		"GET /purchases/purchase-id/{id}":    cf.getPurchase,
		"DELETE /purchases/purchase-id/{id}": cf.deletePurchase,
		"POST /exports":                      cf.postExport,
		"POST /exports/{$}":                  cf.postExport,
		"GET /exports/{id}":                  cf.getExport,
		"DELETE /exports/{id}":               cf.deleteExport,
	} {
		cf.routes.Handle(pattern, cf.endpoint(cf, execute))
	}
	cf.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		connectifNotFound().send(w, r)
	})
	return cf
}

// ServeHTTP serves one request and counts its answer. Each endpoint either
// writes one header or closes the connection.
func (cf *Connectif) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cf.serve(cf.routes, w, r)
}

// Purchases returns the ledger of executed purchases, by purchaseId. Each one
// beyond the first of its purchaseId is a duplicate.
func (cf *Connectif) Purchases() *retrywisetest.Ledger { return &cf.shop.ledger }

// Exports returns the ledger of created exports, by the id that the vendor
// gave them. Two exports with the same order have two ids, so Total and not
// Duplicates tells a create that was sent twice.
func (cf *Connectif) Exports() *retrywisetest.Ledger { return &cf.exports.ledger }
