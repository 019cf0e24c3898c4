package policy

import (
	"fmt"
	"time"
)

// A Zone is a time zone, such as UTC or America/Los_Angeles in text. The zero Zone is none.
type Zone struct{ Location *time.Location }

// String returns the name of the zone, or "" for none.
func (z Zone) String() string {
	if z.Location == nil {
		return ""
	}
	return z.Location.String()
}

// Equal reports whether z and other have the same name.
func (z Zone) Equal(other Zone) bool { return z.String() == other.String() }

// MarshalText returns the same text as String.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.String()), nil }

// UnmarshalText parses the name of a zone in the IANA Time Zone Database. It refuses Local,
// which is another zone on each machine. Package vendors links the database into the program;
// without it, the machine has to have one.
func (z *Zone) UnmarshalText(text []byte) error {
	name := string(text)
	location, err := time.LoadLocation(name)
	if err != nil || name == "" || name == time.Local.String() {
		return fmt.Errorf("expected a time zone such as UTC or America/Los_Angeles; got %q", name)
	}
	z.Location = location
	return nil
}

// Next returns when the window ends that now is in; for the zero Zone, in UTC. Windows turn at midnight by the clock
// of z, and when it shows a whole multiple of length, which must divide a day. If the clock is
// set forward past such a moment, they turn then. If it is set back, windows that are longer
// than by how much become longer by that, and others turn as if it were not.
func (z Zone) Next(now time.Time, length time.Duration) time.Time {
	if z.Location == nil {
		z.Location = time.UTC
	}
	now = now.In(z.Location)
	before := offset(now)
	next := now.Add(before).Truncate(length).Add(length - before)
	switch shift := offset(next.In(z.Location)) - before; {
	case shift > 0:
		next = next.Add(-shift)
		if _, changed := now.ZoneBounds(); changed.After(next) {
			return changed
		}
		return next
	case shift < 0 && length > -shift:
		return next.Add(-shift)
	default:
		return next
	}
}

// offset returns how far the clock of t is ahead of UTC.
func offset(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}
