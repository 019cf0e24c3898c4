package vendors_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// The forms in which vendors write codes and fields, and the one that decides: the specific before
// the general, if a rule lists it.
func TestDecodeShapes(t *testing.T) {
	for name, tt := range map[string]struct {
		file, body string
		code       string // that decides
		want       []apierrors.Field
	}{
		"a specific code": {
			"decode: [{in: /errors, code: code}, {code: category, general: true}]\ncodes: [{code: A, class: conflict}, {code: B, class: authentication}]",
			`{"category":"B","errors":[{"code":"A"}]}`, "A", []apierrors.Field{{Code: "A"}},
		},
		"a general code, as the specific one is not listed": {
			"decode: [{in: /errors, code: code}, {code: subCategory, general: true}, {code: category, general: true}]\ncodes: [{code: A, class: conflict}, {code: B, class: authentication}]",
			`{"category":"B","subCategory":"a.b","errors":[{"code":"NEW"}]}`, "B", []apierrors.Field{{Code: "NEW"}},
		},
		"a general code alone": {
			"decode: [{in: /errors, code: code}, {code: category, general: true}]\ncodes: [{code: B, class: authentication}]",
			`{"category":"B","errors":[]}`, "B", []apierrors.Field{{Code: "B"}},
		},
		"no code is listed": {
			"decode: [{in: /errors, code: code}, {code: category, general: true}]\ncodes: [{code: Z, class: authentication}]",
			`{"category":"B","errors":[{"code":"A"}]}`, "A", []apierrors.Field{{Code: "A"}},
		},
		"a nested code": {
			"decode: [{in: /error, code: code, message: message, nested: [innererror, innerError]}]\ncodes: [{code: deep, class: conflict}, {code: outer, class: authentication}]",
			`{"error":{"code":"outer","message":"m","innerError":{"code":"new","innererror":{"code":"deep"}}}}`, "deep", []apierrors.Field{{Code: "deep", Message: "m"}},
		},
		"of nested codes the deepest that is listed": {
			"decode: [{in: /error, code: code, nested: innererror}]\ncodes: [{code: middle, class: conflict}, {code: outer, class: authentication}]",
			`{"error":{"code":"outer","innererror":{"code":"middle","innererror":{"code":"new"}}}}`, "middle", []apierrors.Field{{Code: "new"}},
		},
		"the value of the only member": {
			"decode: [{in: /errors, code: /errorCode/*}]\ncodes: [{code: RATE_EXHAUSTED, class: rate_limited}]",
			`{"errors":[{"errorCode":{"quotaError":"RATE_EXHAUSTED"}}]}`, "RATE_EXHAUSTED", []apierrors.Field{{Code: "RATE_EXHAUSTED"}},
		},
		"a text as a code": {
			"decode: [{code: title, slug: true}]\ncodes: [{code: Member_Exists, class: already_exists}]",
			`{"title":" Member Exists!"}`, "Member_Exists", []apierrors.Field{{Code: "Member_Exists"}},
		},
		"a text that is no code": {
			"decode: [{code: title}]\ncodes: [{code: Member_Exists, class: already_exists}]",
			`{"title":"Member Exists"}`, "", []apierrors.Field{{}},
		},
		"a list of fields": {
			"decode: [{code: errorCode, fields: fields}]\ncodes: [{code: REQUIRED, class: validation}]",
			`[{"errorCode":"REQUIRED","fields":["Name","Email"]},{"errorCode":"REQUIRED","fields":[]}]`, "REQUIRED",
			[]apierrors.Field{{Path: "Name", Code: "REQUIRED"}, {Path: "Email", Code: "REQUIRED"}, {Code: "REQUIRED"}},
		},
		"a path in a list": {
			"decode: [{in: /userErrors, message: message, code: code, field: field}]\ncodes: [{code: TAKEN, class: validation}]",
			`{"userErrors":[{"code":"TAKEN","field":["input","email"]}]}`, "TAKEN", []apierrors.Field{{Path: "input.email", Code: "TAKEN"}},
		},
		"a path in the context": {
			"decode: [{in: /errors, code: code, field: /context/propertyName/0}]\ncodes: [{code: A, class: validation}]",
			`{"errors":[{"code":"A","context":{"propertyName":["phone"]}}]}`, "A", []apierrors.Field{{Path: "phone", Code: "A"}},
		},
		"a path in members of a list": {
			"decode: [{in: /errors, code: code, field: /location/path/*/name}]\ncodes: [{code: A, class: validation}]",
			`{"errors":[{"code":"A","location":{"path":[{"name":"operations","index":3},{"name":"create"},{"name":"budget"}]}}]}`, "A",
			[]apierrors.Field{{Path: "operations.create.budget", Code: "A"}},
		},
		"errors without a code among others": {
			"decode: [{in: /details, code: error, message: description, uncoded: true}, {code: error, general: true}]\ncodes: [{code: RecordInvalid, class: validation}, {code: DuplicateValue, class: already_exists}]",
			`{"error":"RecordInvalid","details":{"email":[{"description":"too short"}],"name":[{"error":"DuplicateValue","description":"taken"}]}}`, "DuplicateValue",
			[]apierrors.Field{{Path: "email", Message: "too short"}, {Path: "name", Code: "DuplicateValue", Message: "taken"}},
		},
		"errors without a code alone": {
			"decode: [{in: /details, code: error, message: description, uncoded: true}, {code: error, general: true}]\ncodes: [{code: RecordInvalid, class: validation}]",
			`{"error":"RecordInvalid","details":{"email":[{"description":"too short"}]}}`, "RecordInvalid",
			[]apierrors.Field{{Path: "email", Message: "too short"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := parsed(t, tt.file)
			f := v.Decode(policy.Answer{Status: 400, Body: []byte(tt.body)})
			if diff := cmp.Diff(tt.want, f.Items); diff != "" {
				t.Errorf("errors mismatch (-want +got):\n%s", diff)
			}
			if d := v.Policy().Decide(*f, policy.State{}); d.Code != tt.code {
				t.Errorf("code %q decides; want %q", d.Code, tt.code)
			}
		})
	}
}
