package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/retrywise/retrywise/policy"
)

// A PageProblem says why a whole response cannot be used as a page. It has no text of the vendor.
type PageProblem string

func (p PageProblem) Error() string { return string(p) }

// maxCursor is how many bytes a cursor may have.
const maxCursor = 8 << 10

// A Page is one page of a list, as far as it is known without the type of its items.
type Page struct {
	Items json.RawMessage // a list, as JSON; empty: there are none

	paging policy.Paging
	header http.Header
	root   jsonTree
}

var errNotJSON = errors.New("the page is not a JSON document")

// PageOf reads a page. The error of a JSON document is a PageProblem.
func PageOf(p policy.Paging, header http.Header, body []byte) (Page, error) {
	page := Page{paging: p, header: header, root: jsonTree{text: body}}
	if !json.Valid(body) {
		return Page{}, errNotJSON
	}
	items, ok := page.root.at(p.Items)
	switch isNull := bytes.Equal(items, []byte("null")); {
	case ok && !isNull:
		page.Items = items
	case !p.OmitsEmpty:
		return Page{}, PageProblem("the page has no list of items where one is expected")
	}
	return page, nil
}

// After returns where the list continues after a page with n items; empty: it is the last page.
// from is the number of the page, or its offset, where these are counted.
func (p Page) After(n, from int) (next string, err error) {
	ends, isKnown, err := p.ends()
	switch {
	case err != nil:
		return "", err
	case isKnown && ends:
		return "", nil
	}
	switch p.paging.Style {
	case policy.PageByNumber:
		return p.afterNumber(n, from, isKnown)
	case policy.PageByOffset:
		return p.afterOffset(n, from, isKnown)
	default:
		return p.afterCursor(n, isKnown)
	}
}

// ends returns what More or Done says. isKnown is false if the paging has neither.
func (p Page) ends() (ends, isKnown bool, err error) {
	place := p.paging.More + p.paging.Done // which are not both set
	if place == "" {
		return false, false, nil
	}
	value, ok := p.root.at(place)
	if !ok {
		return false, false, PageProblem("the page does not say whether there is another one")
	}
	return isNothing(value) == (p.paging.Done == ""), true, nil
}

// afterCursor returns the cursor, or the URL, of the next page.
func (p Page) afterCursor(n int, goesOn bool) (next string, err error) {
	switch {
	case p.paging.LastItem != "":
		next, err = p.ofLastItem(n)
	case p.paging.Next != "":
		next, err = cursorAt(&p.root, p.paging.Next)
	default:
		target, ok := NextLink(p.header)
		if !ok {
			return "", PageProblem("the Link header of the page is malformed")
		}
		next = target
	}
	switch {
	case err != nil:
		return "", err
	case len(next) > maxCursor:
		return "", PageProblem("the cursor of the next page is longer than 8 KiB")
	case next == "" && goesOn:
		return "", PageProblem("the page says that there is another one, and not where")
	}
	return next, nil
}

// ofLastItem returns the cursor that the last of n items has.
func (p Page) ofLastItem(n int) (string, error) {
	if n == 0 {
		return "", nil
	}
	last, _ := (&jsonTree{text: p.Items}).at("/" + strconv.Itoa(n-1))
	cursor, err := cursorAt(&jsonTree{text: last}, p.paging.LastItem)
	if err == nil && cursor == "" {
		err = PageProblem("the last item of the page has no cursor")
	}
	return cursor, err
}

// afterNumber returns the number of the next page.
func (p Page) afterNumber(n, from int, goesOn bool) (string, error) {
	if p.paging.LastPage != "" {
		last, err := p.countAt(p.paging.LastPage)
		if err != nil || from >= last {
			return "", err
		}
		goesOn = true
	}
	if n == 0 && !goesOn {
		return "", nil
	}
	return strconv.Itoa(from + 1), nil
}

// afterOffset returns the offset of the next page.
func (p Page) afterOffset(n, from int, goesOn bool) (string, error) {
	if p.paging.Total != "" {
		total, err := p.countAt(p.paging.Total)
		if err != nil || from+n-p.paging.Start() >= total {
			return "", err
		}
		goesOn = true
	}
	switch {
	case n == 0 && goesOn:
		return "", PageProblem("the page says that there are more items, and has none")
	case n == 0:
		return "", nil
	}
	return strconv.Itoa(from + n), nil
}

// countAt returns a number of the page.
func (p Page) countAt(place string) (int, error) {
	value, _ := p.root.at(place)
	text, _ := scalarText(value)
	count, err := strconv.Atoi(text)
	if err != nil || count < 0 {
		return 0, PageProblem("the page does not say how many there are")
	}
	return count, nil
}

// cursorAt returns the cursor at a place; empty: there is none.
func cursorAt(tree *jsonTree, place string) (string, error) {
	value, ok := tree.at(place)
	if !ok || isNothing(value) {
		return "", nil
	}
	text, ok := scalarText(value)
	if !ok {
		return "", PageProblem("the cursor of the next page is neither a text nor a number")
	}
	return text, nil
}
