package yamlfile

import (
	"reflect"
	"time"
)

// isDuration reports whether t is time.Duration. A duration has a unit in the file, such as
// 30s, 5m or 24h; a bare number is refused, even 0.
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
