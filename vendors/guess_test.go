package vendors_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/vendors"
)

func TestGuess(t *testing.T) {
	for name, tt := range map[string]struct {
		answer policy.Answer
		want   string // the likeliest, how sure, and why
	}{
		"a code of one vendor": {
			policy.Answer{Status: 400, Body: []byte(`{"code":"E0301"}`)}, "connectif likely code E0301",
		},
		"a code and a header": {
			policy.Answer{Status: 429, Header: http.Header{"Retry-After-Quotas": {"3"}}, Body: []byte(`{"errors":[{"error_type":"INVALID_FIELDS"}]}`)},
			"rdstation sure header Retry-After-Quotas, code INVALID_FIELDS",
		},
		"nothing":         {policy.Answer{Status: 400, Body: []byte(`{"code":"jane@example.com"}`), Header: http.Header{"Retry-After": {"3"}}}, ""},
		"no document":     {policy.Answer{Status: 502, Body: []byte(`<html>`)}, ""},
		"a common header": {policy.Answer{Status: 429, Header: http.Header{"X-Ratelimit-Reset": {"1"}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if all := vendors.Guess(tt.answer); len(all) > 0 {
				got = strings.TrimSpace(all[0].Vendor.Name() + " " + string(all[0].Certainty) + " " + strings.Join(all[0].Why, ", "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("mismatch (-want +got):\n%s", diff)
			}
		})
	}
}

// Responses of transcripts are recognized: each vendor is the likeliest of its own.
func TestGuessKnowsTranscripts(t *testing.T) {
	right, wrong, none := 0, 0, 0
	for _, transcript := range transcripts(t) {
		a, name := readAnswer(t, transcript), vendorOf(transcript)
		switch all := vendors.Guess(a); {
		case len(all) == 0, all[0].Certainty == vendors.Possible:
			none++
		case all[0].Vendor.Name() == name:
			right++
		default:
			wrong++
			t.Logf("%s is taken for %s: %v", transcript, all[0].Vendor.Name(), all[0].Why)
		}
	}
	t.Logf("%d right, %d wrong, %d unknown", right, wrong, none)
	if right < 200 || wrong*50 > right {
		t.Errorf("of %d responses, %d are taken for another vendor's", right+wrong+none, wrong)
	}
}
