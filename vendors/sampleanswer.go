package vendors

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

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
		value = put(value, slices.Concat(object, s.Message.pointer()), cmp.Or(row.When.Message, "said by a fake"))
	}
	if row.Code != "" {
		value = put(value, slices.Concat(object, s.Code.pointer()), row.Code)
	}
	return put(nil, s.In, value)
}

// answer returns a response with a body to which the when of a row applies.
func (f file) answer(row codeRow, body any) policy.Answer {
	w := row.When
	a := policy.Answer{Status: f.status(row), Header: http.Header{}, Method: f.method(row), Path: "/"}
	if w.Paths != nil {
		a.Path = aPath(w.Paths[0])
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
	return withBody(a, body)
}

// withBody returns a response with a JSON body, or without one for nil.
func withBody(a policy.Answer, body any) policy.Answer {
	if body == nil {
		return a
	}
	a.Body, _ = json.Marshal(body) // maps, lists, texts, numbers and true or false
	if a.Header.Get("Content-Type") == "" {
		a.Header.Set("Content-Type", "application/json")
	}
	return a
}

// aPath returns a path that a pattern selects.
func aPath(pattern string) string { return strings.NewReplacer("**", "x", "*", "x").Replace(pattern) }

// successes returns the same body with the status 200, for each request whose success may hold it.
func (f file) successes(row codeRow, s shapeRow) []policy.Answer {
	var answers []policy.Answer
	for _, c := range f.ErrorsIn2xx {
		isThere := len(c.Place) <= len(s.In) && slices.Equal(c.Place, s.In[:len(c.Place)])
		if !isThere && c.Is == "" || row.When.Statuses != nil || row.When.Paths != nil {
			continue
		}
		body := f.body(row, s)
		if c.Is != "" {
			body = put(body, c.Place, literal(c.Is))
		}
		a := f.answer(row, body)
		a.Status = http.StatusOK
		if c.Methods != nil {
			a.Method = c.Methods[0]
		}
		if c.Paths != nil {
			a.Path = aPath(c.Paths[0])
		}
		answers = append(answers, a)
	}
	return answers
}

// literal returns true, false and numbers as such, and other texts as texts.
func literal(text string) any {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return value
}

// usualStatus is the status with which APIs send a class. A class without one has 400.
var usualStatus = map[apierrors.Class]int{
	apierrors.Authentication: 401, apierrors.TokenExpired: 401, apierrors.Permission: 403, apierrors.LimitReached: 403,
	apierrors.NotFound: 404, apierrors.Unsupported: 405, apierrors.Conflict: 409, apierrors.AlreadyExists: 409, apierrors.InvalidState: 409,
	apierrors.TooLarge: 413, apierrors.Validation: 422, apierrors.RateLimited: 429, apierrors.QuotaExceeded: 429,
	apierrors.ServerError: 500, apierrors.Unknown: 500, apierrors.Maintenance: 503, apierrors.Timeout: 504,
}

// status returns a status to which a row applies, and no narrower row for its code: one that the
// file has for the class, or else the usual one.
func (f file) status(row codeRow) int {
	switch {
	case row.Code == "":
		return f.statusIn(row.status)
	case row.When.Statuses != nil:
		return row.When.Statuses[0].From
	}
	var candidates []int
	for _, s := range f.Statuses {
		if s.Class == row.Class && s.Status.From >= http.StatusBadRequest {
			candidates = append(candidates, s.Status.From)
		}
	}
	candidates = append(candidates, cmp.Or(usualStatus[row.Class], http.StatusBadRequest), http.StatusBadRequest)
	for _, status := range candidates {
		isNarrower := func(other codeRow) bool {
			return other.Code == row.Code && slices.ContainsFunc(other.When.Statuses, func(s policy.StatusRange) bool { return s.Contains(status) })
		}
		if !slices.ContainsFunc(f.Codes, isNarrower) {
			return status
		}
	}
	return http.StatusTeapot
}

// statusIn returns a status of a range for which no other row is alone.
func (f file) statusIn(statuses policy.StatusRange) int {
	for status := statuses.From; status <= statuses.To; status++ {
		isOther := func(row statusRow) bool {
			return row.Status != statuses && row.Status.From == status && row.Status.To == status
		}
		if !slices.ContainsFunc(f.Statuses, isOther) {
			return status
		}
	}
	return statuses.From
}

// method returns a method to which a row applies, and no narrower row for its code or status.
func (f file) method(row codeRow) string {
	methods := []string{http.MethodGet, http.MethodPost}
	if row.When.Methods != nil {
		methods = row.When.Methods
	}
	isNarrower := func(method string) bool {
		return row.When.Methods == nil && (slices.ContainsFunc(f.Codes, func(other codeRow) bool {
			return row.Code != "" && other.Code == row.Code && slices.Contains(other.When.Methods, method)
		}) || slices.ContainsFunc(f.Statuses, func(other statusRow) bool {
			return row.Code == "" && other.Status == row.status && slices.Contains(other.When.Methods, method)
		}))
	}
	return methods[max(0, slices.IndexFunc(methods, func(method string) bool { return !isNarrower(method) }))]
}

// statusAnswer returns a response to which a row about a status applies: without a code, and with
// a message in the simplest form in which the vendor sends one without a code.
func (f file) statusAnswer(row codeRow) policy.Answer {
	w := row.When
	isBare := row.status.From < http.StatusBadRequest && w.Message == ""
	if isBare || w.HasDocument != nil && !*w.HasDocument {
		return f.answer(row, nil)
	}
	var forms []shapeRow
	for _, s := range f.Decode {
		if s.Message != nil && s.Means == "" && (s.Code == nil || s.Uncoded) {
			forms = append(forms, s)
		}
	}
	if forms != nil {
		simplest := slices.MinFunc(forms, func(a, b shapeRow) int { return len(a.In) + len(a.Needs) - len(b.In) - len(b.Needs) })
		return f.answer(row, f.body(row, simplest))
	}
	a := f.answer(row, map[string]any{"detail": cmp.Or(w.Message, "said by a fake")})
	a.Header.Set("Content-Type", "application/problem+json")
	return a
}

// put returns a document with a value at the place to which p leads. For * and numbers it makes a
// list of one element, in which an object that stands there remains.
func put(into any, p answer.Pointer, value any) any {
	if len(p) == 0 {
		return value
	}
	if isIndex(p[0]) {
		list, ok := into.([]any)
		if !ok || len(list) == 0 {
			list = []any{into}
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
