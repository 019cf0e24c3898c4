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

// A job pulls the registrations of a campaign from Playable, and sends each on: as a
// purchase to Connectif, and as a contact to RD Station. It repeats nothing itself.
// This file and api.go are the job; nothing in them knows by what it is run.
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

// An account is what the job says that it did.
type account struct {
	Pulled    int
	Purchases []int // ids of the rows that were delivered
	Contacts  []int
	Failed    []failure
	Took      time.Duration
}

// A step is what the job does with one vendor.
type step string

// The steps.
const (
	stepPage     step = "page"
	stepPurchase step = "purchase"
	stepContact  step = "contact"
)

// A failure is what the job could not do. ID is the row's, or the page's number.
type failure struct {
	Step step
	ID   int
	Err  error
}

// run is the whole job. The two receiving vendors are served side by side.
func (j job) run(ctx context.Context) account {
	began := time.Now()
	rows, pages := j.pull(ctx)
	a := account{Pulled: len(rows)}
	var purchases, contacts []failure
	var both sync.WaitGroup
	both.Go(func() { a.Purchases, purchases = j.each(ctx, stepPurchase, rows, j.buy) })
	both.Go(func() { a.Contacts, contacts = j.each(ctx, stepContact, rows, j.upsert) })
	both.Wait()
	a.Failed = append(append(pages, purchases...), contacts...)
	a.Took = time.Since(began)
	return a
}

// maxBadPages is how many pages in a row may fail before the pull is given up.
const maxBadPages = 3

// pull reads page by page. The pages are numbered, so that one that fails does not take
// the later ones with it.
func (j job) pull(ctx context.Context) (rows []registration, failed []failure) {
	bad := 0
	for page := 1; bad < maxBadPages; page++ {
		more, isLast, err := j.page(ctx, page)
		if err != nil {
			bad++
			failed = append(failed, j.fail(stepPage, page, err))
			continue
		}
		bad = 0
		rows = append(rows, more...)
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
	var answer struct {
		Data  []registration `json:"data"`
		Links struct {
			Next *string `json:"next"`
		} `json:"links"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, false, err
	}
	return answer.Data, answer.Links.Next == nil, nil
}

// each does the same with every row, one after the other.
func (j job) each(ctx context.Context, s step, rows []registration, do func(context.Context, registration) error) (done []int, failed []failure) {
	for _, r := range rows {
		if err := do(ctx, r); err != nil {
			failed = append(failed, j.fail(s, r.ID, err))
			continue
		}
		done = append(done, r.ID)
	}
	return done, failed
}

// buy creates a purchase, which starts workflows at Connectif: it must not happen twice.
func (j job) buy(ctx context.Context, r registration) error {
	_, err := j.connectif.call(ctx, http.MethodPost, "/purchases/", map[string]any{
		"purchaseId":   strconv.Itoa(r.ID),
		"contactEmail": r.Email,
		"products":     []map[string]any{{"productId": ticket, "quantity": 1, "unitPrice": 0}},
	})
	return err
}

// ticket is what everybody buys.
const ticket = "ticket"

// upsert creates a contact, or updates it.
func (j job) upsert(ctx context.Context, r registration) error {
	_, err := j.rdstation.call(ctx, http.MethodPatch, "/platform/contacts/email:"+url.PathEscape(r.Email), map[string]any{"name": r.Name})
	return err
}

func (j job) fail(s step, id int, err error) failure {
	j.log.Warn("failed", "step", s, "id", id, "error", err)
	return failure{s, id, err}
}
