package policy

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ParseWait parses a wait in the form that a vendor uses. Dates and epochs are compared with
// now, which is the vendor's time: see Answer.Now.
//
// It reports false if text is not a wait: zero, in the past, negative or malformed. It
// accepts a wait of any length, and returns the longest Duration for those that are
// longer. A number that would be decades, and is a moment of this century as an epoch, is
// that moment.
func ParseWait(text string, unit Unit, now time.Time) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	var wait time.Duration
	switch unit {
	case Seconds:
		wait = number(text, time.Second, now)
	case Milliseconds:
		wait = number(text, time.Millisecond, now)
	case HTTP:
		wait = max(number(text, time.Second, now), untilDate(text, now))
	case Epoch:
		wait = untilEpoch(text, time.Second, now)
	case EpochMS:
		wait = untilEpoch(text, time.Millisecond, now)
	case GoDuration:
		wait, _ = time.ParseDuration(text)
	case UnitNone:
	}
	return max(wait, 0), wait > 0
}

// numberForm is an unsigned decimal number: digits, a fraction, an exponent.
var numberForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([eE]\+?[0-9]+)?$`)

// number returns the duration of text units, or 0 if text is not a number.
func number(text string, unit time.Duration, now time.Time) time.Duration {
	n, ok := parseNumber(text)
	switch {
	case !ok:
		return 0
	case unit == time.Second && isEpoch(n):
		return untilEpoch(text, time.Second, now)
	case isEpoch(n / 1000):
		return untilEpoch(text, time.Millisecond, now)
	case n >= math.MaxInt64/float64(unit):
		return math.MaxInt64
	default:
		return time.Duration(n * float64(unit))
	}
}

// isEpoch reports whether n is the seconds since 1970 of a moment from 2000, when the clock
// of a test with virtual time begins, to 2100. As a wait, it would be 30 years or more: vendors
// that send such a number mean the moment.
func isEpoch(n float64) bool { return n >= 946_684_800 && n < 4_102_444_800 }

// maxEpoch is a time in seconds from which the wait saturates.
const maxEpoch = 1 << 40

// untilEpoch returns the time from now until text units after 1970, or 0 if text is not a
// number.
func untilEpoch(text string, unit time.Duration, now time.Time) time.Duration {
	n, ok := parseNumber(text)
	if !ok {
		return 0
	}
	if n >= maxEpoch*float64(time.Second/unit) {
		return math.MaxInt64
	}
	if unit == time.Millisecond {
		return time.UnixMilli(int64(n)).Sub(now)
	}
	whole, fraction := math.Modf(n)
	return time.Unix(int64(whole), int64(fraction*1e9)).Sub(now)
}

// parseNumber parses an unsigned number. It is infinite if it exceeds the range of a
// float64.
func parseNumber(text string) (float64, bool) {
	if !numberForm.MatchString(text) {
		return 0, false
	}
	n, _ := strconv.ParseFloat(text, 64) // +Inf if it is out of range
	return n, true
}

// dateForms are the three forms of RFC 9110, section 5.6.7, and those that vendors send
// instead: with UTC or a numeric zone, and of RFC 3339, also without seconds. A zone's other names are ambiguous.
var dateForms = []string{
	"Mon, 02 Jan 2006 15:04:05 GMT", "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC,
	"Mon, 02 Jan 2006 15:04:05 UTC", time.RFC1123Z, time.RFC3339, "2006-01-02T15:04Z07:00",
}

// untilDate returns the time from now until a date, or 0 if text is not one.
func untilDate(text string, now time.Time) time.Duration {
	at, ok := parseDate(text)
	if !ok {
		return 0
	}
	return at.Sub(now) // Sub saturates
}

// parseDate parses a date in one of dateForms.
func parseDate(text string) (time.Time, bool) {
	for _, form := range dateForms {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
