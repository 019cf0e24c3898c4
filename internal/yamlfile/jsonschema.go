package yamlfile

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/retrywise/retrywise/internal/enum"
)

// JSONSchema returns the form of a file as a JSON Schema (draft 2020-12), by which editors
// complete and check it. v is a struct that Decode reads into. The schema accepts all that
// Decode accepts, and some that only Decode and its callers refuse.
func JSONSchema(title string, v any) []byte {
	s := schemaOf(reflect.TypeOf(v))
	s["$schema"], s["title"] = "https://json-schema.org/draft/2020-12/schema", title
	text, _ := json.MarshalIndent(s, "", "  ") // maps, slices and texts can be marshaled
	return append(text, '\n')
}

type schema = map[string]any

// durationPattern is the form of a duration, such as 1m30s.
const durationPattern = `^[+-]?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`

// schemaOf returns the schema of values of type t.
func schemaOf(t reflect.Type) schema {
	switch {
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	case isDuration(t):
		return schema{"type": "string", "pattern": durationPattern}
	case isWord(t) && hasLongForm(t):
		return schema{"anyOf": []schema{wordSchema(t), structSchema(t)}}
	case isWord(t):
		return wordSchema(t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t)
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Slice:
		return listSchema(t)
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.String:
		return schema{"type": []string{"string", "number"}} // a number is read as its text
	default:
		return schema{"type": "integer"}
	}
}

// wordSchema returns the schema of a type with UnmarshalText: its words, if it is a closed
// set.
func wordSchema(t reflect.Type) schema {
	if word, ok := reflect.New(t).Interface().(encoding.TextUnmarshaler); ok {
		if unknown, ok := errors.AsType[*enum.UnknownError](word.UnmarshalText([]byte{0})); ok {
			return schema{"enum": unknown.Known}
		}
	}
	return schema{"type": []string{"string", "number"}}
}

// listSchema returns the schema of a slice. A scalar is a slice of one.
func listSchema(t reflect.Type) schema {
	item := schemaOf(t.Elem())
	list := schema{"type": "array", "items": item}
	if !takesScalar(t.Elem()) {
		return list
	}
	return schema{"anyOf": []schema{item, list}}
}

func structSchema(t reflect.Type) schema {
	properties := schema{}
	var required []string
	for _, f := range fieldsOf(t) {
		property := schemaOf(t.FieldByIndex(f.index).Type)
		f.limit(property)
		properties[f.key] = property
		if f.has("required") {
			required = append(required, f.key)
		}
	}
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		s["required"] = required
	}
	return s
}

// limit adds to a property what the tag of f says about its value.
func (f field) limit(property schema) {
	isNumber := fmt.Sprint(property["type"]) == "integer"
	switch {
	case isNumber && f.has("positive"):
		property["exclusiveMinimum"] = 0
	case isNumber && f.has("nonnegative"):
		property["minimum"] = 0
	}
}
