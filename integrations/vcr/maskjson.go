package vcr

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// json masks a JSON document, or several, and leaves everything else as it is written. rest is what
// follows in s and is not JSON, such as the last token of a document that broke off.
func (m *masker) json(s string) (clean, rest string) {
	if !strings.HasPrefix(strings.TrimSpace(s), "{") && !strings.HasPrefix(strings.TrimSpace(s), "[") {
		return "", s
	}
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	w := jsonWalk{mask: m, source: s}
	for {
		before := int(decoder.InputOffset())
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return w.broken(before)
		}
		w.token(token, before, int(decoder.InputOffset()))
	}
	w.out.WriteString(s[w.copied:])
	return w.out.String(), ""
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
	top.isKey = top.isObject
	if number, ok := token.(json.Number); ok {
		if top.isSecret && number != "0" || w.mask.text(number.String()) != number.String() {
			w.replace(from, to, json.Number("0")) // which a program can still read
		}
		return
	}
	if !isText {
		return // true, false or null
	}
	clean := w.mask.text(text)
	if top.isSecret {
		clean = masked
	}
	if clean != text {
		w.replace(from, to, clean)
	}
}

// broken returns what was masked before an offset at which the JSON ends, and the rest. If that is
// the value of a secret, nothing of it is left.
func (w *jsonWalk) broken(at int) (clean, rest string) {
	w.out.WriteString(w.source[w.copied:at])
	if top := w.top(); top.whole || top.isSecret && !top.isKey {
		w.out.WriteString(`:"` + masked)
		return w.out.String(), ""
	}
	return w.out.String(), w.source[at:]
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

// replace puts a value in place of the token between two offsets, before which are blanks and a
// comma or a colon.
func (w *jsonWalk) replace(from, to int, value any) {
	begin := from + len(w.source[from:to]) - len(strings.TrimLeft(w.source[from:to], " \t\r\n,:"))
	written, _ := json.Marshal(value) // a string or a number
	w.out.WriteString(w.source[w.copied:begin])
	w.out.Write(written)
	w.copied = to
}
