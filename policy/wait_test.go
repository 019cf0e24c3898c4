package policy_test

import (
	"math"
	"testing"
	"time"

	"github.com/retrywise/retrywise/policy"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestParseWait(t *testing.T) {
	const forever = time.Duration(math.MaxInt64)
	for name, tt := range map[string]struct {
		text string
		unit policy.Unit
		want time.Duration // 0: no wait
	}{
		"seconds":                     {"30", policy.Seconds, 30 * time.Second},
		"a fraction":                  {"2.5", policy.Seconds, 2500 * time.Millisecond},
		"blanks around":               {" 5 ", policy.Seconds, 5 * time.Second},
		"a power of ten":              {"1e3", policy.Seconds, 1000 * time.Second},
		"zero":                        {"0", policy.Seconds, 0},
		"negative":                    {"-5", policy.Seconds, 0},
		"a sign":                      {"+5", policy.Seconds, 0},
		"words":                       {"soon", policy.Seconds, 0},
		"empty":                       {"", policy.Seconds, 0},
		"two numbers":                 {"50, 53", policy.Seconds, 0},
		"hex":                         {"0x10", policy.Seconds, 0},
		"infinite":                    {"Inf", policy.Seconds, 0},
		"RD Station's remaining time": {"20745", policy.Seconds, 20745 * time.Second},
		"a year":                      {"31536000", policy.Seconds, 8760 * time.Hour},
		"just over an int64":          {"9223372037", policy.Seconds, forever},
		"far over":                    {"99999999999999999999999", policy.Seconds, forever},
		"beyond a float":              {"1e999", policy.Seconds, forever},
		"seconds that are an epoch":   {"1795348830", policy.Seconds, 30 * time.Second},
		"a past epoch":                {"1771404540", policy.Seconds, 0},
		"the last that is no epoch":   {"946684799", policy.Seconds, 946684799 * time.Second},
		"epoch ms for seconds":        {"1795348830250", policy.Seconds, 30*time.Second + 250*time.Millisecond},
		"a past epoch in ms":          {"1771404540000", policy.Seconds, 0},
		"beyond every epoch":          {"4102444800", policy.Seconds, 4102444800 * time.Second},
		"epoch ms for milliseconds":   {"1795348830250", policy.Milliseconds, 30*time.Second + 250*time.Millisecond},
		"many milliseconds":           {"1795348830", policy.Milliseconds, 1795348830 * time.Millisecond},
		"http, epoch":                 {"1795348830", policy.HTTP, 30 * time.Second},
		"http, UTC":                   {"Sun, 22 Nov 2026 12:00:30 UTC", policy.HTTP, 30 * time.Second},
		"http, a numeric zone":        {"Sun, 22 Nov 2026 14:00:30 +0200", policy.HTTP, 30 * time.Second},
		"http, RFC 3339":              {"2026-11-22T12:00:30Z", policy.HTTP, 30 * time.Second},
		"http, RFC 3339 with a zone":  {"2026-11-22T14:00:30.5+02:00", policy.HTTP, 30*time.Second + 500*time.Millisecond},
		"http, without seconds":       {"2026-11-22T12:01Z", policy.HTTP, time.Minute},
		"http, another zone's name":   {"Sunday, 22-Nov-26 12:00:30 PST", policy.HTTP, 0},
		"milliseconds":                {"1500", policy.Milliseconds, 1500 * time.Millisecond},
		"http, seconds":               {"120", policy.HTTP, 2 * time.Minute},
		"http, a float":               {"2.0", policy.HTTP, 2 * time.Second},
		"http, IMF-fixdate":           {"Sun, 22 Nov 2026 12:00:30 GMT", policy.HTTP, 30 * time.Second},
		"http, RFC 850":               {"Sunday, 22-Nov-26 12:00:30 GMT", policy.HTTP, 30 * time.Second},
		"http, asctime":               {"Sun Nov 22 12:00:30 2026", policy.HTTP, 30 * time.Second},
		"http, past":                  {"Sun, 22 Nov 2026 11:59:59 GMT", policy.HTTP, 0},
		"http, now":                   {"Sun, 22 Nov 2026 12:00:00 GMT", policy.HTTP, 0},
		"http, year 9999":             {"Fri, 31 Dec 9999 23:59:59 GMT", policy.HTTP, forever},
		"epoch":                       {"1795348830", policy.Epoch, 30 * time.Second},
		"epoch with a fraction":       {"1795348830.5", policy.Epoch, 30*time.Second + 500*time.Millisecond},
		"epoch, past":                 {"1580919168", policy.Epoch, 0},
		"epoch, far":                  {"99999999999999", policy.Epoch, forever},
		"epoch in milliseconds":       {"1795348830250", policy.EpochMS, 30*time.Second + 250*time.Millisecond},
		"epoch in milliseconds, far":  {"9e99", policy.EpochMS, forever},
		"duration":                    {"6m0s", policy.GoDuration, 6 * time.Minute},
		"duration, short":             {"12ms", policy.GoDuration, 12 * time.Millisecond},
		"duration, negative":          {"-12ms", policy.GoDuration, 0},
		"duration, bare":              {"12", policy.GoDuration, 0},
		"no unit":                     {"12", policy.UnitNone, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := policy.ParseWait(tt.text, tt.unit, noon)
			if got != tt.want || ok != (tt.want > 0) {
				t.Errorf("ParseWait(%q, %v) = %v, %v; want %v", tt.text, tt.unit, got, ok, tt.want)
			}
		})
	}
}

func FuzzParseWait(f *testing.F) {
	for _, text := range []string{"30", "2.5", "-1", "1e999", "Sun, 22 Nov 2026 12:00:30 GMT", "Sun Nov 22 12:00:30 2026", "1795348830", "6m0s"} {
		for unit := range 7 {
			f.Add(text, uint8(unit))
		}
	}
	f.Fuzz(func(t *testing.T, text string, unit uint8) {
		wait, ok := policy.ParseWait(text, policy.Unit(unit), noon)
		if wait < 0 || ok != (wait > 0) {
			t.Errorf("ParseWait(%q, %v) = %v, %v", text, policy.Unit(unit), wait, ok)
		}
	})
}
