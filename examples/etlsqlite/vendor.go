package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The nine ways in which a response breaks.
const (
	cut          retrywisetest.Fault = "cut"            // half of the body
	brokenGzip   retrywisetest.Fault = "broken gzip"    // a byte of it is wrong
	htmlPage     retrywisetest.Fault = "HTML in a 200"  // of a proxy
	empty        retrywisetest.Fault = "empty 200"      //
	wrongType    retrywisetest.Fault = "wrong type"     // JSON that is called HTML
	errorIn2xx   retrywisetest.Fault = "error in a 2xx" //
	samePage     retrywisetest.Fault = "page before"    // of a cache that ignores the query
	hang         retrywisetest.Fault = "hang"           // no response
	resetAtStart retrywisetest.Fault = "reset"          // no response, and no connection
)

// faults are all of them.
func faults() []retrywisetest.Fault {
	return []retrywisetest.Fault{cut, brokenGzip, htmlPage, empty, wrongType, errorIn2xx, samePage, hang, resetAtStart}
}

const pageSize = 50

// A vendor has a list of contacts, a page at a time. Its ledger has each row.
type vendor struct {
	ledger retrywisetest.Ledger // by id, with the row
	rows   []contact
	plan   retrywisetest.Plan

	mu       sync.Mutex // guards the fields below
	requests int
	met      map[retrywisetest.Fault]int
	observe  func(requests int) // nil: nobody
}

func newVendor(s settings) *vendor {
	v := &vendor{plan: retrywisetest.Seeded(s.seed, s.faults, faults()...), met: map[retrywisetest.Fault]int{}}
	for id := range s.rows {
		one := contact{id + 1, fmt.Sprintf("contact-%d@example.com", id+1)}
		v.rows = append(v.rows, one)
		v.ledger.Record(strconv.Itoa(one.ID), []byte(one.Email))
	}
	return v
}

// pages returns how many pages the list has.
func (v *vendor) pages() int { return (len(v.rows) + pageSize - 1) / pageSize }

// onRequest has a function called at each request, from now on.
func (v *vendor) onRequest(observe func(requests int)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.observe = observe
}

// next counts a request, and returns the fault that it meets.
func (v *vendor) next() retrywisetest.Fault {
	v.mu.Lock()
	defer v.mu.Unlock()
	fault := v.plan.Fault(v.requests)
	v.requests++
	v.met[fault]++
	if v.observe != nil {
		v.observe(v.requests)
	}
	return fault
}

// ServeHTTP answers with a page, or with what is left of it.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := 0
	if after := r.URL.Query().Get("after"); after != "" {
		n, err := strconv.Atoi(after)
		if err != nil || n < 1 || n > len(v.rows) {
			retrywisetest.JSON(http.StatusBadRequest, `{"error":{"code":"CURSOR"}}`)(w, r)
			return
		}
		start = n
	}
	v.answer(v.next(), start)(w, r)
}

// answer returns the response with the page after the first start rows.
func (v *vendor) answer(fault retrywisetest.Fault, start int) retrywisetest.Answer {
	page := v.page(start)
	whole := retrywisetest.JSON(http.StatusOK, page)
	switch fault {
	case cut:
		return retrywisetest.Cut(whole)
	case brokenGzip:
		return retrywisetest.Body(http.StatusOK, "application/json", damaged(page), "Content-Encoding", "gzip")
	case htmlPage:
		return retrywisetest.HTML(http.StatusOK)
	case empty:
		return retrywisetest.Status(http.StatusOK)
	case wrongType:
		return retrywisetest.Body(http.StatusOK, "text/html", page)
	case errorIn2xx:
		return retrywisetest.JSON(http.StatusOK, `{"error":{"code":"INTERNAL","message":"try again"}}`)
	case samePage:
		return retrywisetest.JSON(http.StatusOK, v.page(max(start-pageSize, 0)))
	case hang:
		return retrywisetest.Hang()
	case resetAtStart:
		return retrywisetest.Reset()
	default:
		return whole
	}
}

// page returns the page after the first start rows.
func (v *vendor) page(start int) string {
	end := min(start+pageSize, len(v.rows))
	next := ""
	if end < len(v.rows) {
		next = strconv.Itoa(end)
	}
	text, _ := json.Marshal(map[string]any{"contacts": v.rows[start:end], "next": next}) // which can be encoded
	return string(text)
}

// damaged returns a text with gzip, of which a byte in the middle is wrong.
func damaged(text string) string {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write([]byte(text)) // a Buffer takes all
	_ = w.Close()
	zipped.Bytes()[zipped.Len()/2] ^= 0xff
	return zipped.String()
}
