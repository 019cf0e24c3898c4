package answer

import (
	"net/http"
	"slices"
	"strings"
)

// NextLink returns the target of the link to the next page in Link headers (RFC 8288); empty: there
// is none. ok is false if there may be one that cannot be read.
func NextLink(header http.Header) (target string, ok bool) {
	p := linkParser{rest: strings.Join(header.Values("Link"), ",")}
	for p.skip(", \t"); p.rest != ""; p.skip(", \t") {
		one, ok := p.link()
		if !ok {
			return "", false
		}
		if one.isNext {
			return one.target, true
		}
	}
	return "", true
}

// A link is one entry of a Link header.
type link struct {
	target string
	isNext bool
}

// A linkParser reads a Link header from its beginning.
type linkParser struct{ rest string }

// skip removes the characters of a set.
func (p *linkParser) skip(set string) { p.rest = strings.TrimLeft(p.rest, set) }

// take removes one character. It reports whether it was there.
func (p *linkParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// until removes the text before the first character of a set, and returns it.
func (p *linkParser) until(set string) string {
	end := strings.IndexAny(p.rest, set)
	if end < 0 {
		end = len(p.rest)
	}
	text := p.rest[:end]
	p.rest = p.rest[end:]
	return text
}

// link reads one entry with its parameters.
func (p *linkParser) link() (one link, ok bool) {
	if !p.take('<') {
		return link{}, false
	}
	one.target = p.until(">")
	if !p.take('>') {
		return link{}, false
	}
	hasRel, hasAnchor := false, false
	for p.skip(" \t"); p.take(';'); p.skip(" \t") {
		name, value, ok := p.param()
		if !ok {
			return link{}, false
		}
		switch {
		case strings.EqualFold(name, "rel") && !hasRel: // a second one does not count
			hasRel = true
			one.isNext = slices.Contains(strings.Fields(strings.ToLower(value)), "next")
		case strings.EqualFold(name, "anchor"): // the link is about another resource
			hasAnchor = true
		}
	}
	one.isNext = one.isNext && !hasAnchor
	return one, p.rest == "" || p.rest[0] == ','
}

// param reads a parameter, which may be empty.
func (p *linkParser) param() (name, value string, ok bool) {
	p.skip(" \t")
	name = strings.TrimRight(p.until("=;,"), " \t")
	if !p.take('=') {
		return name, "", true
	}
	p.skip(" \t")
	if !p.take('"') {
		return name, strings.TrimRight(p.until(";,"), " \t"), true
	}
	value, ok = p.quoted()
	return name, value, ok
}

// quoted reads the rest of a quoted text (RFC 9110, section 5.6.4).
func (p *linkParser) quoted() (text string, ok bool) {
	var b strings.Builder
	for {
		b.WriteString(p.until(`"\`))
		switch {
		case p.take('"'):
			return b.String(), true
		case p.take('\\') && p.rest != "":
			b.WriteByte(p.rest[0])
			p.rest = p.rest[1:]
		default:
			return "", false
		}
	}
}
