package testserver

import (
	"net/http"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Actions returns the ledger of executed pauses, resumes and clear-caches, by the id of the
// campaign and the action, such as "7/pause". They have no body.
func (p *Playable) Actions() *retrywisetest.Ledger { return &p.actions }

// actOnCampaign serves POST /v1/campaign/{campaign}/{action}.
func (p *Playable) actOnCampaign(c call) reply {
	switch action := c.request.PathValue("action"); action {
	case "copy":
		return p.limitedTo(action, p.copyByOtherPath)(c)
	case "pause", "resume", "clear-cache":
		return p.limitedTo(action, p.act)(c)
	default:
		return playableNotFound()
	}
}

// act executes an action that changes nothing which the fake shows. The vendor does not
// document the body of its response.
func (p *Playable) act(c call) reply {
	campaign, ok := p.campaigns.find(c.request)
	if !ok {
		return playableNotFound()
	}
	p.actions.Record(c.request.PathValue("campaign")+"/"+c.request.PathValue("action"), nil)
	return reply{status: http.StatusOK, body: map[string]any{"data": campaign}}
}
