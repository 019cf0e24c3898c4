package yamlfile

import (
	"reflect"
	"time"
)

// minDuration is the shortest duration above zero. A shorter one has the wrong unit.
const minDuration = time.Millisecond

// isDuration reports whether t is time.Duration. A duration has a unit in the file, such as
// 30s, 5m or 24h; a bare number is refused, even 0.
func isDuration(t reflect.Type) bool { return t == reflect.TypeFor[time.Duration]() }

// duration reads n into v, which is a time.Duration.
func (d *decoder) duration(n *node, v reflect.Value) {
	length, err := time.ParseDuration(n.text)
	switch {
	case n.kind != text || err != nil:
		d.expected(n, "a duration with a unit, such as 30s")
		return
	case 0 < length && length < minDuration:
		d.expected(n, "a duration of 1ms or more")
		return
	}
	v.SetInt(int64(length))
}
