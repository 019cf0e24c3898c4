package testserver_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const (
	connectifForm      = "multipart/form-data; boundary=cut"
	connectifPeople    = "name,email\nBo, bo@example.com\nNobody,none\n"
	connectifManyQueue = `{"status":400,"title":"Bad Request","detail":"You have reached the limit of 10 queued imports. Please try again when any queued import has been completed.","code":"E0401"}`
)

// importPeople posts a file with two rows, one of which has no e-mail address.
func (v connectif) importPeople() got {
	v.t.Helper()
	return v.mustDo("POST", "/imports/", gaugeUpload("people.csv", connectifPeople), "Content-Type", connectifForm, "Authorization", connectifKey)
}

func TestConnectifImportRules(t *testing.T) {
	noFile := got{422, kind, connectifInvalid("file", "should be a CSV file with a column email")}
	for name, tt := range map[string]struct {
		contentType, body string
		want              got
	}{
		"file": {connectifForm, gaugeUpload("people.csv", connectifPeople),
			got{201, kind, `{"createdAt":"2000-01-01T00:00:00.000Z","id":"a00000000000000000000001","progress":0,"status":"queued","total":2,"type":"contacts"}`}},
		"JSON":            {kind, `{}`, got{415, kind, `{"status":415,"title":"Unsupported Media Type","detail":"Request without multipart/form-data Content-Type header."}`}},
		"no boundary":     {"multipart/form-data", `{}`, noFile},
		"no form":         {connectifForm, `{}`, noFile},
		"no file":         {connectifForm, gaugePart(`name="type"`, "contacts"), noFile},
		"no column email": {connectifForm, gaugeUpload("people.csv", "name\nBo\n"), noFile},
		"empty file":      {connectifForm, gaugeUpload("people.csv", ""), noFile},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newConnectif(t, testserver.Service{})
				answer := v.mustDo("POST", "/imports", tt.body, "Content-Type", tt.contentType, "Authorization", connectifKey)
				if diff := cmp.Diff(tt.want, answer); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Rows that are refused do not fail an import.
func TestConnectifImportLife(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		v.SetImportTime(4 * time.Second)
		v.importPeople()
		v.FailNextImport()
		v.importPeople()
		<-time.After(8 * time.Second)
		for path, want := range map[string]got{
			"/imports/a00000000000000000000001": {200, kind, `{"createdAt":"2000-01-01T00:00:00.000Z","errors":1,"finishedAt":"2000-01-01T00:00:04.000Z","id":"a00000000000000000000001","progress":2,"status":"finished","success":1,"total":2,"type":"contacts"}`},
			"/imports/a00000000000000000000002": {200, kind, `{"createdAt":"2000-01-01T00:00:00.000Z","finishedAt":"2000-01-01T00:00:08.000Z","id":"a00000000000000000000002","progress":0,"status":"error","total":2,"type":"contacts"}`},
			"/imports/a00000000000000000000003": {404, kind, connectifNotFound},
		} {
			if diff := cmp.Diff(want, v.mustSend("GET", path, "")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
		if _, ok := v.Contact("bo@example.com"); !ok {
			t.Error("the contact of the file was not created")
		}
	})
}

// The queue of imports has ten places, apart from those of exports.
func TestConnectifImportQueue(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newConnectif(t, testserver.Service{})
		v.mustSend("POST", "/exports/", connectifContacts)
		for i := range 10 {
			if g := v.importPeople(); g.Status != 201 {
				t.Errorf("import %d: %v; want 201", i, g)
			}
		}
		if diff := cmp.Diff(got{400, kind, connectifManyQueue}, v.importPeople()); diff != "" {
			t.Errorf("answer (-want +got):\n%s", diff)
		}
		<-time.After(5 * time.Second) // the first ends
		if g := v.importPeople(); g.Status != 201 {
			t.Errorf("after 5 s: %v; want 201", g)
		}
		if n := v.Imports().Total(); n != 11 {
			t.Errorf("%d imports; want 11", n)
		}
	})
}
