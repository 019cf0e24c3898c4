package testserver

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// The credentials of a fake CustomerGauge. The key is sent as "Authorization:
// api_key …". The id and the secret are exchanged for a token, which is sent as
// "Authorization: Bearer …".
const (
	CustomerGaugeKey          = "demo-gauge-key"
	CustomerGaugeClientID     = "demo-gauge-client"
	CustomerGaugeClientSecret = "demo-gauge-secret"
)

// CustomerGauge is a fake of CustomerGauge's API 4.1: the upload of transactional
// files, the list of uploads and the token endpoint, with the codes and texts of
// the vendor's documentation. It has no other modules and methods. It answers in
// JSON or XML, by the suffix of the path. It is an http.Handler and safe for
// concurrent use.
//
// An upload with the name and the bytes of an earlier one is refused and not
// executed. The vendor recognises uploads by these two only: the same records in a
// file with another name, or split into other files, are executed again, and each
// of their customers gets a second e-mail. Records then has duplicates.
type CustomerGauge struct {
	gateway
	routes   *http.ServeMux
	tokens   accessTokens
	refusals atomic.Int64 // of credentials
	queue    gaugeQueue
	uploads  gaugeUploads
}

// NewCustomerGauge returns a fake without uploads. It has a valid access token.
func NewCustomerGauge(service Service) *CustomerGauge {
	cg := &CustomerGauge{gateway: newGateway(service), routes: http.NewServeMux()}
	cg.tokens.prefix, cg.tokens.maxUses = "demo-gauge-access-", service.TokenUses
	cg.tokens.add()
	for _, suffix := range []string{".json", ".xml"} {
		d := gaugeDialect{cg, gaugeFormatOf(suffix)}
		cg.routes.Handle("POST /v4.1/file/transactional"+suffix, cg.queue.oneByOne(cg.endpoint(d, d.upload)))
		cg.routes.Handle("GET /v4.1/file/transactional"+suffix, cg.endpoint(d, d.list))
	}
	cg.routes.HandleFunc("POST /oauth2/token", cg.issueToken)
	cg.routes.HandleFunc("/v4.1/file/", gaugeUnknown(gaugeNoMethod))
	cg.routes.HandleFunc("/", gaugeUnknown(gaugeNoModule))
	return cg
}

// ServeHTTP serves one request and counts its response.
func (cg *CustomerGauge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cg.serve(cg.routes, w, r)
}

// gaugeUnknown answers every request with code.
func gaugeUnknown(code gaugeCode) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		gaugeFormatOf(r.URL.Path).refuse(code).send(w, r)
	}
}

// A gaugeFormat is the format of a response. The zero value is JSON.
type gaugeFormat struct{ isXML bool }

// gaugeFormatOf returns the format for the suffix of path.
func gaugeFormatOf(path string) gaugeFormat {
	return gaugeFormat{isXML: strings.HasSuffix(path, ".xml")}
}
