package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Problems returns what is wrong with p, a sentence for each problem. For tools that read it from
// files.
func (p Paging) Problems() []string {
	problems := slices.Concat(requestProblems(p.Methods, p.Paths), p.placeProblems(), p.paramProblems())
	switch p.Style {
	case PageByCursor:
		return append(problems, p.cursorProblems()...)
	case PageByNumber, PageByOffset:
		return append(problems, p.countProblems()...)
	case PageByLink:
		return append(problems, p.without("link", "param", "last_item", "first", "last_page", "total")...)
	default:
		return append(problems, "style: expected cursor, page, offset or link")
	}
}

// placeProblems returns what is wrong with the places in a page.
func (p Paging) placeProblems() []string {
	var problems []string
	for _, place := range []string{p.Items, p.Next, p.LastItem, p.More, p.Done, p.LastPage, p.Total} {
		if place != "" && (!pointerForm.MatchString(place) || slices.Contains(strings.Split(place, "/"), "*")) {
			problems = append(problems, fmt.Sprintf("expected a JSON pointer to one value, such as /paging/next; got %q", place))
		}
	}
	if p.More != "" && p.Done != "" {
		problems = append(problems, "expected more or done, not both")
	}
	return problems
}

// paramProblems returns what is wrong with the parameters.
func (p Paging) paramProblems() []string {
	var problems []string
	for _, param := range []string{p.Param, p.Size} {
		if strings.HasPrefix(param, "/") && !pointerForm.MatchString(param) {
			problems = append(problems, fmt.Sprintf("expected the name of a parameter, or a JSON pointer into the request's body, such as /after; got %q", param))
		}
	}
	switch {
	case p.Param != "" && p.Param == p.Size:
		problems = append(problems, "param and size are the same parameter")
	case p.MaxSize < 0:
		problems = append(problems, fmt.Sprintf("max_size: expected zero or more; got %d", p.MaxSize))
	case p.MaxSize > 0 && p.Size == "":
		problems = append(problems, "max_size has no effect without size")
	}
	return problems
}

// cursorProblems returns what is wrong with where the cursor is.
func (p Paging) cursorProblems() []string {
	problems := p.without("cursor", "first", "last_page", "total")
	if (p.Next == "") == (p.LastItem == "") {
		problems = append(problems, "a cursor needs next or last_item, which is where it is, and not both")
	}
	if p.Param == "" {
		problems = append(problems, "a cursor needs param, the parameter that it goes to; if it is a URL, the style is link")
	}
	return problems
}

// countProblems returns what is wrong with where a list ends whose pages or items are counted.
func (p Paging) countProblems() []string {
	wrongEnd := "total"
	if p.Style == PageByOffset {
		wrongEnd = "last_page"
	}
	problems := p.without(p.Style.String(), "next", "last_item", wrongEnd)
	if p.Param == "" {
		problems = append(problems, fmt.Sprintf("the style %v needs param, the parameter for its number", p.Style))
	}
	if p.First != nil && *p.First < 0 {
		problems = append(problems, fmt.Sprintf("first: expected zero or more; got %d", *p.First))
	}
	ends := 0
	for _, place := range []string{p.More, p.Done, p.LastPage, p.Total} {
		if place != "" {
			ends++
		}
	}
	if ends > 1 && (p.More == "" || p.Done == "") {
		problems = append(problems, "expected one of more, done, last_page and total, which say where the list ends")
	}
	return problems
}

// without returns a problem for each of these keys that p has, as its style has no use for it.
func (p Paging) without(style string, keys ...string) []string {
	isSet := map[string]bool{
		"next": p.Next != "", "last_item": p.LastItem != "", "param": p.Param != "", "first": p.First != nil,
		"last_page": p.LastPage != "", "total": p.Total != "",
	}
	var problems []string
	for _, key := range keys {
		if isSet[key] {
			problems = append(problems, fmt.Sprintf("%s has no effect with the style %s", key, style))
		}
	}
	return problems
}
