package client

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/retrywise/retrywise/policy"
)

// A Page is one page of a list.
type Page[T any] struct {
	// Items may be empty, also before the last page.
	Items []T

	// Next is the token from which the list continues: after this page, or at the page that failed
	// if there is an error beside it. A job that stores it with what it made of the items goes on
	// there after a crash: see PageOptions.From. It is empty after the last page, and if the first
	// page of a list failed. It may be a URL, and may hold personal data.
	Next string

	// Last says that the list ends with this page.
	Last bool

	// Body is the whole response, without its content coding: what the page has beside Items. It
	// must not be changed. It is nil if the vendor said that there is nothing.
	Body []byte
}

// PageOptions say how Pages reads a list. The zero value reads a list that the vendor's data
// describe, from its beginning.
type PageOptions struct {
	// From is Page.Next of an earlier page of the same call. Empty: from the beginning.
	From string

	// Size is how many items a page has at most. Zero: the most that the Paging says is possible
	// or, if it does not say that or the call has the parameter already, what the vendor makes of
	// it.
	Size int

	// Paging says how the list is read. nil: the vendor's data say it (policy.Profile.Pages).
	Paging *policy.Paging
}

// Pages returns the pages of the list that call begins, in order:
//
//	for page, err := range client.Pages[contact](ctx, c, call, client.PageOptions{From: stored}) {
//
// Each page is one call, with the retries, waits and limits of Do, and is read before the
// loop's body gets it. Nothing is read ahead, and nothing is left running when the loop ends. A
// second loop begins again at From.
//
// A page that is cut off, or is not JSON, is read again, as by Do. So is one that leads back to an
// earlier page or, where pages or items are counted, repeats the items of one. The sequence ends
// with an error at the page that still fails, in whose place there is a Page with Next alone:
// nothing is skipped, and From continues there. These end it at once, with the same class
// malformed_response:
//
//   - a page without a list of items, or without a sign that the list ends where one is expected
//   - a link to another origin than the base URL's and Origins: it would get the credential
//
// A failure that the policy accepts, and a 204, are an empty last page. A page has at most 32 MiB,
// and a sequence at most 1,000,000 pages: then it ends with an error, and From continues. A call to
// whose endpoint the vendor's data have no pages fails, and so does one with an IdempotencyKey, a
// Link, a parameter for the token, or a body that can be read only once.
//
// A list that changes while it is read may repeat or leave out items, if its pages or items are
// counted: that is the vendor's list, and not seen here. The sequence is for one goroutine.
func Pages[T any](ctx context.Context, c *Client, call Call, o PageOptions) iter.Seq2[Page[T], error] {
	return func(yield func(Page[T], error) bool) {
		w, err := c.newPageWalk(ctx, call, o)
		if err != nil {
			yield(Page[T]{Next: o.From}, err)
			return
		}
		for token, isOver := o.From, false; !isOver; {
			var items []T
			found, err := w.fetch(ctx, token, func(list json.RawMessage) (int, error) {
				items = nil
				err := json.Unmarshal(list, &items)
				return len(items), err
			})
			if err != nil {
				yield(Page[T]{Next: token}, err)
				return
			}
			token, isOver = found.next, found.next == ""
			if !yield(Page[T]{items, token, isOver, found.body}, nil) {
				return
			}
		}
	}
}
