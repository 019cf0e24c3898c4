package testserver

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Playable is a fake of Playable's own API: campaigns, their registrations and
// the token endpoint. It is an http.Handler, to be served by Handle or Start,
// and is safe for concurrent use.
//
// Faults, the rate limit and the latency of the Service apply to all but the
// token endpoint. The vendor's own limits apply to all of it: 3,600 calls an
// hour, whoever makes them, as there is but one app. Each limit counts in a
// fixed window that begins with its first call; the calls beyond it do not
// count. The status of a throttled answer is not documented: 429 and 403 come
// by turns.
//
// What a fault strikes counts for the hour, too, and every answer tells how
// many calls are left of it.
type Playable struct {
	gateway
	routes     *http.ServeMux
	tokens     playableTokens
	campaigns  playableCampaigns
	hour       playableLimit // all calls
	copying    playableLimit // calls of copy
	statistics playableLimit // calls of game-data-statistics
	throttles  atomic.Int64
	copies     retrywisetest.Ledger
	served     retrywisetest.Ledger
}

// playableHourly is the vendor's limit for an app.
const playableHourly = 3600

// NewPlayable returns a fake without campaigns and without an access token.
func NewPlayable(service Service) *Playable {
	p := &Playable{gateway: newGateway(service), routes: http.NewServeMux()}
	p.tokens.prefix, p.tokens.maxUses = "demo-access-", service.TokenUses
	p.tokens.early.allow(2, time.Hour)
	p.hour.allow(playableHourly, time.Hour)
	p.copying.allow(10, time.Minute)
	p.statistics.allow(1, time.Minute)
	p.routes.HandleFunc("POST /oauth/token", p.issueToken)
	p.routes.Handle("GET /v1/campaigns", p.endpoint(p, p.listCampaigns))
	p.routes.Handle("GET /v1/campaign-type/{type}", p.endpoint(p, p.getCampaignType))
	p.routes.Handle("GET /v1/campaign/{campaign}/registrations", p.endpoint(p, p.listRegistrations))
	p.routes.Handle("GET /v1/campaign/{campaign}/game-data-statistics", p.endpoint(p, p.getStatistics))
	p.routes.Handle("POST /v1/campaign/copy/{campaign}", p.endpoint(p, p.copyCampaign))
	p.routes.Handle("POST /v1/campaign/{campaign}/{action}", p.endpoint(p, p.actOnCampaign))
	p.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		playableNotFound().send(w, r)
	})
	return p
}

// ServeHTTP serves one request and counts its answer. Each endpoint either
// writes one header or closes the connection.
func (p *Playable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.serve(http.HandlerFunc(p.meter), w, r)
}

// meter counts a call for the hour and says so in its answer.
func (p *Playable) meter(w http.ResponseWriter, r *http.Request) {
	left, rest := p.hour.take(time.Now())
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(playableHourly))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(left))
	if rest > 0 {
		p.throttled(rest).send(w, r)
		return
	}
	p.routes.ServeHTTP(w, r)
}
