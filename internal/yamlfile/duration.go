package yamlfile

import (
	"reflect"
	"time"
)

// A Duration is a time.Duration that is written with a unit: 30s, 5m, 24h.
// A bare number is a problem, 0 included. The sign is not checked.
type Duration time.Duration

// String returns d as time.Duration does, such as "1m30s".
func (d Duration) String() string {
	return time.Duration(d).String()
}

// isDuration reports whether t is a Duration or a time.Duration; both are
// read in the same way, so that neither accepts a bare number.
func isDuration(t reflect.Type) bool {
	return t == reflect.TypeFor[Duration]() || t == reflect.TypeFor[time.Duration]()
}

// duration reads n into v, which is a Duration or a time.Duration.
func (d *decoder) duration(n *node, v reflect.Value) {
	length, err := time.ParseDuration(n.text)
	if n.kind != text || err != nil {
		d.expected(n, "a duration with a unit, such as 30s")
		return
	}
	v.SetInt(int64(length))
}
