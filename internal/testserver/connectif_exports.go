package testserver

import (
	"net/http"
	"time"
)

// connectifExportPlaces is how many exports may be queued or in progress at one time.
const connectifExportPlaces = 5

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

// SetExportTime sets how long it takes to process an export. It applies to exports
// that are created later.
func (cf *Connectif) SetExportTime(d time.Duration) { cf.exports.setTime(d) }

// FailNextExport makes the next export end with the status error. n calls make the
// next n exports fail.
func (cf *Connectif) FailNextExport() { cf.exports.failNext() }

func (cf *Connectif) postExport(c call) reply {
	order, refusal, ok := connectifPayload(c)
	if !ok {
		return refusal
	}
	if problems := connectifCheckExport(order); len(problems) > 0 {
		return connectifInvalid(problems)
	}
	file := cf.shop.file(order)
	view := map[string]any{
		"exportType": order["exportType"],
		"delimiter":  order["delimiter"],
		"dateFormat": order["dateFormat"],
	}
	if filters := order["filters"]; filters != nil {
		view["filters"] = filters
	}
	created, ok := cf.exports.create(&connectifJob{fields: view, total: file.rows, file: file}, c.body)
	if !ok {
		return connectifQueueIsFull()
	}
	return reply{status: http.StatusCreated, body: created}
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

// deleteExport removes an export from the queue, and its file.
func (cf *Connectif) deleteExport(c call) reply {
	id := c.request.PathValue("id")
	if !cf.exports.remove(id) {
		return connectifNotFound()
	}
	cf.storage.revoke(id)
	return reply{status: http.StatusNoContent}
}
