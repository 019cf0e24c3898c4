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
		"problem document": {policy.Answer{Status: 422, Header: problem, Body: []byte(`{"title":"Bad"}`)}, &policy.Failure{Status: 422, Wait: 7 * time.Second, Items: []apierrors.Field{{Message: "Bad"}}}},
	} {
		if diff := cmp.Diff(tt.want, anyVendor{}.Decode(tt.answer)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
