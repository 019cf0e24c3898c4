package policy

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/retrywise/retrywise/internal/enum"
)

// Unit is how a vendor writes a wait. The set is closed.
type Unit uint8

// The units. UnitNone, the zero value, claims nothing and reads nothing.
const (
	UnitNone     Unit = iota
	Seconds           // 30, 2.5
	Milliseconds      // 30000
	HTTP              // as in Retry-After: seconds, or a date in one of HTTP's three forms
	Epoch             // seconds since 1970: the moment when the wait ends
	EpochMS           // milliseconds since 1970
	GoDuration        // 6m0s, 12ms
)

var units = enum.Set[Unit]{Kind: "unit", Names: []string{
	UnitNone:     enum.None,
	Seconds:      "seconds",
	Milliseconds: "milliseconds",
	HTTP:         "http",
	Epoch:        "epoch",
	EpochMS:      "epoch_ms",
	GoDuration:   "duration",
}}

// String returns the name of u, such as "epoch_ms".
func (u Unit) String() string { return units.Text(u) }

// MarshalText returns the name of u. It returns an error if u is not in the set.
func (u Unit) MarshalText() ([]byte, error) { return units.Marshal(u) }

// UnmarshalText sets u to the unit called text.
func (u *Unit) UnmarshalText(text []byte) error { return units.Unmarshal(u, text) }

// ParseWait reads a wait that a vendor tells in text. now is the moment of the answer
// (its Date header, where it has one), from which dates and epochs are counted.
// It is false for what is no wait: zero, past, negative or not to be understood. A
// well-formed value of any size is honoured, saturating at the largest Duration.
func ParseWait(text string, unit Unit, now time.Time) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	var wait time.Duration
	switch unit {
	case Seconds:
		wait = number(text, time.Second)
	case Milliseconds:
		wait = number(text, time.Millisecond)
	case HTTP:
		wait = max(number(text, time.Second), untilDate(text, now))
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

// numberForm is an unsigned number as in JSON: digits, a fraction, a power of ten.
var numberForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([eE]\+?[0-9]+)?$`)

// number reads text as a count of units; 0 if it is no number.
func number(text string, unit time.Duration) time.Duration {
	n, ok := parseNumber(text)
	if !ok {
		return 0
	}
	if n >= math.MaxInt64/float64(unit) {
		return math.MaxInt64
	}
	return time.Duration(n * float64(unit))
}

// maxEpoch is beyond any date that a time.Time can subtract: saturate there.
const maxEpoch = 1 << 40

// untilEpoch reads text as units since 1970 and returns the time from now until then.
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

// parseNumber reads an unsigned number; one beyond the range of a float64 is infinite.
func parseNumber(text string) (float64, bool) {
	if !numberForm.MatchString(text) {
		return 0, false
	}
	n, _ := strconv.ParseFloat(text, 64) // out of range gives +Inf, which saturates
	return n, true
}

// dateForms are HTTP's three (RFC 9110 section 5.6.7), the preferred one first.
var dateForms = []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC}

// untilDate reads text as an HTTP date and returns the time from now until then.
func untilDate(text string, now time.Time) time.Duration {
	at, ok := parseDate(text)
	if !ok {
		return 0
	}
	return at.Sub(now) // saturates by itself
}

func parseDate(text string) (time.Time, bool) {
	for _, form := range dateForms {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
