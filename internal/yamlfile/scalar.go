package yamlfile

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/retrywise/retrywise/internal/enum"
)

// scalar reads n into v, which is a string, a bool or a number.
func (d *decoder) scalar(n *node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.string(n, v)
	case reflect.Bool:
		d.bool(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.int(n, v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.uint(n, v)
	case reflect.Float32, reflect.Float64:
		d.float(n, v)
	default:
		d.report(n.pos.Errorf("the program cannot read values of Go type %v", v.Type()))
	}
}

// string reads n into v. A number is read as its text.
func (d *decoder) string(n *node, v reflect.Value) {
	if n.kind != text && n.kind != number {
		d.expected(n, "text")
		return
	}
	v.SetString(n.text)
}

// bool reads n into v.
func (d *decoder) bool(n *node, v reflect.Value) {
	if n.kind != boolean {
		d.expected(n, "true or false")
		return
	}
	v.SetBool(strings.EqualFold(n.text, "true"))
}

// int reads n into v. It accepts decimal digits only, without a leading zero, because some
// readers take 010 for eight.
func (d *decoder) int(n *node, v reflect.Value) {
	if !isWhole(n) {
		d.expected(n, "a whole number")
		return
	}
	bits := v.Type().Bits()
	i, err := strconv.ParseInt(n.text, 10, bits)
	if err != nil {
		least := int64(-1) << (bits - 1)
		d.expected(n, fmt.Sprintf("a whole number from %d to %d", least, ^least))
		return
	}
	v.SetInt(i)
}

// uint reads n into v, like int.
func (d *decoder) uint(n *node, v reflect.Value) {
	if !isWhole(n) {
		d.expected(n, "a whole number")
		return
	}
	bits := v.Type().Bits()
	u, err := strconv.ParseUint(strings.TrimPrefix(n.text, "+"), 10, bits)
	if err != nil {
		most := ^uint64(0) >> (64 - bits)
		d.expected(n, fmt.Sprintf("a whole number from 0 to %d", most))
		return
	}
	v.SetUint(u)
}

// float reads n into v. It refuses infinity, "not a number" and forms that only Go knows,
// such as 0x1p4 and 1_000.
func (d *decoder) float(n *node, v reflect.Value) {
	f, err := strconv.ParseFloat(n.text, v.Type().Bits())
	if n.kind != number || err != nil || !isNumber(n.text) || hasLeadingZero(n.text) {
		d.expected(n, "a number")
		return
	}
	v.SetFloat(f)
}

// word reads n into v, which has UnmarshalText.
func (d *decoder) word(n *node, v reflect.Value) {
	if n.kind != text && n.kind != number {
		d.expected(n, "text")
		return
	}
	target := v.Addr().Interface()
	reader, ok := target.(encoding.TextUnmarshaler)
	if !ok {
		return // not reached: isWord was true
	}
	err := reader.UnmarshalText([]byte(n.text))
	if err == nil {
		return
	}
	var known []string
	if unknown, ok := errors.AsType[*enum.UnknownError](err); ok {
		known = unknown.Known
	}
	d.report(n.pos.Errorf("%s%s", oneLine(err.Error()), Suggest(n.text, known)))
}

// isWhole reports whether n is a sign and decimal digits, of any size.
func isWhole(n *node) bool {
	return n.kind == number && strings.Trim(n.text, "0123456789+-") == "" && !hasLeadingZero(n.text)
}

// hasLeadingZero reports whether s begins with a zero before another digit, such as 010
// or -007.
func hasLeadingZero(s string) bool {
	digits := strings.TrimLeft(s, "+-")
	return len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'
}
