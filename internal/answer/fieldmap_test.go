package answer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
)

func TestFieldsOf(t *testing.T) {
	name := []apierrors.Field{{Path: "name", Message: "required"}}
	for title, tt := range map[string]struct {
		body string
		want []apierrors.Field
	}{
		"Laravel":                 {`{"message":"The name field is required.","errors":{"name":["required"]}}`, name},
		"several":                 {`{"errors":{"name":["required","too short"],"tags.0.id":["taken"]}}`, []apierrors.Field{{Path: "name", Message: "required"}, {Path: "name", Message: "too short"}, {Path: "tags.0.id", Message: "taken"}}},
		"Rails":                   {`{"status":422,"errors":{"name":["required"],"base":["too many"]}}`, []apierrors.Field{{Path: "name", Message: "required"}, {Message: "too many"}}},
		"a text without a list":   {`{"errors":{"name":"required"}}`, name},
		"Django REST framework":   {`{"name":["required"],"non_field_errors":["not unique"]}`, []apierrors.Field{{Path: "name", Message: "required"}, {Message: "not unique"}}},
		"an object in an object":  {`{"address":{"city":["required"],"non_field_errors":["unknown"]}}`, []apierrors.Field{{Path: "address.city", Message: "required"}, {Path: "address", Message: "unknown"}}},
		"a list in an object":     {`{"items":[{},{"sku":["taken"]}]}`, []apierrors.Field{{Path: "items.1.sku", Message: "taken"}}},
		"a list of records":       {`[{},{"name":["required"]}]`, []apierrors.Field{{Path: "1.name", Message: "required"}}},
		"a list without errors":   {`{"name":["required"],"size":[]}`, name},
		"a detail":                {`{"detail":"Not found."}`, nil},
		"a code and a list":       {`{"code":"X","names":["a"]}`, nil},
		"a text in an object":     {`{"error":{"code":"X"}}`, nil},
		"numbers":                 {`{"ids":[1,2]}`, nil},
		"a number beside a list":  {`{"name":["required"],"status":400}`, nil},
		"lists of lists":          {`{"name":[["required"]]}`, nil},
		"errors that are texts":   {`{"errors":["Name is required"]}`, nil},
		"errors that are a text":  {`{"errors":"Name is required"}`, nil},
		"errors that are objects": {`{"errors":[{"message":"x","path":["name"]}]}`, nil},
		"errors with details":     {`{"errors":{"name":[{"error":"blank"}]}}`, nil},
		"errors that are null":    {`{"errors":null,"name":["required"]}`, nil},
		"nothing":                 {`{}`, nil},
		"texts in a list":         {`["required"]`, nil},
	} {
		t.Run(title, func(t *testing.T) {
			n, _ := answer.Parse([]byte(tt.body))
			if diff := cmp.Diff(tt.want, answer.FieldsOf(n)); diff != "" {
				t.Errorf("FieldsOf mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
