package testserver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Copies returns the ledger of executed copies, by the id of the campaign that
// was copied and the name of the copy, such as "7/Spring". The vendor does not
// recognise a copy that it has already made: each one beyond the first of its
// key is a duplicate, and one more campaign.
func (p *Playable) Copies() *retrywisetest.Ledger { return &p.copies }

// copyCampaign serves POST /v1/campaign/copy/{campaign}, which is not
// idempotent.
func (p *Playable) copyCampaign(c call) reply {
	if _, rest := p.copying.take(time.Now()); rest > 0 {
		return p.throttled(rest)
	}
	original, ok := p.campaigns.find(c.request)
	if !ok {
		return playableNotFound()
	}
	var ask struct {
		Name string `json:"name"`
	}
	if !isJSON(c.request) || json.Unmarshal(c.body, &ask) != nil || ask.Name == "" {
		return playableRefusal(http.StatusUnprocessableEntity, "The name field is required.")
	}
	made := p.campaigns.addCopy(original, ask.Name)
	p.copies.Record(fmt.Sprintf("%d/%s", original.ID, ask.Name), c.body)
	return reply{status: http.StatusOK, body: map[string]any{"data": made}}
}

// actOnCampaign serves POST /v1/campaign/{campaign}/copy, a second address of
// the same that the vendor's document does not have: a success is a 201 there.
func (p *Playable) actOnCampaign(c call) reply {
	if c.request.PathValue("action") != "copy" {
		return playableNotFound()
	}
	answer := p.copyCampaign(c)
	if answer.status == http.StatusOK {
		answer.status = http.StatusCreated
	}
	return answer
}

// addCopy adds a campaign like original, without its registrations.
func (s *playableCampaigns) addCopy(original playableCampaign, name string) playableCampaign {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := original
	for id := range s.byID {
		made.ID = max(made.ID, id+1)
	}
	made.Name, made.registrations = name, 0
	s.byID[made.ID] = made
	return made
}
