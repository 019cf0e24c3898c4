package testserver

import (
	"net/http"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The credential of a fake Connectif, and the only domain that is authorized for the
// URLs of products.
const (
	ConnectifKeyID     = "demo-key"
	ConnectifKeySecret = "demo-key-secret"
	ConnectifDomain    = "http://www.mysite.com"
)

// Connectif is a fake of Connectif: contacts, purchases, exports and imports, with the
// error bodies of the vendor's documentation. It is an http.Handler and safe for
// concurrent use. Another handler, Storage, serves the files of the exports; Service
// does not apply to it.
//
// An API key does not expire: TokenUses has no effect, and an ExpireToken fault
// refuses one call only.
//
// A second purchase with the same purchaseId starts the workflows again, as it does
// at the vendor.
type Connectif struct {
	gateway
	routes  *http.ServeMux
	shop    connectifShop
	exports connectifQueue
	imports connectifQueue
	storage connectifStorage
}

// NewConnectif returns a fake without contacts, products, purchases, exports and imports.
// Processing an export or import takes 5 s.
func NewConnectif(service Service) *Connectif {
	cf := &Connectif{gateway: newGateway(service), routes: http.NewServeMux()}
	cf.exports.places, cf.exports.prefix, cf.exports.took = connectifExportPlaces, "e", 5*time.Second
	cf.imports.places, cf.imports.prefix, cf.imports.took = connectifImportPlaces, "a", 5*time.Second
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
		"POST /imports":                      cf.postImport,
		"POST /imports/{$}":                  cf.postImport,
		"GET /imports/{id}":                  cf.getImport,
	} {
		cf.routes.Handle(pattern, cf.endpoint(cf, execute))
	}
	cf.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		connectifNotFound().send(w, r)
	})
	return cf
}

// ServeHTTP serves one request and counts its response.
func (cf *Connectif) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cf.serve(cf.routes, w, r)
}

// Purchases returns the ledger of executed purchases, by purchaseId. Every purchase
// after the first with its purchaseId is a duplicate.
func (cf *Connectif) Purchases() *retrywisetest.Ledger { return &cf.shop.ledger }

// Exports returns the ledger of created exports, by the id that the vendor assigned.
// A create that is executed twice has two ids: it shows in Total, not in Duplicates.
func (cf *Connectif) Exports() *retrywisetest.Ledger { return &cf.exports.ledger }

// Imports returns the ledger of created imports, as Exports does.
func (cf *Connectif) Imports() *retrywisetest.Ledger { return &cf.imports.ledger }
