package policy

import "github.com/retrywise/retrywise/internal/enum"

// An OutageMode is what calls do while the vendor does nothing but fail.
type OutageMode uint8

// The modes. The zero value, OutageNone, is unset.
const (
	OutageNone  OutageMode = iota
	OutageWait             // they wait
	OutageDefer            // they fail at once, with a time to come back
)

var outageModes = enum.Set[OutageMode]{Kind: "outage mode", Names: []string{OutageNone: enum.None, OutageWait: "wait", OutageDefer: "defer"}}

// String returns the name of m, such as "wait".
func (m OutageMode) String() string { return outageModes.Text(m) }

// MarshalText returns the name of m. It returns an error if m is not in the set.
func (m OutageMode) MarshalText() ([]byte, error) { return outageModes.Marshal(m) }

// UnmarshalText sets m to the mode called text.
func (m *OutageMode) UnmarshalText(text []byte) error { return outageModes.Unmarshal(m, text) }
