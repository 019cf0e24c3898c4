package policy

import (
	"net/url"
	"strings"
)

// Names in the templates of a Lookup, besides the segments of an endpoint's path.
const (
	nameOfRecord = "record_key"
	bodyPrefix   = "body." // of a member of the request's body
)

// Fill returns l with the values of its templates, by the names between the braces. missing is
// the name of the first that has no value, or one that cannot stand in a path; empty: l is
// complete.
func (l Lookup) Fill(value func(name string) (string, bool)) (filled Lookup, missing string) {
	path, query, hasQuery := strings.Cut(l.Path, "?")
	fill := func(template string, escape func(string) string) string {
		text, without := expand(template, value, escape)
		if missing == "" {
			missing = without
		}
		return text
	}
	filled = l
	filled.Path = fill(path, escapedSegment)
	if hasQuery {
		filled.Path += "?" + fill(query, url.QueryEscape)
	}
	filled.Is = fill(l.Is, func(text string) string { return text })
	return filled, missing
}

// escapedSegment returns a value as a part of a path; empty: it would change the path.
func escapedSegment(text string) string {
	if text == "." || text == ".." {
		return ""
	}
	return url.PathEscape(text)
}

// expand returns a template with its values, and the name of one that is missing.
func expand(template string, value func(string) (string, bool), escape func(string) string) (text, missing string) {
	var b strings.Builder
	for _, p := range partsOf(template) {
		if !p.isName {
			b.WriteString(p.text)
			continue
		}
		found, ok := value(p.text)
		if found = escape(found); !ok || found == "" {
			return "", p.text
		}
		b.WriteString(found)
	}
	return b.String(), ""
}

// A part is a part of a template: a text, or a name between braces.
type part struct {
	text   string
	isName bool
}

// partsOf returns the parts of a template. A brace without its other half is text.
func partsOf(template string) []part {
	var parts []part
	for template != "" {
		text, rest, ok := strings.Cut(template, "{")
		name, after, isClosed := strings.Cut(rest, "}")
		if !ok || !isClosed {
			return append(parts, part{text: template})
		}
		if text != "" {
			parts = append(parts, part{text: text})
		}
		parts = append(parts, part{name, true})
		template = after
	}
	return parts
}

// namesIn returns the names in a template.
func namesIn(template string) []string {
	var names []string
	for _, p := range partsOf(template) {
		if p.isName {
			names = append(names, p.text)
		}
	}
	return names
}

// segmentName returns the name that a segment of a pattern has, such as id for {id}.
func segmentName(segment string) (string, bool) {
	inner, isOpen := strings.CutPrefix(segment, "{")
	name, isClosed := strings.CutSuffix(inner, "}")
	return name, isOpen && isClosed
}

// segmentsOf returns the segments of a path, unescaped, by the names that they have in the
// first of e.Paths that selects it.
func (e Endpoint) segmentsOf(urlPath string) map[string]string {
	for _, pattern := range e.Paths {
		if values, ok := valuesOf(pattern, urlPath); ok {
			return values
		}
	}
	return nil
}
