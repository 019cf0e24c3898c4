package testserver

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The bounds of per_page.
const (
	playableFewest = 10
	playableMost   = 500
)

// A playableRegistration is derived from its campaign and its index there.
type playableRegistration struct {
	ID        int    `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	CreatedOn string `json:"created_on"`
}

// Registrations returns the ids of a campaign's registrations in the order of its
// pages. They are also sorted as strings.
func (p *Playable) Registrations(campaign int) []string {
	c, _ := p.campaigns.get(campaign)
	ids := make([]string, 0, c.registrations)
	for i := range c.registrations {
		ids = append(ids, strconv.Itoa(c.registrationID(i)))
	}
	return ids
}

// Served returns the ledger of the registrations that were sent, by the ids of the
// campaign and the registration, such as "7/7000001". It has an entry for each
// complete page with the registration; its payload is the query of the request.
func (p *Playable) Served() *retrywisetest.Ledger { return &p.served }

// registrationID returns the id of registration i. The ids of two campaigns differ if
// neither has more than a million registrations.
func (c playableCampaign) registrationID(i int) int { return c.ID*1_000_000 + i + 1 }

func (c playableCampaign) registration(i int) playableRegistration {
	id := c.registrationID(i)
	created := time.Date(2026, time.January, 1, 0, i, 0, 0, time.UTC)
	return playableRegistration{
		ID:        id,
		Name:      fmt.Sprintf("Player %d", id),
		Email:     fmt.Sprintf("player-%d@example.com", id),
		CreatedOn: created.Format("2006-01-02T15:04:05-07:00"),
	}
}

// listRegistrations serves GET /v1/campaign/{campaign}/registrations.
func (p *Playable) listRegistrations(c call) reply {
	campaign, ok := p.campaigns.find(c.request)
	if !ok {
		return playableNotFound()
	}
	size, ok := playablePerPage(c.request)
	if !ok {
		return playableRefusal(http.StatusUnprocessableEntity,
			fmt.Sprintf("The per page must be between %d and %d.", playableFewest, playableMost))
	}
	page, start, end := newPlayablePage(c.request, campaign.registrations, size)
	list := make([]playableRegistration, 0, end-start)
	for i := start; i < end; i++ {
		list = append(list, campaign.registration(i))
	}
	page.Data = list
	return reply{status: http.StatusOK, body: page, sent: func() { p.noteServed(c.request, campaign.ID, list) }}
}

// playablePerPage returns the requested page size. ok is false if it is not allowed.
func playablePerPage(r *http.Request) (size int, ok bool) {
	text := r.URL.Query().Get("per_page")
	if text == "" {
		return playablePageSize, true
	}
	size, err := strconv.Atoi(text)
	return size, err == nil && size >= playableFewest && size <= playableMost
}

func (p *Playable) noteServed(r *http.Request, campaign int, list []playableRegistration) {
	for _, registration := range list {
		p.served.Record(fmt.Sprintf("%d/%d", campaign, registration.ID), []byte(r.URL.RawQuery))
	}
}
