package yamlfile

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Encode returns v, a struct with the tags of Decode, as YAML: a line for each key of v, and
// a line for each element of its lists of structs. It omits zero values, except those of
// required keys; a pointer is zero only if it is nil. Decode reads the same struct from it.
//
// It returns an error for a value that has no text, such as a number outside a closed set.
func Encode(v any) (string, error) {
	value := reflect.ValueOf(v)
	var b strings.Builder
	for _, f := range fieldsOf(value.Type()) {
		field := value.FieldByIndex(f.index)
		if f.isOmitted(field) {
			continue
		}
		if err := encodeKey(&b, f.key, field); err != nil {
			return "", fmt.Errorf("%s: %w", f.key, err)
		}
	}
	return b.String(), nil
}

// encodeKey writes a key of v.
func encodeKey(b *strings.Builder, key string, v reflect.Value) error {
	if v.Kind() != reflect.Slice || v.Len() == 0 || v.Type().Elem().Kind() != reflect.Struct {
		text, err := flow(v)
		fmt.Fprintf(b, "%s: %s\n", key, text)
		return err
	}
	fmt.Fprintf(b, "%s:\n", key)
	for i := range v.Len() {
		text, err := flow(v.Index(i))
		if err != nil {
			return err
		}
		fmt.Fprintf(b, "  - %s\n", text)
	}
	return nil
}

// isOmitted reports whether f need not be written, because its value v is that of an
// absent key.
func (f field) isOmitted(v reflect.Value) bool {
	isEmpty := v.Kind() == reflect.Slice && v.Len() == 0 && !f.has("explicit")
	return (v.IsZero() || isEmpty) && !f.has("required")
}

// flow returns v on one line.
func flow(v reflect.Value) (string, error) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !v.IsValid() {
		return "", errors.New("the program cannot write a nil pointer")
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return quoted(string(text)), err
	}
	if d, ok := v.Interface().(time.Duration); ok {
		return d.String(), nil
	}
	switch v.Kind() {
	case reflect.Struct:
		return flowStruct(v)
	case reflect.Slice:
		return flowList(v)
	case reflect.String:
		return quoted(v.String()), nil
	case reflect.Bool, reflect.Int, reflect.Int64, reflect.Float64:
		return fmt.Sprint(v.Interface()), nil
	default:
		return "", fmt.Errorf("the program cannot write values of Go type %v", v.Type())
	}
}

// flowStruct returns the struct v on one line.
func flowStruct(v reflect.Value) (string, error) {
	var parts []string
	for _, f := range fieldsOf(v.Type()) {
		field := v.FieldByIndex(f.index)
		if f.isOmitted(field) {
			continue
		}
		text, err := flow(field)
		if err != nil {
			return "", fmt.Errorf("%s: %w", f.key, err)
		}
		parts = append(parts, f.key+": "+text)
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

// flowList returns the slice v on one line.
func flowList(v reflect.Value) (string, error) {
	var parts []string
	for i := range v.Len() {
		text, err := flow(v.Index(i))
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}

// quoted returns s without quotes if YAML reads it as the same text, or in quotes.
func quoted(s string) string {
	for _, r := range s {
		isPlain := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !isPlain {
			return strconv.Quote(s)
		}
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(s)
	default:
		return s
	}
}
