package client

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

// What is decoded without a vendor.
func TestAnyVendorDecode(t *testing.T) {
	problem := http.Header{"Content-Type": {"application/problem+json"}, "Retry-After": {"7"}}
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Add(pairs[i], pairs[i+1])
		}
		return h
	}
	for name, tt := range map[string]struct {
		answer policy.Answer
		want   *policy.Failure
	}{
		"success":          {policy.Answer{Status: 200}, nil},
		"redirect":         {policy.Answer{Status: 308}, nil},
		"error":            {policy.Answer{Status: 400}, &policy.Failure{Status: 400}},
		"text":             {policy.Answer{Status: 500, Body: []byte("down")}, &policy.Failure{Status: 500}},
		"Retry-After":      {policy.Answer{Status: 503, Header: http.Header{"Retry-After": {"7"}}}, &policy.Failure{Status: 503, Wait: 7 * time.Second}},
		"of several waits": {policy.Answer{Status: 503, Header: http.Header{"Retry-After": {"7", "x", "9", "8"}}}, &policy.Failure{Status: 503, Wait: 9 * time.Second}},
		"a problem that forbids a retry": {
			policy.Answer{Status: 503, Header: header("Content-Type", "application/problem+json"), Body: []byte(`{"title":"Down","retryable":false}`)},
			&policy.Failure{Status: 503, NoRetry: true, Items: []apierrors.Field{{Message: "Down"}}},
		},
		"a problem that says when": {
			policy.Answer{Status: 503, Body: []byte(`{"type":"about:blank","title":"Down","retryable":true,"retry_after":30}`)},
			&policy.Failure{Status: 503, Wait: 30 * time.Second, Items: []apierrors.Field{{Message: "Down"}}},
		},
		"Retry-After goes before a problem": {
			policy.Answer{Status: 503, Header: header("Retry-After", "7"), Body: []byte(`{"type":"about:blank","title":"Down","retry_after":30}`)},
			&policy.Failure{Status: 503, Wait: 7 * time.Second, Items: []apierrors.Field{{Message: "Down"}}},
		},
		"members of another document":          {policy.Answer{Status: 503, Body: []byte(`{"retryable":false,"retry_after":30}`)}, &policy.Failure{Status: 503}},
		"X-Should-Retry: false":                {policy.Answer{Status: 503, Header: header("X-Should-Retry", "False")}, &policy.Failure{Status: 503, NoRetry: true}},
		"X-Should-Retry: true causes no retry": {policy.Answer{Status: 400, Header: header("X-Should-Retry", "true")}, &policy.Failure{Status: 400}},
		"RateLimit of a 429":                   {policy.Answer{Status: 429, Header: header("RateLimit", `"default";r=0;t=3600`)}, &policy.Failure{Status: 429, Wait: time.Hour}},
		"RateLimit of a later draft":           {policy.Answer{Status: 429, Header: header("RateLimit", `"default";a=0;w=3600`)}, &policy.Failure{Status: 429, Wait: time.Hour}},
		"RateLimit and its policy":             {policy.Answer{Status: 429, Header: header("RateLimit", `"default";r=0`, "RateLimit-Policy", `"default";q=10;w=60`)}, &policy.Failure{Status: 429, Wait: time.Minute}},
		"RateLimit of a 503":                   {policy.Answer{Status: 503, Header: header("RateLimit", `"default";r=0;t=3600`)}, &policy.Failure{Status: 503}},
		"Retry-After goes before RateLimit":    {policy.Answer{Status: 429, Header: header("Retry-After", "7", "RateLimit", `"default";r=0;t=3600`)}, &policy.Failure{Status: 429, Wait: 7 * time.Second}},
		"ASP.NET's map of fields": {
			policy.Answer{Status: 400, Header: header("Content-Type", "application/problem+json; charset=utf-8"), Body: []byte(`{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"errors":{"Name":["required"]},"traceId":"00-1-2-00"}`)},
			&policy.Failure{Status: 400, Items: []apierrors.Field{{Path: "Name", Message: "required"}}},
		},
		"a map of fields":         {policy.Answer{Status: 422, Body: []byte(`{"message":"The given data was invalid.","errors":{"name":["required"]}}`)}, &policy.Failure{Status: 422, Items: []apierrors.Field{{Path: "name", Message: "required"}}}},
		"a bare map of fields":    {policy.Answer{Status: 400, Body: []byte(`{"name":["required"],"non_field_errors":["not unique"]}`)}, &policy.Failure{Status: 400, Items: []apierrors.Field{{Path: "name", Message: "required"}, {Message: "not unique"}}}},
		"a map in another status": {policy.Answer{Status: 404, Body: []byte(`{"candidates":["a","b"]}`)}, &policy.Failure{Status: 404}},
		"problem document":        {policy.Answer{Status: 422, Header: problem, Body: []byte(`{"title":"Bad"}`)}, &policy.Failure{Status: 422, Wait: 7 * time.Second, Items: []apierrors.Field{{Message: "Bad"}}}},
	} {
		if diff := cmp.Diff(tt.want, anyVendor{}.Decode(tt.answer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
