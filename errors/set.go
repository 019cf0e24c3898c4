package errors

import (
	"fmt"
	"slices"
)

// A closed set is a uint8 with one table of names; the index is the value.
// The functions below give each set its text from that table.

// textOf returns v's name, or kind(v) for a value outside the set.
func textOf[T ~uint8](names []string, v T, kind string) string {
	if int(v) >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, uint8(v))
	}
	return names[v]
}

// marshalText is textOf for a file or the wire: a value outside the set is an error.
func marshalText[T ~uint8](names []string, v T, kind string) ([]byte, error) {
	if int(v) >= len(names) {
		return nil, fmt.Errorf("%s(%d) is not a %s", kind, uint8(v), kind)
	}
	return []byte(names[v]), nil
}

// unmarshalText sets v to the member called text.
func unmarshalText[T ~uint8](names []string, v *T, text []byte, kind string) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("unknown %s %q", kind, text)
	}
	*v = T(i)
	return nil
}
