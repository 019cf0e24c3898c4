package yamlfile

import (
	"reflect"
	"time"
)

// isDuration reports whether t is a time.Duration, which is written with a unit: 30s,
// 5m, 24h. A bare number is a problem, 0 included. The sign is not checked.
func isDuration(t reflect.Type) bool { return t == reflect.TypeFor[time.Duration]() }

// duration reads n into v, which is a time.Duration.
func (d *decoder) duration(n *node, v reflect.Value) {
	length, err := time.ParseDuration(n.text)
	if n.kind != text || err != nil {
		d.expected(n, "a duration with a unit, such as 30s")
		return
	}
	v.SetInt(int64(length))
}
