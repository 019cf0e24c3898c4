package main

import "fmt"

// A comparison collects what a vendor's file lacks or contradicts.
type comparison struct {
	vendor *vendor
	found  collector
	codes  codeFacts
	keys   keyFacts
}

func newComparison(v *vendor) *comparison {
	return &comparison{vendor: v, found: collector{}, codes: codeFacts{known: map[string]bool{}, isRead: map[string]bool{}}}
}

// add compares the file with a source.
func (c *comparison) add(s source) {
	for _, e := range s.codes {
		c.addListed(e)
	}
	if s.operations == nil {
		return
	}
	for o := range s.operations {
		c.addKeys(o)
		for _, r := range o.responses {
			c.addStatus(r)
			c.addHeaders(r)
			if r.isError() {
				c.addCodes(o, r)
			} else {
				c.addSuccess(o, r)
			}
		}
	}
}

// findings returns what was found, with what only all sources together show.
func (c *comparison) findings() findings {
	c.noteUnknownCodes()
	c.noteKeysElsewhere()
	return c.found.sorted()
}

// addStatus notes a status of errors that the file leaves to the built-in rules.
func (c *comparison) addStatus(r response) {
	if r.status < 400 || !r.isExact || c.vendor.hasStatus(r.status) {
		return
	}
	c.found.note(finding{
		What: fmt.Sprintf("status %d is left to the built-in rules", r.status), Where: r.where,
		Write: fmt.Sprintf("statuses: [{status: %d, class: %s}], if the built-in rules are wrong", r.status, builtInClass(r.status)),
	})
}

// addSuccess notes an example of a success that the file takes for an error.
func (c *comparison) addSuccess(o operation, r response) {
	for _, b := range r.bodies {
		if _, isFailure := c.vendor.codesIn(o, r.status, b.value); b.isExample && isFailure {
			c.found.note(finding{
				What: fmt.Sprintf("contradiction: the example of a success with status %d is an error", r.status), Where: r.where,
				Write: "errors_in_2xx: a path, methods or is, so that it does not select this", Contradicts: true,
			})
		}
	}
}
