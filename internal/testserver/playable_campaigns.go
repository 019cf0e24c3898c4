package testserver

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

// playableCampaigns is the store of a fake Playable. The zero value is empty.
type playableCampaigns struct {
	mu   sync.Mutex
	byID map[int]playableCampaign
}

type playableCampaign struct {
	ID   int    `json:"id"`
	Name string `json:"name"`

	registrations int
	unsupported   bool // the game has no statistics
}

// AddCampaign adds a campaign with a number of registrations, or changes the name
// and the number of an existing one. The registrations that existed before stay the
// same.
func (p *Playable) AddCampaign(id int, name string, registrations int) {
	p.campaigns.put(playableCampaign{ID: id, Name: name, registrations: max(0, registrations)})
}

// WithoutStatistics sets that the game of a campaign has no statistics. It has no
// effect if the campaign does not exist.
func (p *Playable) WithoutStatistics(campaign int) {
	s := &p.campaigns
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.byID[campaign]; ok {
		c.unsupported = true
		s.byID[campaign] = c
	}
}

func (s *playableCampaigns) put(c playableCampaign) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[int]playableCampaign{}
	}
	s.byID[c.ID] = c
}

// find returns the campaign in the URL of a request.
func (s *playableCampaigns) find(r *http.Request) (c playableCampaign, ok bool) {
	id, err := strconv.Atoi(r.PathValue("campaign"))
	if err != nil {
		return playableCampaign{}, false
	}
	return s.get(id)
}

func (s *playableCampaigns) get(id int) (c playableCampaign, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok = s.byID[id]
	return c, ok
}

// all returns the campaigns, ordered by id.
func (s *playableCampaigns) all() []playableCampaign {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]playableCampaign, 0, len(s.byID))
	for _, id := range slices.Sorted(maps.Keys(s.byID)) {
		list = append(list, s.byID[id])
	}
	return list
}

// listCampaigns serves GET /v1/campaigns.
func (p *Playable) listCampaigns(c call) reply {
	all := p.campaigns.all()
	page, start, end := newPlayablePage(c.request, len(all), playablePageSize)
	page.Data = all[start:end]
	return reply{status: http.StatusOK, body: page}
}

// getCampaignType serves GET /v1/campaign-type/{type}. No type exists, for which the
// vendor's status is 403.
func (p *Playable) getCampaignType(call) reply {
	return playableRefusal(http.StatusForbidden, "Unable to locate campaign type")
}

// A playableStatistic is the response of game-data-statistics.
type playableStatistic struct {
	Metric       string `json:"metric"`
	MetricID     string `json:"metric_id"`
	Distribution struct {
		ID         string `json:"id"`
		Label      string `json:"label"`
		Count      int    `json:"count"`
		Percentage int    `json:"percentage"`
	} `json:"distribution"`
	Total int `json:"total"`
}

// getStatistics serves GET /v1/campaign/{campaign}/game-data-statistics. For a game
// without statistics, the vendor documents a 404 with an empty array.
func (p *Playable) getStatistics(c call) reply {
	campaign, ok := p.campaigns.find(c.request)
	switch {
	case !ok:
		return playableNotFound()
	case campaign.unsupported:
		return reply{status: http.StatusNotFound, body: []playableStatistic{}}
	}
	statistic := playableStatistic{Metric: "plays", MetricID: "1", Total: campaign.registrations}
	statistic.Distribution.ID, statistic.Distribution.Label = "1", "Played"
	statistic.Distribution.Count, statistic.Distribution.Percentage = campaign.registrations, 100
	return reply{status: http.StatusOK, body: statistic}
}
