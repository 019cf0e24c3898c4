package policy_test

import (
	"testing"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
)

func TestStatusRangeUnmarshalText(t *testing.T) {
	for text, want := range map[string]policy.StatusRange{
		"503": {From: 503, To: 503}, "5xx": {From: 500, To: 599}, "500-504": {From: 500, To: 504},
		"4": {}, "xx": {}, "504-500": {}, "fivehundred": {}, "5xx-6": {}, "": {}, "1000": {}, "1xx": {}, "199-300": {},
	} {
		var got policy.StatusRange
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want.From > 0) {
			t.Errorf("UnmarshalText(%q) = %v, %v; want %v", text, got, err, want)
		}
		if err == nil && got.String() != text {
			t.Errorf("String() = %q; want %q", got.String(), text)
		}
	}
}

func TestMatchString(t *testing.T) {
	for want, m := range map[string]policy.Match{
		"everything":                     {},
		"code A|B":                       {Codes: []string{"A", "B"}},
		"status 4xx|503":                 {Statuses: []policy.StatusRange{{From: 400, To: 499}, {From: 503, To: 503}}},
		"class conflict":                 {Class: apierrors.Conflict},
		"method GET|PUT, path /a|/b/*":   {Methods: []string{"GET", "PUT"}, Paths: []string{"/a", "/b/*"}},
		"status 429, with a wait":        {Statuses: []policy.StatusRange{{From: 429, To: 429}}, HasWait: new(true)},
		"class conflict, without a wait": {Class: apierrors.Conflict, HasWait: new(false)},
	} {
		if got := m.String(); got != want {
			t.Errorf("String() = %q; want %q", got, want)
		}
	}
}
