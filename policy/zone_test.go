package policy_test

import (
	"testing"
	"time"

	"github.com/retrywise/retrywise/policy"
)

func TestZoneNext(t *testing.T) {
	const layout = "2006-01-02 15:04 MST"
	for _, tt := range []struct {
		zone, now string
		length    time.Duration
		want      string // in UTC
	}{
		{"UTC", "2026-11-25T10:20:30Z", 24 * time.Hour, "2026-11-26T00:00:00Z"},
		{"UTC", "2026-11-25T10:20:30.5Z", time.Minute, "2026-11-25T10:21:00Z"},
		{"UTC", "2026-11-25T00:00:00Z", 24 * time.Hour, "2026-11-26T00:00:00Z"}, // a turn is the begin of the next window
		{"UTC", "1969-12-31T10:20:30Z", 24 * time.Hour, "1970-01-01T00:00:00Z"},
		{"Asia/Kolkata", "2026-11-25T10:20:30Z", time.Hour, "2026-11-25T10:30:00Z"},
		{"America/Los_Angeles", "2026-11-25T10:20:30Z", 24 * time.Hour, "2026-11-26T08:00:00Z"},

		// In March, 02:00 EST is 03:00 EDT, which is 07:00 UTC.
		{"America/New_York", "2026-03-08T05:30:00Z", 24 * time.Hour, "2026-03-09T04:00:00Z"}, // a day of 23 hours
		{"America/New_York", "2026-03-08T05:30:00Z", 12 * time.Hour, "2026-03-08T16:00:00Z"}, // noon by the clock
		{"America/New_York", "2026-03-08T17:00:00Z", 12 * time.Hour, "2026-03-09T04:00:00Z"},
		{"America/New_York", "2026-03-08T06:30:00Z", time.Hour, "2026-03-08T07:00:00Z"},
		{"America/New_York", "2026-03-08T07:00:00Z", time.Hour, "2026-03-08T08:00:00Z"},
		{"America/New_York", "2026-03-08T06:30:00Z", 4 * time.Hour, "2026-03-08T08:00:00Z"}, // 04:00 EDT

		// In November, 02:00 EDT is 01:00 EST, which is 06:00 UTC.
		{"America/New_York", "2026-11-01T04:30:00Z", 24 * time.Hour, "2026-11-02T05:00:00Z"}, // a day of 25 hours
		{"America/New_York", "2026-11-01T04:30:00Z", 12 * time.Hour, "2026-11-01T17:00:00Z"},
		{"America/New_York", "2026-11-01T18:00:00Z", 12 * time.Hour, "2026-11-02T05:00:00Z"},
		{"America/New_York", "2026-11-01T05:30:00Z", time.Hour, "2026-11-01T06:00:00Z"}, // 01:00 for the second time
		{"America/New_York", "2026-11-01T06:30:00Z", time.Hour, "2026-11-01T07:00:00Z"},
		{"America/New_York", "2026-11-01T05:30:00Z", 2 * time.Hour, "2026-11-01T07:00:00Z"},

		// Clocks that are set at midnight: from 00:00 to 01:00, and from 00:00 to 23:00 and from
		// 01:00 to 00:00.
		{"America/Santiago", "2026-09-06T01:00:00Z", 24 * time.Hour, "2026-09-06T04:00:00Z"},
		{"America/Santiago", "2026-04-05T01:00:00Z", 24 * time.Hour, "2026-04-05T04:00:00Z"},
		{"America/Havana", "2026-11-01T04:30:00Z", 24 * time.Hour, "2026-11-02T05:00:00Z"},
		{"America/Havana", "2026-11-01T05:30:00Z", 24 * time.Hour, "2026-11-02T05:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		z := zone(t, tt.zone)
		if got := z.Next(now, tt.length); got.UTC().Format(time.RFC3339Nano) != tt.want {
			t.Errorf("%s, %v, after %s: %s; want %s", tt.zone, tt.length, now.In(z.Location).Format(layout), got.UTC().Format(time.RFC3339Nano), tt.want)
		}
	}
}

// zone returns the zone called name.
func zone(t *testing.T, name string) policy.Zone {
	t.Helper()
	var z policy.Zone
	if err := z.UnmarshalText([]byte(name)); err != nil {
		t.Fatal(err)
	}
	return z
}

func TestZoneText(t *testing.T) {
	for _, name := range []string{"UTC", "America/Los_Angeles"} {
		z := zone(t, name)
		if text, err := z.MarshalText(); err != nil || string(text) != name || z.String() != name || !z.Equal(zone(t, name)) {
			t.Errorf("%s is written as %q, %v", name, text, err)
		}
	}
	now := time.Date(2026, 11, 25, 10, 20, 30, 0, time.UTC)
	if none := (policy.Zone{}); none.String() != "" || none.Equal(zone(t, "UTC")) || !none.Next(now, time.Hour).Equal(now.Truncate(time.Hour).Add(time.Hour)) {
		t.Errorf("the zero Zone is %q, and its hour ends at %v", none, none.Next(now, time.Hour))
	}
	for _, name := range []string{"", "Local", "PT", "America/Los_Angles", "../UTC", "+02:00"} {
		var z policy.Zone
		want := `expected a time zone such as UTC or America/Los_Angeles; got "` + name + `"`
		if err := z.UnmarshalText([]byte(name)); err == nil || err.Error() != want {
			t.Errorf("UnmarshalText(%q) = %v; want %s", name, err, want)
		}
	}
}
