package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/retrywise/retrywise/client"
)

// A campaign and a registration have the fields of Playable's rows that the job needs.
type (
	campaign struct {
		ID int `json:"id"`
	}
	registration struct {
		ID    int    `json:"id"`
		Email string `json:"email"`
	}
)

// A pull is the data that was fetched from Playable.
type pull struct {
	mu            sync.Mutex
	campaigns     []campaign
	registrations map[int][]registration // by campaign
}

// campaignStep fetches the list of campaigns.
func (p *pull) campaignStep(c *client.Client) step {
	return step{name: "campaigns", workers: 1, records: func() []record {
		return []record{{0, "all", nil, func(ctx context.Context) (err error) {
			p.campaigns, err = allPages[campaign](ctx, c, "campaigns.list", "/v1/campaigns")
			return err
		}}}
	}}
}

// registrationStep fetches the registrations of each campaign in that list. It keeps all
// registrations of a campaign or none, so that another run does not add a row twice.
func (p *pull) registrationStep(c *client.Client) step {
	return step{name: "registrations", workers: 3, records: func() []record {
		var records []record
		for _, one := range p.campaigns {
			records = append(records, record{0, strconv.Itoa(one.ID), one, func(ctx context.Context) error {
				rows, err := allPages[registration](ctx, c, "registrations.list", fmt.Sprintf("/v1/campaign/%d/registrations", one.ID))
				if err == nil {
					p.keep(one, rows)
				}
				return err
			}})
		}
		return records
	}}
}

func (p *pull) keep(one campaign, rows []registration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.registrations[one.ID] = append(p.registrations[one.ID], rows...)
}

// allPages fetches a list.
func allPages[T any](ctx context.Context, c *client.Client, op, path string) ([]T, error) {
	var rows []T
	call := client.Call{Path: path, Options: client.CallOptions{Op: op}}
	for page, err := range client.Pages[T](ctx, c, call, client.PageOptions{Size: 100}) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Items...)
	}
	return rows, nil
}
