package testserver

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Copies returns the ledger of executed copies, by the id of the original and the
// name of the copy, such as "7/Spring". The vendor does not recognise a copy that
// exists already: every further copy with the same key is a duplicate, and creates
// another campaign.
func (p *Playable) Copies() *retrywisetest.Ledger { return &p.copies }

// copyCampaign serves POST /v1/campaign/copy/{campaign}.
func (p *Playable) copyCampaign(c call) reply {
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

// copyByOtherPath serves an undocumented second path of copyCampaign. Its success is a
// 201.
func (p *Playable) copyByOtherPath(c call) reply {
	answer := p.copyCampaign(c)
	if answer.status == http.StatusOK {
		answer.status = http.StatusCreated
	}
	return answer
}

// addCopy adds a copy of original without its registrations.
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
