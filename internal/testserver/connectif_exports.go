package testserver

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// connectifPlaces is how many exports may be queued or in progress at one time.
const connectifPlaces = 5

// connectifLongestRange is the longest range of an export of activities.
const connectifLongestRange = 31 * 24 * time.Hour

// connectifExportFields are the fields of an order for an export. The filters of an
// export of activities have connectifRangeFields.
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

// connectifExports is the queue of exports. It processes them one at a time, in order
// of creation. It has no goroutine: each method first finishes the exports that are
// due.
type connectifExports struct {
	ledger retrywisetest.Ledger // by id

	mu      sync.Mutex // guards the fields below
	took    time.Duration
	fails   int // how many of the next exports will fail
	created int
	byID    map[string]*connectifExport
	pending []*connectifExport // the first is in progress, the others are queued
	freeAt  time.Time          // when the export before pending[0] ended
}

// A connectifExport is guarded by the mutex of its queue.
type connectifExport struct {
	file       *connectifFile
	order      map[string]any
	createdAt  time.Time
	took       time.Duration
	fails      bool
	finishedAt time.Time // zero: pending
}

// SetExportTime sets how long it takes to process an export. It applies to exports
// that are created later.
func (cf *Connectif) SetExportTime(d time.Duration) {
	cf.exports.mu.Lock()
	defer cf.exports.mu.Unlock()
	cf.exports.took = d
}

// FailNextExport makes the next export end with the status error. n calls make the
// next n exports fail.
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

// connectifCheckExport checks an order, and the range of an export of activities.
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

// create adds an export to the queue, unless it is full.
func (q *connectifExports) create(order map[string]any, file *connectifFile, body []byte) reply {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.catchUp(now)
	if len(q.pending) == connectifPlaces {
		return connectifQueueIsFull()
	}
	q.created++
	file.id = fmt.Sprintf("e%023x", q.created)
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
	view, file, ok := cf.exports.get(c.request.PathValue("id"))
	if !ok {
		return connectifNotFound()
	}
	if file != nil {
		view["fileUrl"] = cf.storage.grant(file)
	}
	return reply{status: http.StatusOK, body: view}
}

// get returns the vendor's view of an export, and its file if it is finished.
func (q *connectifExports) get(id string) (view map[string]any, file *connectifFile, ok bool) {
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

// deleteExport removes an export from the queue, and its file.
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
		q.freeAt = now // the next export begins
	}
	q.pending = slices.DeleteFunc(q.pending, func(other *connectifExport) bool { return other == e })
	delete(q.byID, id)
	return true
}

// catchUp finishes the exports that are due.
func (q *connectifExports) catchUp(now time.Time) {
	for len(q.pending) > 0 {
		e := q.pending[0]
		end := q.begun(e).Add(e.took)
		if end.After(now) {
			return
		}
		e.finishedAt, q.freeAt = end, end
		q.pending = q.pending[1:]
	}
}

// begun returns when the processing of the first pending export began.
func (q *connectifExports) begun(first *connectifExport) time.Time {
	if q.freeAt.After(first.createdAt) {
		return q.freeAt
	}
	return first.createdAt
}

// progress returns how many rows of a pending export are processed.
func (q *connectifExports) progress(e *connectifExport, now time.Time) int {
	if q.pending[0] != e {
		return 0
	}
	return int(int64(e.file.rows) * int64(now.Sub(q.begun(e))/time.Microsecond) / max(int64(e.took/time.Microsecond), 1))
}

// view returns the vendor's resource. The documented statuses are queued, inProgress,
// finished and error; there may be others.
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
