package policy

import "github.com/retrywise/retrywise/internal/enum"

// Unit is how a vendor writes a wait. The set is closed.
type Unit uint8

// The units. The zero value, UnitNone, means that there is no unit.
const (
	UnitNone     Unit = iota
	Seconds           // 30, 2.5
	Milliseconds      // 30000
	HTTP              // like Retry-After: seconds, or a date in one of HTTP's three forms or that of RFC 3339, also without seconds
	Epoch             // seconds since 1970, at which the wait ends
	EpochMS           // milliseconds since 1970, at which the wait ends
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
