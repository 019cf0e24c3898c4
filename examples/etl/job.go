package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// A job pulls the registrations of a campaign from Playable. It sends each to Connectif as
// a purchase, and to RD Station as a contact. It does not retry.
//
// This file and api.go are the job. They are the same for all variants.
type job struct {
	playable, connectif, rdstation api
	campaign                       int
	log                            *slog.Logger
}

// A registration is one row.
type registration struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// A summary is what the job reports.
type summary struct {
	Pulled    int
	Purchases []int // ids of the rows that were delivered
	Contacts  []int
	Failed    []failure
	Took      time.Duration
}

// A step is a part of the job. Each step calls one vendor.
type step string

// The steps.
const (
	stepPage     step = "page"
	stepPurchase step = "purchase"
	stepContact  step = "contact"
)

// A failure is a call that failed. ID is that of the row, or the number of the page.
type failure struct {
	Step step
	ID   int
	Err  error
}

// run does the whole job. Purchases and contacts are sent concurrently.
func (j job) run(ctx context.Context) summary {
	start := time.Now()
	rows, pages := j.pull(ctx)
	s := summary{Pulled: len(rows)}
	var purchases, contacts []failure
	var both sync.WaitGroup
	both.Go(func() { s.Purchases, purchases = j.sendEach(ctx, stepPurchase, rows, j.createPurchase) })
	both.Go(func() { s.Contacts, contacts = j.sendEach(ctx, stepContact, rows, j.upsertContact) })
	both.Wait()
	s.Failed = append(append(pages, purchases...), contacts...)
	s.Took = time.Since(start)
	return s
}

// maxBadPages is the number of consecutive pages that may fail. After that, the pull ends.
const maxBadPages = 3

// pull reads the pages by number, so that it can go on after a page that failed.
func (j job) pull(ctx context.Context) (rows []registration, failed []failure) {
	bad := 0
	for number := 1; bad < maxBadPages; number++ {
		page, isLast, err := j.page(ctx, number)
		if err != nil {
			bad++
			failed = append(failed, j.newFailure(stepPage, number, err))
			continue
		}
		bad = 0
		rows = append(rows, page...)
		if isLast {
			break
		}
	}
	return rows, failed
}

// page reads one page of registrations.
func (j job) page(ctx context.Context, number int) (rows []registration, isLast bool, err error) {
	body, err := j.playable.call(ctx, http.MethodGet, fmt.Sprintf("/v1/campaign/%d/registrations?page=%d", j.campaign, number), nil)
	if err != nil {
		return nil, false, err
	}
	var page struct {
		Data  []registration `json:"data"`
		Links struct {
			Next *string `json:"next"`
		} `json:"links"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, false, err
	}
	return page.Data, page.Links.Next == nil, nil
}

// sendEach calls send for one row after the other. It returns the ids of those that
// succeeded, and the failures.
func (j job) sendEach(ctx context.Context, s step, rows []registration, send func(context.Context, registration) error) (sent []int, failed []failure) {
	for _, r := range rows {
		if err := send(ctx, r); err != nil {
			failed = append(failed, j.newFailure(s, r.ID, err))
			continue
		}
		sent = append(sent, r.ID)
	}
	return sent, failed
}

// createPurchase must not be executed twice: each purchase starts workflows at Connectif.
func (j job) createPurchase(ctx context.Context, r registration) error {
	_, err := j.connectif.call(ctx, http.MethodPost, "/purchases/", map[string]any{
		"purchaseId":   strconv.Itoa(r.ID),
		"contactEmail": r.Email,
		"products":     []map[string]any{{"productId": ticket, "quantity": 1, "unitPrice": 0}},
	})
	return err
}

// ticket is the product in every purchase.
const ticket = "ticket"

// upsertContact creates a contact or updates it.
func (j job) upsertContact(ctx context.Context, r registration) error {
	_, err := j.rdstation.call(ctx, http.MethodPatch, "/platform/contacts/email:"+url.PathEscape(r.Email), map[string]any{"name": r.Name})
	return err
}

// newFailure returns a failure and logs it.
func (j job) newFailure(s step, id int, err error) failure {
	j.log.Warn("failed", "step", s, "id", id, "error", err)
	return failure{s, id, err}
}
