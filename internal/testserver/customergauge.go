package testserver

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// The credentials that a fake CustomerGauge accepts: a key, sent as
// "Authorization: api_key ", or a token, sent as "Authorization: Bearer ",
// that the other two are exchanged for.
const (
	CustomerGaugeKey          = "demo-gauge-key"
	CustomerGaugeClientID     = "demo-gauge-client"
	CustomerGaugeClientSecret = "demo-gauge-secret"
)

// CustomerGauge is a fake of CustomerGauge's API 4.1: the upload of
// transactional files, the list of such uploads and the token endpoint, with
// the codes and texts of the vendor's documentation. The path's suffix chooses
// whether it answers in JSON or in XML. It is an http.Handler, to be served by
// Handle or Start, and is safe for concurrent use.
//
// Faults, the rate limit and the latency apply to uploads and their list, not
// to the token endpoint. Other modules of the vendor's do not exist here, nor
// do other methods of its module file.
//
// An upload of the same name and bytes as one before is refused and not
// executed. The vendor tells two uploads apart by nothing else: the same
// records under another name, or cut into other files, are executed again and
// each of their customers gets a second e-mail. That is a duplicate in Records.
type CustomerGauge struct {
	gateway
	routes   *http.ServeMux
	tokens   accessTokens
	refusals atomic.Int64 // of credentials
	queue    gaugeQueue
	uploads  gaugeUploads
}

// NewCustomerGauge returns a fake without uploads, which has a valid access
// token already.
func NewCustomerGauge(service Service) *CustomerGauge {
	cg := &CustomerGauge{gateway: newGateway(service), routes: http.NewServeMux()}
	cg.tokens.prefix, cg.tokens.maxUses = "demo-gauge-access-", service.TokenUses
	cg.tokens.add()
	for _, suffix := range []string{".json", ".xml"} {
		d := gaugeDialect{cg, gaugeFormatOf(suffix)}
		cg.routes.Handle("POST /v4.1/file/transactional"+suffix, cg.queue.oneByOne(cg.endpoint(d, d.upload)))
		cg.routes.Handle("GET /v4.1/file/transactional"+suffix, cg.endpoint(d, d.list))
	}
	cg.routes.HandleFunc("POST /oauth2/token", cg.giveToken)
	cg.routes.HandleFunc("/v4.1/file/", gaugeUnknown(gaugeNoMethod))
	cg.routes.HandleFunc("/", gaugeUnknown(gaugeNoModule))
	return cg
}

// ServeHTTP serves one request and counts its answer. Each endpoint either
// writes one header or closes the connection.
func (cg *CustomerGauge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cg.serve(cg.routes, w, r)
}

// gaugeUnknown answers code to whatever is asked.
func gaugeUnknown(code gaugeCode) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		gaugeFormatOf(r.URL.Path).refuse(code).send(w, r)
	}
}

// A gaugeFormat is in what an answer is written. The zero value is JSON.
type gaugeFormat struct{ isXML bool }

// gaugeFormatOf returns the format that a path asks for by its suffix.
func gaugeFormatOf(path string) gaugeFormat {
	return gaugeFormat{isXML: strings.HasSuffix(path, ".xml")}
}
