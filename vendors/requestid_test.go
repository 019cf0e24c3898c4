package vendors_test

import (
	"strings"
	"testing"

	"github.com/retrywise/retrywise/policy"
)

// The data say where a body has the id of its request, as those of HubSpot do.
func TestDecodeReadsTheRequestIDOfABody(t *testing.T) {
	v := parsed(t, "request_id_body: /correlationId\ndecode: [{in: \"\", code: category, message: message}]\n")
	for name, tt := range map[string]struct{ body, want string }{
		"an id":            {`{"status":"error","category":"VALIDATION_ERROR","message":"bad","correlationId":"aeb5f871-7f07-4993-9211-075dc63e7cbf"}`, "aeb5f871-7f07-4993-9211-075dc63e7cbf"},
		"a number":         {`{"correlationId":17}`, "17"},
		"none":             {`{"category":"X"}`, ""},
		"an object":        {`{"correlationId":{"id":"x"}}`, ""},
		"null":             {`{"correlationId":null}`, ""},
		"one that is long": {`{"correlationId":"` + strings.Repeat("x", 129) + `"}`, ""},
		"another document": {`<html></html>`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := v.Decode(policy.Answer{Status: 400, Body: []byte(tt.body)}).RequestID; got != tt.want {
				t.Errorf("RequestID = %q; want %q", got, tt.want)
			}
		})
	}
	if id := parsed(t, "").Decode(policy.Answer{Status: 400, Body: []byte(`{"correlationId":"x"}`)}).RequestID; id != "" {
		t.Errorf("without a place: %q", id)
	}
}
