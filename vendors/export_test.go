package vendors

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// A Sample is a response that has a code, and the row of the vendor's file that is to decide it.
type Sample struct {
	Rule   string
	Class  apierrors.Class
	Action apierrors.Action // of the row; ActionNone: that of the class
	policy.Answer
}

// Samples returns responses for each row of a file that is about a code, in each of the forms in
// which the vendor writes codes.
func Samples(name string) (samples []Sample, err error) {
	data, err := catalog.ReadFile("catalog/" + name + ".yaml")
	if err != nil {
		return nil, err
	}
	var f file
	if _, err := yamlfile.Read(name, data, &f); err != nil {
		return nil, err
	}
	rows := f.Codes
	for _, k := range f.Idempotency.codes() {
		rows = append(rows, codeRow{Code: k.code, Rule: k.rule})
	}
	for _, row := range rows {
		for _, a := range f.answers(row) {
			match := (&compiler{}).narrowed(row.At, policy.Match{Codes: []string{row.Code}}, row.When)
			rule := cmp.Or(row.Name, string(f.Vendor)+" "+match.String())
			samples = append(samples, Sample{Rule: rule, Class: row.Class, Action: row.Action, Answer: a})
		}
	}
	return samples, nil
}

// answers returns responses with the code of a row, to which its when applies.
func (f file) answers(row codeRow) []policy.Answer {
	var answers []policy.Answer
	if s := row.When.Statuses; s != nil && s[0].From < http.StatusBadRequest {
		return nil // of an entry of a batch, as transcripts show
	}
	for _, h := range f.HeaderCodes {
		if h.Code == row.Code {
			a := f.answer(row, nil)
			a.Header.Set(string(h.Headers[0]), cmp.Or(h.Is, h.Contains))
			answers = append(answers, a)
		}
	}
	for _, s := range f.Decode {
		hasPlace := s.Code != nil && (row.When.Message == "" || s.Message != nil)
		switch {
		case s.Means == row.Code && row.When.Message == "": // the text is the message
			answers = append(answers, f.answer(row, put(nil, s.In, s.Is)))
		case hasPlace && s.Means == "":
			body := f.body(row, s)
			answers = append(answers, f.answer(row, body))
			answers = append(answers, f.successes(row, s, body)...)
		}
	}
	return answers
}

// body returns a body with the code of a row, in the form that s is.
func (f file) body(row codeRow, s shapeRow) any {
	var value any
	var object answer.Pointer // leads to the error
	if needs := s.Needs.pointer(); needs != nil {
		value = put(nil, needs, "x")
		if isIndex(needs[0]) {
			object = needs[:1]
		}
	}
	if s.Message != nil {
		value = put(value, slices.Concat(object, s.Message.pointer()), "about it: "+row.When.Message)
	}
	return put(nil, s.In, put(value, slices.Concat(object, s.Code.pointer()), row.Code))
}

// answer returns a response with a body to which the when of a row applies.
func (f file) answer(row codeRow, body any) policy.Answer {
	w := row.When
	a := policy.Answer{Status: f.status(row), Header: http.Header{}, Method: f.method(row), Path: "/"}
	if w.Paths != nil {
		a.Path = strings.NewReplacer("**", "x", "*", "x").Replace(w.Paths[0])
	}
	if w.HasWait != nil && *w.HasWait {
		a.Header.Set("Retry-After", "30")
	}
	text := cmp.Or(w.Is, w.Contains)
	if w.Headers != nil {
		a.Header.Set(string(w.Headers[0]), text)
	}
	if w.Place != nil {
		body = put(body, w.Place, text)
	}
	a.Body, _ = json.Marshal(body) // maps, lists and texts
	return a
}

// successes returns the same body with the status 200, for each request whose success may hold it.
func (f file) successes(row codeRow, s shapeRow, body any) []policy.Answer {
	var answers []policy.Answer
	for _, c := range f.ErrorsIn2xx {
		isThere := len(c.Place) <= len(s.In) && slices.Equal(c.Place, s.In[:len(c.Place)])
		if !isThere || c.Is != "" || row.When.Statuses != nil || row.When.Paths != nil {
			continue
		}
		a := f.answer(row, body)
		a.Status = http.StatusOK
		if c.Methods != nil {
			a.Method = c.Methods[0]
		}
		if c.Paths != nil {
			a.Path = strings.NewReplacer("**", "x", "*", "x").Replace(c.Paths[0])
		}
		answers = append(answers, a)
	}
	return answers
}

// status returns a status to which a row applies, and no narrower row for its code.
func (f file) status(row codeRow) int {
	if row.When.Statuses != nil {
		return row.When.Statuses[0].From
	}
	return 418
}

// method returns a method to which a row applies, and no narrower row for its code.
func (f file) method(row codeRow) string {
	methods := []string{http.MethodGet, http.MethodPost}
	if row.When.Methods != nil {
		methods = row.When.Methods
	}
	isNarrower := func(method string) bool {
		return row.When.Methods == nil && slices.ContainsFunc(f.Codes, func(other codeRow) bool {
			return other.Code == row.Code && slices.Contains(other.When.Methods, method)
		})
	}
	return methods[max(0, slices.IndexFunc(methods, func(method string) bool { return !isNarrower(method) }))]
}

// put returns a document with a value at the place to which p leads. For * and numbers it makes a
// list of one element.
func put(into any, p answer.Pointer, value any) any {
	if len(p) == 0 {
		return value
	}
	if isIndex(p[0]) {
		list, ok := into.([]any)
		if !ok {
			list = []any{nil}
		}
		list[0] = put(list[0], p[1:], value)
		return list
	}
	object, ok := into.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	object[p[0]] = put(object[p[0]], p[1:], value)
	return object
}

// isIndex reports whether a key of a pointer leads into a list: it is * or a number.
func isIndex(key string) bool { return strings.Trim(key, "*0123456789") == "" }

// ReadAll reads the files of all vendors, and returns how many there are.
func ReadAll() int { return len(readAll(readers())) }
