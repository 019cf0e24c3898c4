package testserver_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/internal/testserver"
	"github.com/retrywise/retrywise/retrywisetest"
)

const ana = "/platform/contacts/email:ana@example.com"

// rdStation is a fake RD Station and a caller with the current token.
type rdStation struct {
	*testserver.RDStation
	caller
}

func newRDStation(t *testing.T, service testserver.Service) rdStation {
	rd := testserver.NewRDStation(service)
	header := func() []string { return []string{"Content-Type", kind, "Authorization", "Bearer " + rd.Token()} }
	return rdStation{rd, caller{t, retrywisetest.Handle(t, rd), header}}
}

func TestRDStationContactRules(t *testing.T) {
	for name, tt := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"good contact": {ana, `{"name":"Ana","job_title":"CTO","tags":["vip","são"],"linkedin":"ana.b-c_1","cf_age":30,"city":null}`, 200,
			`{"cf_age":30,"city":null,"email":"ana@example.com","job_title":"CTO","linkedin":"ana.b-c_1","name":"Ana","tags":["vip","são"],"uuid":"00000000-0000-4000-8000-000000000001"}`},
		"escaped identifier": {"/platform/contacts/email:ana%2Bb@example.com", `{}`, 200,
			`{"email":"ana+b@example.com","uuid":"00000000-0000-4000-8000-000000000001"}`},
		"body that is no JSON": {ana, `{"name":`, 400,
			`{"errors":{"error_type":"BAD_REQUEST","error_message":"Could not parse the body of the request according to the provided Content-Type."}}`},
		"body that is no object": {ana, `[1]`, 400,
			`{"errors":{"error_type":"BAD_REQUEST","error_message":"Could not parse the body of the request according to the provided Content-Type."}}`},
		"null for the body": {ana, `null`, 400,
			`{"errors":{"error_type":"BAD_REQUEST","error_message":"Could not parse the body of the request according to the provided Content-Type."}}`},
		"name is null": {ana, `{"name":null}`, 400,
			`{"errors":{"name":[{"error_type":"CANNOT_BE_NULL","error_message":"name cannot be null."}]}}`},
		"name is blank": {ana, `{"name":" "}`, 400,
			`{"errors":{"name":[{"error_type":"CANNOT_BE_BLANK","error_message":"Can not be blank"}]}}`},
		"name is a number": {ana, `{"name":7}`, 422,
			`{"errors":{"name":[{"error_type":"MUST_BE_STRING","error_message":"Name must be string."}]}}`},
		"job title is a number": {ana, `{"job_title":7}`, 422,
			`{"errors":{"job_title":[{"error_type":"MUST_BE_STRING","error_message":"Job title must be string."}]}}`},
		"tag with capitals": {ana, `{"tags":["a","B"]}`, 400,
			`{"errors":{"tags":[{"error_type":"VALUES_MUST_BE_LOWERCASE","error_message":"must not contain capital letters"}]}}`},
		"tags is no list": {ana, `{"tags":"a"}`, 400,
			`{"errors":{"tags":[{"error_type":"INVALID","error_message":"It is not valid"}]}}`},
		"tag is a number": {ana, `{"tags":["a",1]}`, 400,
			`{"errors":{"tags":[{"error_type":"INVALID","error_message":"It is not valid"}]}}`},
		"linkedin with a slash": {ana, `{"linkedin":"in/ana"}`, 400,
			`{"errors":{"linkedin":[{"error_type":"INVALID_FORMAT","error_message":"linkedin must use only letters, numbers, '.', '-' and '_'"}]}}`},
		"address outside ASCII": {"/platform/contacts/email:calebæhnson@provider.com", `{}`, 400,
			`{"errors":{"email":[{"error_type":"INVALID","error_message":"It is not valid"}]}}`},
		"address without a domain": {"/platform/contacts/email:ana@", `{}`, 400,
			`{"errors":{"email":[{"error_type":"INVALID","error_message":"It is not valid"}]}}`},
		"read-only attribute": {ana, `{"available_for_mailing":true}`, 400,
			`{"errors":{"error_type":"INVALID_FIELDS","error_message":"Payload contains fields that cannot be modified: (available_for_mailing)"}}`},
		"unknown attribute": {ana, `{"attr":1}`, 400,
			`{"errors":{"error_type":"INVALID_FIELDS","error_message":"Payload contains fields that do not exist: (attr)"}}`},
		"two unknown attributes": {ana, `{"b":1,"a":1}`, 400,
			`{"errors":{"error_type":"INVALID_FIELDS","error_message":"Payload contains fields that do not exist: (a, b)"}}`},
		"identifier repeated": {ana, `{"email":"ana@example.com"}`, 400,
			`{"errors":{"error_type":"CONFLICTING_FIELD","error_message":"The payload contains an attribute that was used to identify the lead"}}`},
		"several errors, not all of type": {ana, `{"name":"","bio":1,"linkedin":"/"}`, 400,
			`{"errors":{"bio":[{"error_type":"MUST_BE_STRING","error_message":"Bio must be string."}],
			 "linkedin":[{"error_type":"INVALID_FORMAT","error_message":"linkedin must use only letters, numbers, '.', '-' and '_'"}],
			 "name":[{"error_type":"CANNOT_BE_BLANK","error_message":"Can not be blank"}]}}`},
		"several errors, all of type": {ana, `{"name":1,"bio":1}`, 422,
			`{"errors":{"bio":[{"error_type":"MUST_BE_STRING","error_message":"Bio must be string."}],
			 "name":[{"error_type":"MUST_BE_STRING","error_message":"Name must be string."}]}}`},
		"uuid that nobody has": {"/platform/contacts/uuid:1", `{}`, 404,
			`{"errors":{"error_type":"RESOURCE_NOT_FOUND","error_message":"Lead not found."}}`},
		"unknown identifier": {"/platform/contacts/phone:1", `{}`, 404,
			`{"errors":{"error_type":"RESOURCE_NOT_FOUND","error_message":"Lead not found."}}`},
		"unknown path": {"/platform/deals", `{}`, 404,
			`{"errors":{"error_type":"RESOURCE_NOT_FOUND","error_message":"The resource couldn't be found."}}`},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{})
				want := got{tt.status, kind, compact(t, tt.want)}
				if diff := cmp.Diff(want, v.mustSend("PATCH", tt.path, tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(map[int]int{tt.status: 1}, v.Statuses()); diff != "" {
					t.Errorf("statuses (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRDStationContactByUUID(t *testing.T) {
	const byUUID = "/platform/contacts/uuid:00000000-0000-4000-8000-000000000001"
	for name, tt := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"new address": {`{"email":"ana@new.example"}`, 200,
			`{"email":"ana@new.example","name":"Ana","uuid":"00000000-0000-4000-8000-000000000001"}`},
		"own address": {`{"email":"ana@example.com"}`, 200,
			`{"email":"ana@example.com","name":"Ana","uuid":"00000000-0000-4000-8000-000000000001"}`},
		"address of somebody else": {`{"email":"bo@example.com"}`, 400,
			`{"errors":{"error_type":"EMAIL_ALREADY_IN_USE","error_message":"email already in use"}}`},
		"address is null": {`{"email":null}`, 400,
			`{"errors":{"email":[{"error_type":"CANNOT_BE_NULL","error_message":"email cannot be null."}]}}`},
		"identifier repeated": {`{"uuid":"1"}`, 400,
			`{"errors":{"error_type":"CONFLICTING_FIELD","error_message":"The payload contains an attribute that was used to identify the lead"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{})
				v.mustSend("PATCH", ana, `{"name":"Ana"}`)
				v.mustSend("PATCH", "/platform/contacts/email:bo@example.com", `{}`)
				if diff := cmp.Diff(got{tt.status, kind, tt.want}, v.mustSend("PATCH", byUUID, tt.body)); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRDStationContactLife(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{})
		notFound := got{404, kind, `{"errors":{"error_type":"RESOURCE_NOT_FOUND","error_message":"Lead not found."}}`}
		stored := got{200, kind, `{"email":"ana@example.com","name":"Ana","uuid":"00000000-0000-4000-8000-000000000001"}`}
		for i, step := range []struct {
			method, body string
			want         got
		}{
			{"GET", "", notFound},
			{"DELETE", "", notFound},
			{"PATCH", `{"name":"Ana"}`, stored},
			{"GET", "", stored},
			{"DELETE", "", got{Status: 204}},
			{"GET", "", notFound},
		} {
			if diff := cmp.Diff(step.want, v.mustSend(step.method, ana, step.body)); diff != "" {
				t.Errorf("step %d, %s (-want +got):\n%s", i, step.method, diff)
			}
		}
	})
}

func TestRDStationStoredMergesPayloads(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{})
		v.mustSend("PATCH", ana, `{"name":"Ana","city":"Recife"}`)
		v.mustSend("PATCH", ana, `{"city":"Olinda"}`)
		const uuid = "00000000-0000-4000-8000-000000000001"
		want := map[string]any{"name": "Ana", "city": "Olinda", "email": "ana@example.com", "uuid": uuid}
		for _, value := range []string{"ana@example.com", uuid} {
			fields, ok := v.Stored(value)
			if !ok {
				t.Fatalf("no contact %s", value)
			}
			if diff := cmp.Diff(want, fields); diff != "" {
				t.Errorf("contact %s (-want +got):\n%s", value, diff)
			}
		}
	})
}

func TestRDStationContentType(t *testing.T) {
	const want = `{"errors":{"error_type":"UNSUPPORTED_MEDIA_TYPE","error_message":"The payload is in a format not supported by this method on the target resource."}}`
	for name, tt := range map[string]struct {
		method, path, kind string
		status             int
	}{
		"contact, none":          {"PATCH", ana, "", 415},
		"contact, form":          {"PATCH", ana, "application/x-www-form-urlencoded", 415},
		"contact, with charset":  {"PATCH", ana, "application/json; charset=utf-8", 200},
		"event, text":            {"POST", "/platform/events", "text/plain", 415},
		"token, form":            {"POST", "/auth/token", "application/x-www-form-urlencoded", 415},
		"GET does not need one":  {"GET", ana, "", 404},
		"token, other text type": {"POST", "/auth/token", "text/json", 415},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				v := newRDStation(t, testserver.Service{})
				g := v.mustDo(tt.method, tt.path, `{}`, "Content-Type", tt.kind, "Authorization", "Bearer "+v.Token())
				if g.Status != tt.status {
					t.Errorf("status %d; want %d", g.Status, tt.status)
				}
				if g.Status == 415 && g.Body != want {
					t.Errorf("body %s; want %s", g.Body, want)
				}
			})
		})
	}
}

func TestRDStationEvents(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		v := newRDStation(t, testserver.Service{})
		for _, body := range []string{
			`{"event_type":"CONVERSION","payload":{"event_identifier":"trial"}}`,
			`{"payload":{"event_identifier":"trial"}}`,
			`{"payload":{}}`,
		} {
			if g := v.mustSend("POST", "/platform/events", body); g.Status != 200 {
				t.Errorf("%s: %v", body, g)
			}
		}
		if g := v.mustSend("POST", "/platform/events", `{`); g.Status != 400 {
			t.Errorf("no JSON: %v; want 400", g)
		}
		if diff := cmp.Diff([]string{"event-3", "trial"}, v.Events().Keys()); diff != "" {
			t.Errorf("keys (-want +got):\n%s", diff)
		}
		if n := v.Events().Duplicates(); n != 1 {
			t.Errorf("%d duplicates; want 1", n)
		}
	})
}
