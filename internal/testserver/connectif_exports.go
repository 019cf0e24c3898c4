package testserver

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// connectifPlaces is how many exports may wait or be in progress at a time.
const connectifPlaces = 5

// connectifLongestRange is how much time an export of activities may cover.
const connectifLongestRange = 31 * 24 * time.Hour

// connectifExportFields and connectifRangeFields are those of an order for an
// export; the range is for activities.
var connectifExportFields = []connectifField{
	{"exportType", true, connectifOneOf("contacts", "activities")},
	{"delimiter", true, connectifOneOf(",", ";")},
	{"dateFormat", true, connectifOneOf("ISO", "L", "LL", "LLL")},
	{"filters", false, connectifObject},
}

var connectifRangeFields = []connectifField{
	{"fromDate", true, connectifDate},
	{"toDate", true, connectifDate},
}

// connectifExports processes exports one at a time, in the order of their
// creation. It has no goroutine: each look at it first catches up with the time.
type connectifExports struct {
	ledger retrywisetest.Ledger // by id

	mu      sync.Mutex // guards the fields below
	took    time.Duration
	fails   int // of the next exports
	made    int
	byID    map[string]*connectifExport
	pending []*connectifExport // waiting or in progress; the first one is in progress
	freeAt  time.Time          // when the one before the first ended
}

// A connectifExport is guarded by the mutex of its queue.
type connectifExport struct {
	file       *connectifFile
	order      map[string]any
	createdAt  time.Time
	took       time.Duration
	fails      bool
	finishedAt time.Time // zero: still pending
}

// SetExportTime sets how long it takes to process an export that is created
// from now on.
func (cf *Connectif) SetExportTime(d time.Duration) {
	cf.exports.mu.Lock()
	defer cf.exports.mu.Unlock()
	cf.exports.took = d
}

// FailNextExport lets one more of the exports that are created next end with
// the status error.
func (cf *Connectif) FailNextExport() {
	cf.exports.mu.Lock()
	defer cf.exports.mu.Unlock()
	cf.exports.fails++
}

func (cf *Connectif) postExport(c call) reply {
	order, refusal, ok := connectifPayload(c)
	if !ok {
		return refusal
	}
	if problems := connectifCheckExport(order); len(problems) > 0 {
		return connectifInvalid(problems)
	}
	return cf.exports.create(order, cf.shop.file(order), c.body)
}

// connectifCheckExport also checks the range of an export of activities.
func connectifCheckExport(order map[string]any) []connectifProblem {
	problems := connectifCheck("", connectifExportFields, order)
	if order["exportType"] != "activities" {
		return problems
	}
	filters, _ := order["filters"].(map[string]any)
	problems = append(problems, connectifCheck("filters.", connectifRangeFields, filters)...)
	from, _ := connectifTime(filters["fromDate"])
	to, _ := connectifTime(filters["toDate"])
	if len(problems) == 0 && (to.Before(from) || to.Sub(from) > connectifLongestRange) {
		problems = append(problems, connectifProblem{"filters.toDate", "should be at most 31 days after fromDate"})
	}
	return problems
}

// create takes a place in the queue, if one is free.
func (q *connectifExports) create(order map[string]any, file *connectifFile, body []byte) reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	if len(q.pending) == connectifPlaces {
		return connectifQueueIsFull()
	}
	q.made++
	file.id = fmt.Sprintf("e%023x", q.made)
	e := &connectifExport{file: file, order: order, createdAt: now, took: q.took, fails: q.fails > 0}
	if e.fails {
		q.fails--
	}
	if q.byID == nil {
		q.byID = map[string]*connectifExport{}
	}
	q.byID[file.id] = e
	q.pending = append(q.pending, e)
	q.ledger.Record(file.id, body)
	return reply{status: http.StatusCreated, body: e.view("queued", 0)}
}

func (cf *Connectif) getExport(c call) reply {
	view, file, ok := cf.exports.look(c.request.PathValue("id"))
	if !ok {
		return connectifNotFound()
	}
	if file != nil {
		view["fileUrl"] = cf.storage.grant(file)
	}
	return reply{status: http.StatusOK, body: view}
}

// look returns what the vendor tells of an export, and the file if there is one.
func (q *connectifExports) look(id string) (view map[string]any, file *connectifFile, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	e := q.byID[id]
	switch {
	case e == nil:
		return nil, nil, false
	case e.finishedAt.IsZero():
		return e.view("inProgress", q.progress(e, now)), nil, true
	case e.fails:
		return e.view("error", 0), nil, true
	}
	return e.view("finished", e.file.rows), e.file, true
}

// deleteExport frees the place of an export and takes away its file.
func (cf *Connectif) deleteExport(c call) reply {
	id := c.request.PathValue("id")
	if !cf.exports.remove(id) {
		return connectifNotFound()
	}
	cf.storage.revoke(id)
	return reply{status: http.StatusNoContent}
}

func (q *connectifExports) remove(id string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	e := q.byID[id]
	if e == nil {
		return false
	}
	if len(q.pending) > 0 && q.pending[0] == e {
		q.freeAt = now // the next one begins
	}
	q.pending = slices.DeleteFunc(q.pending, func(other *connectifExport) bool { return other == e })
	delete(q.byID, id)
	return true
}

// catchUp finishes the exports whose time has come.
func (q *connectifExports) catchUp(now time.Time) {
	for len(q.pending) > 0 {
		e := q.pending[0]
		end := q.begin(e).Add(e.took)
		if end.After(now) {
			return
		}
		e.finishedAt, q.freeAt = end, end
		q.pending = q.pending[1:]
	}
}

// begin returns when the processing of the first pending export began.
func (q *connectifExports) begin(first *connectifExport) time.Time {
	if q.freeAt.After(first.createdAt) {
		return q.freeAt
	}
	return first.createdAt
}

// progress returns how many rows of a pending export are done.
func (q *connectifExports) progress(e *connectifExport, now time.Time) int {
	if q.pending[0] != e {
		return 0
	}
	return int(int64(e.file.rows) * int64(now.Sub(q.begin(e))/time.Microsecond) / max(int64(e.took/time.Microsecond), 1))
}

// view is the vendor's resource. Which words its status knows beside queued,
// inProgress, finished and error, no document tells.
func (e *connectifExport) view(status string, progress int) map[string]any {
	view := map[string]any{
		"id":         e.file.id,
		"exportType": e.order["exportType"],
		"delimiter":  e.order["delimiter"],
		"dateFormat": e.order["dateFormat"],
		"createdAt":  connectifStamp(e.createdAt),
		"status":     status,
		"progress":   progress,
		"total":      e.file.rows,
	}
	if filters := e.order["filters"]; filters != nil {
		view["filters"] = filters
	}
	if !e.finishedAt.IsZero() {
		view["finishedAt"] = connectifStamp(e.finishedAt)
	}
	return view
}
