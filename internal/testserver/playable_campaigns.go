package testserver

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
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

// AddCampaign adds a campaign with a number of registrations. A campaign that
// is there already gets the new name and number; its first registrations stay
// what they were.
func (p *Playable) AddCampaign(id int, name string, registrations int) {
	p.campaigns.put(playableCampaign{ID: id, Name: name, registrations: max(0, registrations)})
}

// WithoutStatistics makes the game of a campaign one that has no statistics,
// as many have none. A campaign that does not exist stays away.
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

// find returns the campaign that a URL names.
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

// all returns the campaigns by their ids.
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

// getCampaignType serves GET /v1/campaign-type/{type}. There are no types, and
// the vendor says so with a 403.
func (p *Playable) getCampaignType(call) reply {
	return playableRefusal(http.StatusForbidden, "Unable to locate campaign type")
}

// A playableStatistic is what game-data-statistics tells of a campaign.
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

// getStatistics serves GET /v1/campaign/{campaign}/game-data-statistics. The
// document has the empty array of an unsupported game under 404.
func (p *Playable) getStatistics(c call) reply {
	if _, rest := p.statistics.take(time.Now()); rest > 0 {
		return p.throttled(rest)
	}
	campaign, ok := p.campaigns.find(c.request)
	switch {
	case !ok:
		return playableNotFound()
	case campaign.unsupported:
		return reply{status: http.StatusNotFound, body: []playableStatistic{}}
	}
	told := playableStatistic{Metric: "plays", MetricID: "1", Total: campaign.registrations}
	told.Distribution.ID, told.Distribution.Label = "1", "Played"
	told.Distribution.Count, told.Distribution.Percentage = campaign.registrations, 100
	return reply{status: http.StatusOK, body: told}
}
