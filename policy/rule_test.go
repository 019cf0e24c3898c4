package policy_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/policy"
)

func TestStatusRangeText(t *testing.T) {
	for text, want := range map[string]policy.StatusRange{
		"503": {From: 503, To: 503}, "5xx": {From: 500, To: 599}, "500-504": {From: 500, To: 504},
		"4": {}, "xx": {}, "504-500": {}, "fivehundred": {}, "5xx-6": {}, "": {}, "1000": {},
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

func TestRateText(t *testing.T) {
	for text, want := range map[string]policy.Rate{
		"120/1m": {Count: 120, Per: time.Minute}, "24/24h": {Count: 24, Per: 24 * time.Hour},
		"120": {}, "120/60": {}, "0/1m": {}, "-1/1m": {}, "1/0s": {}, "1.5/1s": {}, "": {},
	} {
		var got policy.Rate
		err := got.UnmarshalText([]byte(text))
		if got != want || (err == nil) != (want.Count > 0) {
			t.Errorf("UnmarshalText(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}
