package testserver

import (
	"net/http"
	"net/url"
	"strconv"
)

const (
	playableHost     = "api.playable.com"
	playablePageSize = 10 // documented for registrations; assumed for campaigns
)

// A playablePage is one page of a list. It does not have the total.
type playablePage struct {
	Data  any           `json:"data"`
	Links playableLinks `json:"links"`
	Meta  playableMeta  `json:"meta"`
}

// playableLinks are absolute URLs. A link that does not exist is null.
type playableLinks struct {
	First string  `json:"first"`
	Last  string  `json:"last"`
	Prev  *string `json:"prev"`
	Next  *string `json:"next"`
}

type playableMeta struct {
	CurrentPage int    `json:"current_page"`
	From        *int   `json:"from"` // null on an empty page, as To
	Path        string `json:"path"`
	PerPage     int    `json:"per_page"`
	To          *int   `json:"to"`
}

// newPlayablePage returns the requested page of a list with total entries. The caller
// sets its Data to the entries [start, end). If the number of the page is missing or
// not positive, it is the first page. A page after the last is empty.
func newPlayablePage(r *http.Request, total, size int) (page playablePage, start, end int) {
	number, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || number < 1 {
		number = 1
	}
	last := max(1, (total+size-1)/size)
	if number <= last {
		start = (number - 1) * size
		end = min(start+size, total)
	}
	path := playableURL(r)
	page.Links = playableLinksTo(path, number, last, size)
	page.Meta = playableMeta{CurrentPage: number, Path: path, PerPage: size}
	if end > start {
		from := start + 1
		page.Meta.From, page.Meta.To = &from, &end
	}
	return page, start, end
}

// playableLinksTo returns the links of a page.
func playableLinksTo(path string, number, last, size int) playableLinks {
	link := func(number int) string {
		query := url.Values{"page": {strconv.Itoa(number)}}
		if size != playablePageSize {
			query.Set("per_page", strconv.Itoa(size))
		}
		return path + "?" + query.Encode()
	}
	links := playableLinks{First: link(1), Last: link(last)}
	if number > 1 {
		prev := link(number - 1)
		links.Prev = &prev
	}
	if number < last {
		next := link(number + 1)
		links.Next = &next
	}
	return links
}

// playableURL returns the URL of a request without its query. The vendor's host is
// reached by https only, although tests connect without encryption.
func playableURL(r *http.Request) string {
	scheme := "http://"
	if r.TLS != nil || r.Host == playableHost {
		scheme = "https://"
	}
	return scheme + r.Host + r.URL.EscapedPath()
}
