package client

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"net/http"
	"net/url"
	"strconv"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// maxPages bounds what a walk remembers: a token and, where these are counted, the items of each
// page, as 8 bytes each.
const maxPages = 1_000_000

// A pageWalk reads the pages of one list, one after the other.
type pageWalk struct {
	c      *Client
	call   Call // of the first page, with the size
	paging policy.Paging

	seed   maphash.Seed
	tokens map[uint64]bool // of the pages that were read
	items  map[uint64]bool // of these pages, where pages or items are counted
}

// A foundPage is a page that was read.
type foundPage struct {
	body  []byte
	items json.RawMessage
	next  string // empty: it is the last one
	isOne bool   // it is a page, or the vendor's word that there is none
}

// fetch reads the page at a token. decode decodes its items, and returns how many there are.
func (w *pageWalk) fetch(ctx context.Context, token string, decode func(json.RawMessage) (int, error)) (foundPage, error) {
	op := w.call.Options.Op
	if len(w.tokens) >= maxPages {
		return foundPage{}, malformed(op, "the list has more than 1,000,000 pages: continue from Page.Next", nil)
	}
	typed, from, problem := w.callAt(token)
	if problem != "" {
		return foundPage{}, malformed(op, problem, nil)
	}
	x, err := w.c.typedCall(ctx, typed)
	if err != nil {
		return foundPage{}, err
	}
	w.tokens[w.hash(token)] = true
	var found foundPage
	x.decode = func(resp *http.Response, data []byte) (err error) {
		found, err = w.read(x, resp, data, from, decode)
		return err
	}
	resp, err := x.run() //nolint:contextcheck // the call has the context
	if resp != nil {
		_ = resp.Body.Close() // it was read
	}
	switch {
	case err != nil:
		return foundPage{}, err
	case !found.isOne && !x.accepted:
		return foundPage{}, malformed(op, "the response is no page: a list is read without headers such as If-None-Match", nil)
	}
	if w.isCounted() && len(found.items) > 0 {
		w.items[maphash.Bytes(w.seed, found.items)] = true
	}
	return found, nil
}

// read reads a response as a page.
func (w *pageWalk) read(x *call, resp *http.Response, data []byte, from int, decode func(json.RawMessage) (int, error)) (foundPage, error) {
	switch {
	case len(data) == 0 && isEmptyByStatus(resp):
		return foundPage{isOne: true}, nil
	case len(data) == 0:
		return foundPage{}, errEmpty
	}
	page, err := answer.PageOf(w.paging, resp.Header, data)
	if err != nil {
		return foundPage{}, err
	}
	n := 0
	if len(page.Items) > 0 {
		if n, err = decode(page.Items); err != nil {
			return foundPage{}, err
		}
	}
	found := foundPage{body: data, isOne: true}
	if n > 0 {
		found.items = page.Items
	}
	found.next, err = page.After(n, from)
	if err == nil && found.next != "" && w.paging.Style == policy.PageByLink {
		found.next, err = w.resolved(urlOf(x, resp), found.next)
	}
	if err == nil {
		err = w.checkNew(found)
	}
	return found, err
}

// urlOf returns the URL that a response came from, to which a redirect may have led.
func urlOf(x *call, resp *http.Response) *url.URL {
	if resp.Request != nil && resp.Request.URL != nil && resp.Request.URL.Host != "" {
		return resp.Request.URL
	}
	return x.request.http.URL // the caller's is below the base URL
}

// resolved returns the absolute URL of a link in a page that came from a URL. The credential is
// sent there, so it must not leave the vendor's origins.
func (w *pageWalk) resolved(from *url.URL, link string) (string, error) {
	to, err := from.Parse(link)
	switch {
	case err != nil:
		return "", answer.PageProblem("the link to the next page is no URL")
	case !w.c.home.has(to) || to.User != nil:
		return "", answer.PageProblem("the link to the next page leads to another origin than the base URL's and Origins")
	}
	to.Fragment, to.RawFragment = "", ""
	return to.String(), nil
}

// What a page of a list that goes round in circles is, or one that a cache has mistaken for another.
const (
	errLeadsBack answer.PageProblem = "the page leads back to an earlier one"
	errSameItems answer.PageProblem = "the page has the items of an earlier one"
)

// checkNew returns an error if the list would go round in circles.
func (w *pageWalk) checkNew(found foundPage) error {
	switch {
	case found.next != "" && w.tokens[w.hash(found.next)]:
		return errLeadsBack
	case w.isCounted() && len(found.items) > 0 && w.items[maphash.Bytes(w.seed, found.items)]:
		return errSameItems
	default:
		return nil
	}
}

func (w *pageWalk) hash(token string) uint64 { return maphash.String(w.seed, token) }

// isCounted reports whether the client counts pages or items. Then a vendor that ignores the
// parameter shows only by the items.
func (w *pageWalk) isCounted() bool {
	return w.paging.Style == policy.PageByNumber || w.paging.Style == policy.PageByOffset
}

// callAt returns the call for the page at a token, and the number of the page or its offset; or
// why there is none.
func (w *pageWalk) callAt(token string) (typed Call, from int, problem string) {
	typed, from = w.call, w.paging.Start()
	if token == "" {
		return typed, from, ""
	}
	var value any = token
	switch w.paging.Style {
	case policy.PageByLink:
		typed.Query, typed.Link = nil, token
		return typed, from, ""
	case policy.PageByNumber, policy.PageByOffset:
		n, err := strconv.Atoi(token)
		if err != nil || n < from {
			return Call{}, 0, "PageOptions.From: expected the Page.Next of an earlier page, which is a number"
		}
		from, value = n, n
	default: // a cursor is sent as it is
	}
	return typed.withParam(w.paging.Param, value), from, ""
}

// newPageWalk checks a call whose pages are to be read.
func (c *Client) newPageWalk(ctx context.Context, typed Call, o PageOptions) (*pageWalk, error) {
	op := typed.Options.Op
	if c == nil {
		return nil, malformed(op, "the Client is nil", nil)
	}
	if problem := typed.pageProblem(); problem != "" {
		return nil, malformed(op, problem, nil)
	}
	req, err := c.typedRequest(ctx, typed)
	if err != nil {
		return nil, err
	}
	paging, problem := c.pagingOf(req, o)
	if problem == "" {
		typed, problem = typed.paged(paging, o.Size)
	}
	if problem != "" {
		return nil, malformed(op, problem, nil)
	}
	return &pageWalk{
		c: c, call: typed, paging: paging, seed: maphash.MakeSeed(), tokens: map[uint64]bool{}, items: map[uint64]bool{},
	}, nil
}

// pagingOf returns how the list is read that a request begins.
func (c *Client) pagingOf(req *http.Request, o PageOptions) (p policy.Paging, problem string) {
	if o.Paging != nil {
		p = o.Paging.Clone()
		if problems := p.Problems(); len(problems) > 0 {
			return p, "PageOptions.Paging: " + problems[0]
		}
		return p, ""
	}
	_, path := c.home.target(req)
	p, ok := c.profile.PagingFor(req.Method, path)
	if !ok {
		return p, "the vendor's data do not say how this list is read: set PageOptions.Paging"
	}
	return p, ""
}
