package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/retrywise/retrywise/internal/enum"
)

// version is that of the format of a line.
const version = 1

// maxLine is how many bytes a line may have.
const maxLine = 16 << 20

// A kind says what a line is.
type kind uint8

const (
	kindNone  kind = iota
	isLetter       // a letter, which may settle another
	isBegun        // a letter is being sent
	isSettled      // the vendor has the record of a letter
)

var kinds = enum.Set[kind]{Kind: "kind of line", Names: []string{kindNone: enum.None, isLetter: "letter", isBegun: "begun", isSettled: "settled"}}

func (k kind) MarshalText() ([]byte, error)     { return kinds.Marshal(k) }
func (k *kind) UnmarshalText(text []byte) error { return kinds.Unmarshal(k, text) }

// A head is what each line has.
type head struct {
	Version int  `json:"v"`
	Is      kind `json:"is"`
}

// A letterLine is a line that is a letter.
type letterLine struct {
	head
	Letter
}

// A mark is a line about a letter: it is being sent, or is settled.
type mark struct {
	head
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// encode returns a line with its line break.
func encode(line any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(line); err != nil {
		return nil, err
	}
	if b.Len() > maxLine {
		return nil, fmt.Errorf("the letter is longer than %d bytes", maxLine)
	}
	return b.Bytes(), nil
}

// problem says what of a letter a file could not keep as it is; nil: nothing.
func (l Letter) problem() error {
	switch {
	case !utf8.ValidString(l.Record):
		return errors.New("the record key is not UTF-8")
	case !utf8.ValidString(l.IdempotencyKey):
		return errors.New("the idempotency key is not UTF-8")
	case !utf8.ValidString(l.Op):
		return errors.New("the op is not UTF-8")
	case len(l.Payload) > 0 && !json.Valid(l.Payload):
		return errors.New("the payload is not JSON")
	default:
		return nil
	}
}

// decode reads a line. A mark has only ID and At. The error begins with a column. It does not say
// what the line has in place of what was expected, as that may be personal data.
func decode(text []byte) (letterLine, error) {
	var v struct {
		Version int `json:"v"`
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return letterLine{}, explained(err)
	}
	if v.Version != version {
		return letterLine{}, fmt.Errorf(`1: expected "v": %d, the version of the format; got %d`, version, v.Version)
	}
	var line letterLine
	if err := json.Unmarshal(text, &line); err != nil {
		return letterLine{}, explained(err)
	}
	switch {
	case line.Is == kindNone:
		return letterLine{}, errors.New(`1: expected "is", the kind of the line`)
	case line.ID == "":
		return letterLine{}, errors.New(`1: expected "id", the id of a letter`)
	}
	return line, nil
}

// explained returns an error of encoding/json in the words of a reader of the file.
func explained(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := e.Field[strings.LastIndexByte(e.Field, '.')+1:] // without our types
		if field == "" {
			return fmt.Errorf("%d: expected an object", e.Offset)
		}
		return fmt.Errorf("%d: %q: expected %s", e.Offset, field, wordFor(e.Type.Kind()))
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%d: expected a JSON object: %w", e.Offset, err)
	}
	if e, ok := errors.AsType[*enum.UnknownError](err); ok {
		return fmt.Errorf("1: unknown %s; expected one of %s", e.Kind, strings.Join(e.Known, ", "))
	}
	return errors.New("1: expected times as in RFC 3339, such as 2026-11-22T14:05:00Z")
}

// wordFor returns what JSON calls a kind of Go's.
func wordFor(k reflect.Kind) string {
	switch k {
	case reflect.String, reflect.Uint8: // a uint8 is a closed set
		return "a string"
	case reflect.Int:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	default:
		return "an object"
	}
}
