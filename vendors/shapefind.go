package vendors

import (
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
)

// find returns the errors of one shape in body.
func (s shape) find(body answer.Node) finds {
	found := finds{shape: s}
	for _, start := range body.All(s.in) {
		_, isComplete := start.At(s.needs)
		switch {
		case s.needs != nil && !isComplete:
		case s.means == "":
			found.walk(start, nil)
		case start.Text == s.is:
			found.items = append(found.items, apierrors.Field{Code: s.means, Message: start.Text})
		}
	}
	return found
}

// finds collects the errors of one shape in one body.
type finds struct {
	shape   shape
	items   []apierrors.Field
	general []string // codes of those in which they are nested, the deepest first
}

// walk looks for errors in n and below it. keys are those above n.
func (f *finds) walk(n answer.Node, keys []string) {
	if len(f.items) >= answer.MaxItems {
		return
	}
	switch n.Kind {
	case answer.Object:
		if f.add(n, keys) {
			return
		}
		if f.shape.code == nil && !f.shape.texts {
			return
		}
		for _, m := range n.Members {
			f.walk(m.Value, append(keys[:len(keys):len(keys)], m.Key))
		}
	case answer.Array:
		for _, e := range n.Elements {
			f.walk(e, keys)
		}
	case answer.Text:
		if f.shape.texts {
			f.items = append(f.items, apierrors.Field{Path: strings.Join(keys, "."), Message: n.Text})
		}
	case answer.Null, answer.Scalar:
	}
}

// add adds the error in n, with an entry for each of its fields. It reports whether n is one.
func (f *finds) add(n answer.Node, keys []string) bool {
	s := f.shape
	codes, hasCode := s.codes(n)
	if s.code == nil || s.uncoded && !hasCode {
		_, hasCode = kindAt(n, s.message, answer.Text)
	}
	if !hasCode {
		return false
	}
	item := apierrors.Field{Path: strings.Join(keys, "."), Message: textAt(n, s.message)}
	if path := strings.Join(textsAt(n, s.field), "."); path != "" {
		item.Path = path
	}
	if len(codes) > 0 {
		item.Code = codes[0]
		f.general = append(f.general, codes[1:]...)
	}
	names := textsAt(n, s.fields)
	for _, name := range names[:min(len(names), answer.MaxItems)] {
		item.Path = name
		f.items = append(f.items, item)
	}
	if len(names) == 0 {
		f.items = append(f.items, item)
	}
	return true
}

// codes returns the code of n, before which are those nested in it, the deepest first. It reports
// whether n has one, which need not look like a code.
func (s shape) codes(n answer.Node) (codes []string, hasCode bool) {
	for {
		found, ok := kindAt(n, s.code, answer.Text, answer.Scalar)
		hasCode = hasCode || ok
		if code := s.codeOf(found.Text); code != "" {
			codes = append([]string{code}, codes...)
		}
		if n, ok = s.inner(n); !ok {
			return codes, hasCode
		}
	}
}

// codeOf returns the code that a text is, or "" if it is none.
func (s shape) codeOf(text string) string {
	if s.slug {
		text = strings.Join(strings.FieldsFunc(text, isNoCode), "_")
	}
	if !apierrors.IsCode(text) {
		return ""
	}
	return text
}

func isNoCode(r rune) bool { return !apierrors.IsCode(string(r)) }

// inner returns the error that is nested in n.
func (s shape) inner(n answer.Node) (answer.Node, bool) {
	for _, name := range s.nested {
		if inner, ok := kindAt(n, answer.Pointer{name}, answer.Object); ok {
			return inner, true
		}
	}
	return answer.Node{}, false
}

// textsAt returns the texts to which p leads from n, and those of a list.
func textsAt(n answer.Node, p answer.Pointer) []string {
	if p == nil {
		return nil
	}
	var texts []string
	add := func(text string) {
		if text != "" {
			texts = append(texts, text)
		}
	}
	for _, found := range n.All(p) {
		if found.Kind == answer.Text {
			add(found.Text)
		}
		for _, e := range found.Elements {
			add(e.Text)
		}
	}
	return texts
}
