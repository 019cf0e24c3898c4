package client

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strings"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/policy"
)

// pageProblem says why the pages of a call cannot be read, whatever its list is like; empty: they
// can.
func (typed Call) pageProblem() string {
	_, isReader := typed.Body.(io.Reader)
	switch {
	case typed.Link != "":
		return "Link: a list begins at Path; to continue one, use PageOptions.From"
	case typed.Options.IdempotencyKey != "":
		return "IdempotencyKey: each page is another request"
	case isReader:
		return fmt.Sprintf("a body of type %T can be read once, and each page sends it", typed.Body)
	default:
		return ""
	}
}

// paged returns the call of the first page, or why there is none.
func (typed Call) paged(p policy.Paging, size int) (first Call, problem string) {
	typed, problem = typed.withOpenBody(p)
	switch {
	case problem != "":
		return typed, problem
	case p.Param != "" && typed.param(p.Param) != "":
		return typed, fmt.Sprintf("parameter %s: to continue a list, use PageOptions.From", p.Param)
	case typed.Options.Shrink != nil && p.Style == policy.PageByNumber:
		return typed, "Shrink: the page after a smaller one has another number, so items would be skipped"
	}
	return typed.withSize(p, size)
}

// withSize returns the call with the number of items in a page, or says what is wrong with that.
func (typed Call) withSize(p policy.Paging, size int) (sized Call, problem string) {
	isSet := p.Size != "" && typed.param(p.Size) != ""
	switch {
	case size == 0 && (isSet || p.MaxSize == 0):
		return typed, ""
	case size == 0:
		size = p.MaxSize
	case size < 0:
		return typed, "PageOptions.Size: it is below zero"
	case p.Size == "":
		return typed, "PageOptions.Size: no parameter for it is known: set policy.Paging.Size"
	case isSet:
		return typed, fmt.Sprintf("expected PageOptions.Size or the parameter %s, not both", p.Size)
	case p.MaxSize > 0 && size > p.MaxSize:
		return typed, fmt.Sprintf("PageOptions.Size: a page has at most %d items", p.MaxSize)
	}
	return typed.withParam(p.Size, size), ""
}

// withOpenBody returns the call with its body as JSON, if a parameter goes there and it is not a form.
func (typed Call) withOpenBody(p policy.Paging) (open Call, problem string) {
	if !isInBody(p.Param) && !isInBody(p.Size) {
		return typed, ""
	}
	switch body := typed.Body.(type) {
	case url.Values:
		return typed, ""
	case nil:
		typed.Body = json.RawMessage("{}")
		return typed, ""
	case []byte, string:
		return typed, fmt.Sprintf("a parameter goes into the body: expected url.Values, or a value that is sent as JSON; got %T", body)
	default:
		data, err := json.Marshal(body)
		typed.Body = json.RawMessage(data)
		for _, param := range []string{p.Param, p.Size} {
			if err == nil && isInBody(param) {
				_, err = answer.WithMember(data, param, 0)
			}
		}
		if err != nil {
			return typed, "a parameter goes into the body, which is no JSON object, or has another value on the way to it"
		}
		return typed, ""
	}
}

func isInBody(param string) bool { return strings.HasPrefix(param, "/") }

// param returns the text that a parameter has; empty: it is not set.
func (typed Call) param(name string) string {
	if !isInBody(name) {
		return typed.Query.Get(name)
	}
	if form, ok := typed.Body.(url.Values); ok {
		return form.Get(name[1:])
	}
	data, _ := typed.Body.(json.RawMessage)
	return answer.TextIn(data, name)
}

// withParam returns a copy of the call with a parameter, a text or a number. Its body is open.
func (typed Call) withParam(name string, value any) Call {
	form, isForm := typed.Body.(url.Values)
	switch {
	case !isInBody(name):
		typed.Query = withValue(typed.Query, name, value)
	case isForm:
		typed.Body = withValue(form, name[1:], value)
	default:
		data, _ := typed.Body.(json.RawMessage)
		changed, _ := answer.WithMember(data, name, value) // which was tried
		typed.Body = changed
	}
	return typed
}

func withValue(values url.Values, name string, value any) url.Values {
	values = maps.Clone(values)
	if values == nil {
		values = url.Values{}
	}
	values.Set(name, fmt.Sprint(value))
	return values
}
