package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// codeFacts are what the sources say about codes.
type codeFacts struct {
	known   map[string]bool
	hasList bool            // one of the sources is a list of codes
	open    string          // the first failure of which the sources do not list all codes
	isRead  map[string]bool // by form of a place: whether the file reads a code there
}

// anyCode stands for a code that the file cannot list.
const anyCode = "retrywise-probe"

// addListed notes a code of a list.
func (c *comparison) addListed(e listEntry) {
	c.codes.hasList = true
	c.noteCode(e.code, e.status, e.where)
}

// noteCode notes a code that the file does not list.
func (c *comparison) noteCode(code string, status int, where string) {
	c.codes.known[code] = true
	if _, isListed := c.vendor.codes[code]; isListed {
		return
	}
	c.found.note(finding{
		What: fmt.Sprintf("code %s is not listed", code), Where: where,
		Write: fmt.Sprintf("codes: [{code: %s, class: %s}]", code, builtInClass(status)),
	})
}

// addCodes notes the codes of a failure. All of them are known if each place that the file reads
// has an enum, and there is one.
func (c *comparison) addCodes(o operation, r response) {
	isClosed, open := false, ""
	for _, b := range r.bodies {
		for _, l := range b.leaves {
			isInResult := r.status < 400 && !slices.ContainsFunc(l.at, errorName.MatchString)
			switch {
			case isInResult || !c.addLeaf(o, r, b, l) || b.isExample:
			case l.isClosed:
				isClosed = true
			default:
				open = " " + l.String()
			}
		}
	}
	if c.codes.open == "" && (!isClosed || open != "") {
		c.codes.open = r.where + open
	}
}

// errorName matches the name of a member that has the errors of a 207, beside its results.
var errorName = regexp.MustCompile(`(?i)error|fail`)

// addLeaf notes the codes at a place of a body, and reports whether the file reads them. If it does
// not, and the name is that of codes, the place is noted.
func (c *comparison) addLeaf(o operation, r response, b body, l leaf) (isRead bool) {
	form := fmt.Sprintf("%d %s %v %t", r.status, l, l.values, b.isExample)
	if isRead, isKnown := c.codes.isRead[form]; isKnown {
		return isRead
	}
	values := l.values
	if !l.isClosed && !b.isExample {
		values = append(slices.Clone(values), anyCode)
	}
	where := r.where + " " + l.String()
	for _, value := range values {
		codes := c.codesAt(o, r, b, l, value)
		isRead = isRead || len(codes) > 0
		c.noteCodes(codes, l, b, r, where)
	}
	if !isRead {
		c.notePlace(b, l, where)
	}
	c.codes.isRead[form] = isRead
	return isRead
}

// noteCodes notes codes of a body. Those of an object within an error may be anything: Stripe's has
// the whole payment.
func (c *comparison) noteCodes(codes []string, l leaf, b body, r response, where string) {
	for _, code := range codes {
		switch {
		case code == anyCode:
		case slices.ContainsFunc(b.leaves, l.isWithin):
			c.found.note(finding{
				What: fmt.Sprintf("place %s is read as one of codes", l), Where: where,
				Write: "nothing if these are codes; otherwise an entry of decode that does not lead there",
			})
		default:
			c.noteCode(code, exactStatus(r), where)
		}
	}
}

// exactStatus returns the status that a response names, or 0.
func exactStatus(r response) int {
	if r.isExact {
		return r.status
	}
	return 0
}

// codesAt returns the codes that the file reads from a value: in a body with nothing else or, as an
// entry of decode may need more, in the example or in a body with all members.
func (c *comparison) codesAt(o operation, r response, b body, l leaf, value any) []string {
	if codes, _ := c.vendor.codesIn(o, r.status, bodyWith(l, value, nil)); len(codes) > 0 {
		return codes
	}
	whole := b.value
	if !b.isExample {
		whole = bodyWith(l, value, b.leaves)
	}
	codes, _ := c.vendor.codesIn(o, r.status, whole)
	return slices.DeleteFunc(codes, func(code string) bool { return code != value })
}

// codeName matches the name of a member that has a code, and maybeName one that has a code if
// the values are known.
var (
	codeName  = regexp.MustCompile(`(?i)^(error|sub|reason)?_?code$|(error|decline|reason)_?code$`)
	maybeName = regexp.MustCompile(`(?i)^(error|type|reason|(sub)?_?category|error_?type|error_?key)$`)
)

// notePlace notes a place with codes that the file does not read.
func (c *comparison) notePlace(b body, l leaf, where string) {
	if len(l.at) == 0 || slices.ContainsFunc(b.leaves, l.isWithin) {
		return
	}
	name, parent := l.at[len(l.at)-1], l.at[:len(l.at)-1]
	if !codeName.MatchString(name) && (!l.isClosed || !maybeName.MatchString(name)) {
		return
	}
	parent = slices.DeleteFunc(slices.Clone(parent), func(key string) bool { return key == "*" })
	in := ""
	if len(parent) > 0 {
		in = "in: /" + strings.Join(parent, "/") + ", "
	}
	c.found.note(finding{
		What: fmt.Sprintf("place %s is not read", l), Where: where,
		Write: fmt.Sprintf("decode: [{%scode: %s}]", in, name),
	})
}

// noteUnknownCodes notes the codes that the file lists and the sources do not have. That is a
// contradiction only if the sources list all codes.
func (c *comparison) noteUnknownCodes() {
	if len(c.codes.known) == 0 {
		return
	}
	var unknown []string
	for _, code := range slices.Sorted(maps.Keys(c.vendor.codes)) {
		if !c.codes.known[code] && !c.vendor.coins(code) {
			unknown = append(unknown, code)
		}
	}
	if c.codes.open != "" && !c.codes.hasList {
		c.noteUnconfirmed(unknown)
		return
	}
	for _, code := range unknown {
		c.found.note(finding{
			What: fmt.Sprintf("contradiction: code %s is listed, and the source does not have it", code), Where: c.vendor.codes[code].String(),
			Write: "leave it out, unless another document has it", Contradicts: true,
		})
	}
}

// noteUnconfirmed notes codes of which the sources say nothing.
func (c *comparison) noteUnconfirmed(codes []string) {
	if len(codes) == 0 {
		return
	}
	c.found.note(finding{
		What: "codes are listed that the source does not confirm", Where: c.vendor.codes[codes[0]].String(), More: len(codes) - 1, Codes: codes,
		Write: "nothing, as the source does not list all codes of " + c.codes.open,
	})
}
