package testserver

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Playable is a fake of Playable's API: campaigns, their registrations, actions on them and
// the token endpoint. It is an http.Handler and safe for concurrent use.
//
// The vendor's limits apply in addition to Service.PerSecond: 3,600 requests an
// hour, including those for tokens and those that meet a fault, and fewer to some endpoints. Every response has the
// number of requests that remain. A limit counts in fixed windows, each of which
// begins with the first request in it; refused requests are not counted. The vendor
// does not document the status of a refusal, so it alternates between 429 and 403.
type Playable struct {
	gateway
	routes    *http.ServeMux
	tokens    playableTokens
	campaigns playableCampaigns
	hour      windowLimit             // of all requests
	endpoints map[string]*windowLimit // by the last part of their path
	throttles atomic.Int64
	actions   retrywisetest.Ledger
	copies    retrywisetest.Ledger
	served    retrywisetest.Ledger
}

// NewPlayable returns a fake without campaigns. It has no access token.
func NewPlayable(service Service) *Playable {
	p := &Playable{
		gateway: newGateway(service), routes: http.NewServeMux(),
		hour: windowLimit{calls: playableHourly, per: time.Hour}, endpoints: newPlayableEndpoints(),
	}
	p.tokens.prefix, p.tokens.maxUses = "demo-access-", service.TokenUses
	p.tokens.early.calls, p.tokens.early.per = 2, time.Hour
	p.routes.HandleFunc("POST /oauth/token", p.issueToken)
	p.routes.Handle("GET /v1/campaigns", p.endpoint(p, p.listCampaigns))
	p.routes.Handle("GET /v1/campaign-type/{type}", p.endpoint(p, p.getCampaignType))
	p.routes.Handle("GET /v1/campaign/{campaign}/registrations", p.endpoint(p, p.listRegistrations))
	p.routes.Handle("GET /v1/campaign/{campaign}/game-data-statistics", p.endpoint(p, p.limitedTo("game-data-statistics", p.getStatistics)))
	p.routes.Handle("POST /v1/campaign/copy/{campaign}", p.endpoint(p, p.limitedTo("copy", p.copyCampaign)))
	p.routes.Handle("POST /v1/campaign/{campaign}/{action}", p.endpoint(p, p.actOnCampaign))
	p.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		playableNotFound().send(w, r)
	})
	return p
}

// ServeHTTP serves one request and counts its response.
func (p *Playable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.serve(http.HandlerFunc(p.meter), w, r)
}

// meter counts a request for the hourly limit and sets its headers.
func (p *Playable) meter(w http.ResponseWriter, r *http.Request) {
	left, wait := p.hour.take(time.Now())
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(playableHourly))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(left))
	if wait > 0 {
		p.throttled(wait).send(w, r)
		return
	}
	p.routes.ServeHTTP(w, r)
}
