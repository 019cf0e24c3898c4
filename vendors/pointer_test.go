package vendors_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

// head is the beginning of a vendor's file.
const head = "vendor: shop\ntitle: Shop\ndocuments: [{url: \"https://shop.test/errors\", read: 2026-11-22}]\n"

// parsed returns the vendor of a file that begins with head.
func parsed(t testing.TB, text string) *vendors.Vendor {
	t.Helper()
	v, err := vendors.Parse([]byte(head + text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A pointer leads through objects and arrays, wherever a file has one.
func TestDecodeFollowsPointers(t *testing.T) {
	for name, tt := range map[string]struct {
		file, body string
		want       policy.Failure
	}{
		"a wait in an array": {
			`waits: [{body: /error/details/1/retryDelay, unit: duration}]`,
			`{"error":{"details":[{"reason":"x"},{"retryDelay":"19s"}]}}`,
			policy.Failure{Wait: 19 * time.Second},
		},
		"a wait in any element": {
			`waits: [{body: "/error/details/*/retryDelay", unit: duration}]`,
			`{"error":{"details":[{"retryDelay":"3s"},{"reason":"x"},{"retryDelay":"19s"}]}}`,
			policy.Failure{Wait: 19 * time.Second},
		},
		"errors in any element": {
			`decode: [{in: "/data/*/errors", code: statusCode, message: message}]`,
			`{"data":[{"id":1},{"errors":[{"statusCode":"A","message":"a"}]},{"errors":[{"statusCode":"B"}]}]}`,
			policy.Failure{Items: []apierrors.Field{{Code: "A", Message: "a"}, {Code: "B"}}},
		},
		"a code and a field that are paths": {
			`decode: [{in: /errors, code: /extensions/code, message: /text/en, field: /source/pointer}]`,
			`{"errors":[{"extensions":{"code":"TOO_LONG"},"text":{"en":"Too long","de":"Zu lang"},"source":{"pointer":"/data/name"}}]}`,
			policy.Failure{Items: []apierrors.Field{{Path: "/data/name", Code: "TOO_LONG", Message: "Too long"}}},
		},
		"a name with a dot, as a pointer": {
			`decode: [{in: /odata.error, code: /odata.code}]`, `{"odata.error":{"odata.code":"X"}}`,
			policy.Failure{Items: []apierrors.Field{{Code: "X"}}},
		},
		"needs is a path": {
			`decode: [{in: "", message: error, needs: /meta/limit}, {in: "", code: error}]`, `{"error":"FULL","meta":{}}`,
			policy.Failure{Items: []apierrors.Field{{Code: "FULL"}}},
		},
		"texts without a code": {
			`decode: [{in: /errors, texts: true}]`, `{"errors":{"name":["required","too short"],"tags":{"0":"bad"}}}`,
			policy.Failure{Items: []apierrors.Field{{Path: "name", Message: "required"}, {Path: "name", Message: "too short"}, {Path: "tags.0", Message: "bad"}}},
		},
		"a text in an array that means a code": {
			`decode: [{in: /flags/*, is: "full", means: FULL}]`, `{"flags":["new","full"]}`,
			policy.Failure{Items: []apierrors.Field{{Code: "FULL", Message: "full"}}},
		},
		"a limit that is named in an array": {
			`limits: [{name: daily, scope: account, rate: 10/24h, named_by: {body: "/violations/*/policy", contains: daily}}]`,
			`{"violations":[{"policy":"burst"},{"policy":"daily-quota"}]}`,
			policy.Failure{Limits: []string{"daily"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := parsed(t, tt.file).Decode(policy.Answer{Status: 400, Body: []byte(tt.body)})
			got.Status, got.Details = 0, nil
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("Decode mismatch (-want +got):\n%s", diff)
			}
		})
	}
}
