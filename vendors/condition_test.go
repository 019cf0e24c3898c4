package vendors_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// What makes a 2xx an error is data: a value at one place. Members that are called like
// those of an error are not looked for elsewhere.
func TestDecodeOfA2xxGoesByTheData(t *testing.T) {
	const (
		slack = `
errors_in_2xx: [{at: /ok, is: "false", refused: true}]
decode: [{in: "", code: error}]
`
		batch = `
errors_in_2xx: [{at: "/*/success", is: "false"}]
decode: [{in: "/*/errors", code: statusCode, message: message}]
`
		graph = `
errors_in_2xx: [{at: /errors}]
decode: [{in: /errors, code: /extensions/code, message: message}]
`
	)
	long := strings.Repeat(`"x",`, 2_000) + `"x"`
	for name, tt := range map[string]struct {
		file, body string
		want       *policy.Failure
	}{
		"ok":                             {slack, `{"ok":true,"messages":[{"files":[{"error":"x"}]}]}`, nil},
		"not ok":                         {slack, `{"ok":false,"error":"ratelimited"}`, &policy.Failure{Refused: true, Items: []apierrors.Field{{Code: "ratelimited"}}}},
		"not ok, without a code":         {slack, `{"ok":false}`, &policy.Failure{Refused: true}},
		"ok, beside an error":            {slack, `{"ok":true,"error":"x"}`, nil},
		"neither":                        {slack, `{"error":"x"}`, nil},
		"HTML":                           {slack, `<html></html>`, nil},
		"every record of a batch":        {batch, `[{"success":true,"id":"1"},{"success":true,"id":"2"}]`, nil},
		"one record of a batch":          {batch, `[{"success":true,"id":"1"},{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW"}]}]`, &policy.Failure{Items: []apierrors.Field{{Code: "UNABLE_TO_LOCK_ROW"}}}},
		"data and no errors":             {graph, `{"data":{"errors":[{"message":"a row"}]},"errors":[]}`, nil},
		"errors behind much data":        {graph, `{"data":[` + long + `],"errors":[{"message":"m","extensions":{"code":"THROTTLED"}}]}`, &policy.Failure{Items: []apierrors.Field{{Code: "THROTTLED", Message: "m"}}}},
		"errors that are null":           {graph, `{"errors":null}`, nil},
		"errors that are an empty text":  {graph, `{"errors":""}`, nil},
		"errors that are false":          {graph, `{"errors":false}`, nil},
		"errors that are zero":           {graph, `{"errors":0}`, nil},
		"errors that are an empty map":   {graph, `{"errors":{}}`, nil},
		"an error of two, one a refusal": {"errors_in_2xx: [{at: /a, refused: true}, {at: /b}]\n", `{"a":1,"b":1}`, &policy.Failure{}},
		"the refusal of two":             {"errors_in_2xx: [{at: /a, refused: true}, {at: /b}]\n", `{"a":1}`, &policy.Failure{Refused: true}},
	} {
		t.Run(name, func(t *testing.T) {
			v := parsed(t, tt.file)
			for _, status := range []int{200, 207} {
				got := v.Decode(policy.Answer{Status: status, Body: []byte(tt.body)})
				if got != nil {
					got.Status, got.Details = 0, nil
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("status %d (-want +got):\n%s", status, diff)
				}
			}
			if f := v.Decode(policy.Answer{Status: 302, Body: []byte(tt.body)}); f != nil {
				t.Errorf("a redirect is the failure %+v", f)
			}
		})
	}
}

// A batch of which a part was refused is not repeated as a whole, whatever the code's class says
// about a request that was refused.
func TestPolicyDoesNotRepeatABatchThatWasDoneInPart(t *testing.T) {
	const body = `[{"success":true,"id":"1"},{"success":false,"errors":[{"statusCode":"UNABLE_TO_LOCK_ROW"}]}]`
	for _, class := range []string{"conflict", "rate_limited"} {
		v := parsed(t, `
errors_in_2xx: [{at: "/*/success", is: "false"}]
decode: [{in: "/*/errors", code: statusCode, message: message}]
codes: [{code: UNABLE_TO_LOCK_ROW, class: `+class+`}]
`)
		for status, want := range map[int]apierrors.Stop{200: apierrors.StopUnsafe, 207: apierrors.StopUnsafe, 400: apierrors.StopNone} {
			d := v.Policy().Decide(*v.Decode(policy.Answer{Status: status, Body: []byte(body)}), policy.State{Method: "POST"})
			if d.Stop != want || d.Code != "UNABLE_TO_LOCK_ROW" || d.Class.String() != class {
				t.Errorf("%s in a %d: code %s, class %v, stop %v; want %v", class, status, d.Code, d.Class, d.Stop, want)
			}
		}
	}
}

func TestProfileOfErrorsIn2xx(t *testing.T) {
	for text, want := range map[string]policy.Profile{
		"":                                 {},
		"errors_in_2xx: []\n":              {},
		"errors_in_2xx: [{at: /errors}]\n": {ErrorsIn2xx: true},
		"errors_in_2xx: [{at: /errors}]\npeek_bytes: 65536\n": {ErrorsIn2xx: true, PeekBytes: 65536},
	} {
		p := parsed(t, text).Profile()
		if p.ErrorsIn2xx != want.ErrorsIn2xx || p.PeekBytes != want.PeekBytes {
			t.Errorf("%q: errors %v, %d bytes; want %v, %d", text, p.ErrorsIn2xx, p.PeekBytes, want.ErrorsIn2xx, want.PeekBytes)
		}
	}
}
