package vcr

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// json masks a JSON document, or several, and leaves everything else as it is written. It reports
// whether s is JSON.
func (m *masker) json(s string) (string, bool) {
	if !strings.HasPrefix(strings.TrimSpace(s), "{") && !strings.HasPrefix(strings.TrimSpace(s), "[") {
		return s, false
	}
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	w := jsonWalk{mask: m, source: s}
	for {
		before := decoder.InputOffset()
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return s, false
		}
		w.token(token, int(before), int(decoder.InputOffset()))
	}
	w.out.WriteString(s[w.copied:])
	return w.out.String(), true
}

// A jsonWalk goes through the tokens of a document.
type jsonWalk struct {
	mask   *masker
	source string
	out    bytes.Buffer
	copied int // how much of source is in out, or replaced
	above  []level
}

// A level is an object or a list.
type level struct {
	isObject bool
	isKey    bool // of an object: the next token is a key
	isSecret bool // what is in it, or the value of the present key
	whole    bool // all that is in it is secret
}

// token masks a token between two offsets.
func (w *jsonWalk) token(token json.Token, from, to int) {
	if delim, ok := token.(json.Delim); ok {
		w.delim(delim)
		return
	}
	top := w.top()
	text, isText := token.(string)
	if top.isObject && top.isKey {
		top.isSecret = top.whole || w.mask.isSecret(text)
		top.isKey = false
		if clean := w.mask.text(text); clean != text {
			w.replace(from, to, clean)
		}
		return
	}
	switch {
	case top.isSecret && token != nil && token != masked:
		w.replace(from, to, masked)
	case isText:
		if clean := w.mask.text(text); clean != text {
			w.replace(from, to, clean)
		}
	}
	top.isKey = top.isObject
}

// top returns the level of the present token.
func (w *jsonWalk) top() *level {
	if len(w.above) == 0 {
		w.above = append(w.above, level{})
	}
	return &w.above[len(w.above)-1]
}

func (w *jsonWalk) delim(delim json.Delim) {
	switch delim {
	case '{', '[':
		isSecret := w.top().isSecret
		w.above = append(w.above, level{isObject: delim == '{', isKey: delim == '{', isSecret: isSecret, whole: isSecret})
	default:
		w.above = w.above[:len(w.above)-1]
		w.top().isKey = w.top().isObject
	}
}

// replace puts a text in place of the token between two offsets, before which are blanks and a
// comma or a colon.
func (w *jsonWalk) replace(from, to int, text string) {
	begin := from + len(w.source[from:to]) - len(strings.TrimLeft(w.source[from:to], " \t\r\n,:"))
	quoted, _ := json.Marshal(text) // a string
	w.out.WriteString(w.source[w.copied:begin])
	w.out.Write(quoted)
	w.copied = to
}
