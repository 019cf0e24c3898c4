package testserver_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	connectifContacts   = `{"exportType":"contacts","delimiter":",","dateFormat":"ISO"}`
	connectifActivities = `{"exportType":"activities","delimiter":";","dateFormat":"ISO","filters":{"fromDate":"1999-12-31","toDate":"2000-01-02T00:00:00Z"}}`
	connectifFullQueue  = `{"status":400,"title":"Bad Request","detail":"You have reached the limit of 5 queued exports. Please try again when any queued export has been completed or deleted.","code":"E0301"}`
)

// connectifExportPath is the path of export number n, in order of creation.
func connectifExportPath(n int) string { return fmt.Sprintf("/exports/e%023x", n) }

// connectifSeen has the fields of an export that change.
type connectifSeen struct {
	Status          string
	Progress, Total int
	FileURL         string
}

func (v connectif) look(n int) connectifSeen {
	v.t.Helper()
	g := v.mustSend("GET", connectifExportPath(n), "")
	var s connectifSeen
	if err := json.Unmarshal([]byte(g.Body), &s); err != nil || g.Status != 200 {
		v.t.Errorf("export %d: %v", n, g)
	}
	return s
}

// statuses returns the statuses of the exports up to number n.
func (v connectif) statuses(n int) string {
	v.t.Helper()
	var all []string
	for i := range n {
		all = append(all, v.look(i+1).Status)
	}
	return strings.Join(all, " ")
}

func TestConnectifExportRules(t *testing.T) {
	const order = `"delimiter":",","dateFormat":"L"`
	const farAway = "should be at most 31 days after fromDate"
	for name, tt := range map[string]struct {
		body string
		want got
	}{
		"contacts": {connectifContacts, got{201, kind, `{"createdAt":"2000-01-01T00:00:00.000Z","dateFormat":"ISO","delimiter":",","exportType":"contacts","id":"e00000000000000000000001","progress":0,"status":"queued","total":1}`}},
		"activities": {connectifActivities, got{201, kind, `{"createdAt":"2000-01-01T00:00:00.000Z","dateFormat":"ISO","delimiter":";","exportType":"activities",` +
			`"filters":{"fromDate":"1999-12-31","toDate":"2000-01-02T00:00:00Z"},"id":"e00000000000000000000001","progress":0,"status":"queued","total":0}`}},
		"nothing": {`{}`, got{422, kind, connectifInvalid("exportType", "is required", "delimiter", "is required", "dateFormat", "is required")}},
		"wrong words": {`{"exportType":"all","delimiter":"|","dateFormat":1,"filters":[]}`, got{422, kind, connectifInvalid(
			"exportType", "should be one of: contacts activities", "delimiter", "should be one of: , ;", "dateFormat", "should be one of: ISO L LL LLL", "filters", "should be an object")}},
		"activities without a range": {`{"exportType":"activities",` + order + `}`, got{422, kind, connectifInvalid("filters.fromDate", "is required", "filters.toDate", "is required")}},
		"wrong date":                 {`{"exportType":"activities",` + order + `,"filters":{"fromDate":"x","toDate":"2026-01-31"}}`, got{422, kind, connectifInvalid("filters.fromDate", "should be a date")}},
		"32 days":                    {`{"exportType":"activities",` + order + `,"filters":{"fromDate":"2026-01-01","toDate":"2026-02-02"}}`, got{422, kind, connectifInvalid("filters.toDate", farAway)}},
		"backwards":                  {`{"exportType":"activities",` + order + `,"filters":{"fromDate":"2026-01-02","toDate":"2026-01-01"}}`, got{422, kind, connectifInvalid("filters.toDate", farAway)}},
		"no JSON":                    {`{`, got{400, kind, `{"status":400,"title":"Bad Request","detail":"Invalid JSON payload received."}`}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{})
				if diff := cmp.Diff(tt.want, v.mustSend("POST", "/exports/", tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestConnectifExportLife(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		v.AddContacts("bo@example.com", "al@example.com", "cy@example.com")
		v.SetStorageURL("http://files.test")
		v.SetExportTime(4 * time.Second)
		v.mustSend("POST", "/exports", connectifContacts)
		for i, want := range []connectifSeen{
			{"inProgress", 0, 4, ""},
			{"inProgress", 2, 4, ""},
			{"finished", 4, 4, "http://files.test/files/demo-file-1"},
			{"finished", 4, 4, "http://files.test/files/demo-file-2"},
		} {
			if diff := cmp.Diff(want, v.look(1)); diff != "" {
				t.Errorf("look %d (-want +got):\n%s", i, diff)
			}
			<-time.After(2 * time.Second)
		}
		whole := got{200, kind, `{"createdAt":"2000-01-01T00:00:00.000Z","dateFormat":"ISO","delimiter":",","exportType":"contacts","fileUrl":"http://files.test/files/demo-file-3",` +
			`"finishedAt":"2000-01-01T00:00:04.000Z","id":"e00000000000000000000001","progress":4,"status":"finished","total":4}`}
		if diff := cmp.Diff(whole, v.mustSend("GET", connectifExportPath(1), "")); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		for _, want := range []got{{Status: 204}, {404, kind, connectifNotFound}} {
			if diff := cmp.Diff(want, v.mustSend("DELETE", connectifExportPath(1), "")); diff != "" {
				t.Errorf("delete (-want +got):\n%s", diff)
			}
		}
		if diff := cmp.Diff(got{404, kind, connectifNotFound}, v.mustSend("GET", connectifExportPath(1), "")); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
	})
}

func TestConnectifExportThatFails(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		v.FailNextExport()
		v.mustSend("POST", "/exports/", connectifContacts)
		v.mustSend("POST", "/exports/", connectifContacts)
		<-time.After(10 * time.Second)
		if diff := cmp.Diff("error finished", v.statuses(2)); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		if url := v.look(1).FileURL; url != "" {
			t.Errorf("the export that failed has a file, %s", url)
		}
	})
}

// The queue has five places and processes one export at a time. An export that has
// ended or was deleted frees its place.
func TestConnectifQueue(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		create := func() int {
			g := v.mustSend("POST", "/exports/", connectifContacts)
			if g.Status != 201 && g != (got{400, kind, connectifFullQueue}) {
				t.Errorf("answer %v; want a full queue", g)
			}
			return g.Status
		}
		var statuses []int
		for range 6 {
			statuses = append(statuses, create())
		}
		<-time.After(5 * time.Second) // the first ends
		statuses = append(statuses, create(), create())
		if diff := cmp.Diff("finished inProgress inProgress", v.statuses(3)); diff != "" {
			t.Errorf("after 5 s (-want +got):\n%s", diff)
		}
		v.mustSend("DELETE", connectifExportPath(1), "") // has no place in the queue
		statuses = append(statuses, create())
		<-time.After(3 * time.Second)
		v.mustSend("DELETE", connectifExportPath(2), "") // in progress: the third begins now
		v.mustSend("DELETE", connectifExportPath(4), "") // waits
		statuses = append(statuses, create(), create(), create())
		if diff := cmp.Diff([]int{201, 201, 201, 201, 201, 400, 201, 400, 400, 201, 201, 400}, statuses); diff != "" {
			t.Errorf("statuses (-want +got):\n%s", diff)
		}
		<-time.After(5*time.Second - time.Nanosecond)
		early := v.look(3).Status
		<-time.After(time.Nanosecond)
		if late := v.look(3).Status; early != "inProgress" || late != "finished" {
			t.Errorf("third export %s, then %s; want it to end after its 5 s", early, late)
		}
		<-time.After(5 * time.Second)
		if five, six := v.look(5).Status, v.look(6).Status; five != "finished" || six != "inProgress" {
			t.Errorf("fifth export %s, sixth %s; want the fifth to follow the third", five, six)
		}
		if n := v.Exports().Total(); n != 8 {
			t.Errorf("%d exports; want 8", n)
		}
	})
}
