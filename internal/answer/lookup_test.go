package answer_test

import (
	"testing"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

func TestLookedUp(t *testing.T) {
	byStatus := policy.Lookup{Path: "/a/1"}
	byID := policy.Lookup{Path: "/a", At: "/id", Is: "7"}
	inList := policy.Lookup{Path: "/a", In: "/items", At: "/id", Is: "7"}
	complete := policy.Lookup{Path: "/a", In: "/items", At: "/id", Is: "7", Complete: true}
	byBody := policy.Lookup{Path: "/a/1", HasBody: true}
	const sent = `{"name":"Ana","tags":["vip"],"address":{"city":"Rio"}}`
	for name, tt := range map[string]struct {
		lookup policy.Lookup
		status int
		body   string
		want   policy.LookupAnswer
	}{
		"a status":                       {byStatus, 200, ``, policy.LookupFound},
		"any success":                    {byStatus, 204, `text`, policy.LookupFound},
		"not found":                      {byStatus, 404, `{}`, policy.LookupAbsent},
		"gone":                           {byStatus, 410, `{}`, policy.LookupUnclear},
		"another success":                {policy.Lookup{Path: "/a", Found: []policy.StatusRange{{From: 200, To: 200}}}, 202, ``, policy.LookupUnclear},
		"a page that says yes":           {byStatus, 200, `<!DOCTYPE html><p>Sign in`, policy.LookupUnclear},
		"a page that says no":            {byStatus, 404, `<html>`, policy.LookupUnclear},
		"no response":                    {byStatus, 0, ``, policy.LookupUnclear},
		"the value":                      {byID, 200, `{"id":"7"}`, policy.LookupFound},
		"a number":                       {byID, 200, `{"id":7}`, policy.LookupFound},
		"another value":                  {byID, 200, `{"id":"8"}`, policy.LookupUnclear},
		"another kind":                   {byID, 200, `{"id":{"id":"7"}}`, policy.LookupUnclear},
		"no value":                       {byID, 200, `{}`, policy.LookupUnclear},
		"XML":                            {policy.Lookup{Path: "/a", At: "/a/id", Is: "7"}, 200, `<a><id>7</id></a>`, policy.LookupFound},
		"no document":                    {byID, 200, `id=7`, policy.LookupUnclear},
		"half a document":                {byID, 200, `{"id":"7"`, policy.LookupUnclear},
		"in the list":                    {inList, 200, `{"items":[{"id":"8"},{"id":"7"}]}`, policy.LookupFound},
		"the list is empty":              {inList, 200, `{"items":[]}`, policy.LookupAbsent},
		"the list is null":               {inList, 200, `{"items":null}`, policy.LookupAbsent},
		"the only one":                   {inList, 200, `{"items":{"id":"7"}}`, policy.LookupFound},
		"not in the list":                {inList, 200, `{"items":[{"id":"8"}]}`, policy.LookupUnclear},
		"not in the complete list":       {complete, 200, `{"items":[{"id":"8"}]}`, policy.LookupAbsent},
		"no list":                        {complete, 200, `{"error":"later"}`, policy.LookupUnclear},
		"a list in a list":               {policy.Lookup{Path: "/a", At: "/*/id", Is: "7"}, 200, `[[{"id":"7"}]]`, policy.LookupFound},
		"all that was sent":              {byBody, 200, `{"id":1,"name":"Ana","tags":["vip"],"address":{"city":"Rio","zip":"1"}}`, policy.LookupFound},
		"one value differs":              {byBody, 200, `{"name":"Bo","tags":["vip"],"address":{"city":"Rio"}}`, policy.LookupUnclear},
		"one is missing":                 {byBody, 200, `{"name":"Ana","tags":["vip"],"address":{}}`, policy.LookupUnclear},
		"a list differs":                 {byBody, 200, `{"name":"Ana","tags":["vip","new"],"address":{"city":"Rio"}}`, policy.LookupUnclear},
		"a kind differs":                 {byBody, 200, `{"name":["Ana"],"tags":["vip"],"address":{"city":"Rio"}}`, policy.LookupUnclear},
		"the id and all that was sent":   {policy.Lookup{Path: "/a", At: "/id", Is: "7", HasBody: true}, 200, `{"id":"7"}`, policy.LookupUnclear},
		"not found, where 2xx says so":   {policy.Lookup{Path: "/a", Found: []policy.StatusRange{{From: 200, To: 200}}, Absent: []policy.StatusRange{{From: 204, To: 204}}}, 204, ``, policy.LookupAbsent},
		"nothing is compared with a 404": {complete, 404, `{"items":[{"id":"7"}]}`, policy.LookupAbsent},
	} {
		a := policy.Answer{Status: tt.status, Body: []byte(tt.body)}
		if got := answer.LookedUp(tt.lookup, []byte(sent), a); got != tt.want {
			t.Errorf("%s: %v; want %v", name, got, tt.want)
		}
	}
}

// A body that says nothing is in every record.
func TestLookedUpWithoutABody(t *testing.T) {
	for _, sent := range []string{"", "{}", "[]", "a=1", `{"a":`} {
		a := policy.Answer{Status: 200, Body: []byte(`{"a":1}`)}
		if got := answer.LookedUp(policy.Lookup{Path: "/a", HasBody: true}, []byte(sent), a); got != policy.LookupUnclear {
			t.Errorf("%q: %v; want unclear", sent, got)
		}
	}
}

func TestTextAt(t *testing.T) {
	const document = `{"id":"A-1","n":12,"ok":true,"customer":{"id":"C"},"lines":[{"id":"L"}],"none":null}`
	for want, keys := range map[string][]string{
		"A-1": {"id"}, "12": {"n"}, "true": {"ok"}, "C": {"customer", "id"}, "L": {"lines", "0", "id"},
	} {
		if got, ok := answer.TextAt([]byte(document), keys...); got != want || !ok {
			t.Errorf("%v: %q, %v; want %q", keys, got, ok, want)
		}
	}
	for _, keys := range [][]string{{"customer"}, {"lines"}, {"none"}, {"other"}, {"id", "x"}} {
		if got, ok := answer.TextAt([]byte(document), keys...); ok {
			t.Errorf("%v: %q; want none", keys, got)
		}
	}
	if _, ok := answer.TextAt([]byte("id=1"), "id"); ok {
		t.Error("a form has a member")
	}
}

// No response makes a look-up panic, and only one with the text that is looked for is found.
func FuzzLookedUp(f *testing.F) {
	f.Add(200, []byte(`{"items":[{"id":"needle"}]}`))
	f.Add(200, []byte(`<items><id>needle</id></items>`))
	f.Add(404, []byte(`<html>`))
	l := policy.Lookup{Path: "/a", In: "/items", At: "/id", Is: "needle", Complete: true}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		a := policy.Answer{Status: status, Body: body}
		switch answer.LookedUp(l, nil, a) {
		case policy.LookupFound:
			if _, ok := answer.Parse(body); !ok || status/100 != 2 {
				t.Errorf("found in %d %q", status, body)
			}
		case policy.LookupAbsent:
			if answer.IsHTML(body) || status != 404 && status/100 != 2 {
				t.Errorf("absent by %d %q", status, body)
			}
		}
	})
}
