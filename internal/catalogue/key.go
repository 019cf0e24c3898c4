package main

import (
	"fmt"
	"net/http"
	"regexp"
)

// keyFacts are where the sources document idempotency keys, and where the file has them beside that.
type keyFacts struct {
	isDocumented bool
	elsewhere    []string // operations without a documented key, of which the file says that keys are honored
}

// addKeys notes a documented idempotency key that the file does not know.
func (c *comparison) addKeys(o operation) {
	known := c.vendor.profile.Idempotency
	covers := known.Header != "" && known.Covers(o.method, o.path)
	if len(o.keys) == 0 && covers {
		c.keys.elsewhere = append(c.keys.elsewhere, o.where)
	}
	for _, key := range o.keys {
		c.keys.isDocumented = true
		header := http.CanonicalHeaderKey(key.name)
		about := fmt.Sprintf("%s of %s %s", key.name, o.method, o.path)
		switch {
		case key.in == "query":
			c.found.note(finding{
				What: "idempotency key in the parameter " + about, Where: o.where,
				Write: "nothing: the caller writes it, and sets CallOptions.Repeatable",
			})
		case known.Header != "" && http.CanonicalHeaderKey(known.Header) != header:
			c.found.note(finding{
				What: fmt.Sprintf("contradiction: the header of idempotency keys is %s, and not %s", header, known.Header), Where: o.where,
				Write: fmt.Sprintf("idempotency: {header: %s}", header), Contradicts: true,
			})
		case !covers:
			c.found.note(finding{
				What: "idempotency key in the header " + about + " is not known", Where: o.where,
				Write: fmt.Sprintf("idempotency: {header: %s, methods: %s, path: %q}", header, o.method, pattern(o.path)),
			})
		}
	}
}

// noteKeysElsewhere notes that the file has keys where the sources, which document some, document
// none.
func (c *comparison) noteKeysElsewhere() {
	if !c.keys.isDocumented {
		return
	}
	for _, where := range c.keys.elsewhere {
		c.found.note(finding{
			What: "contradiction: the file has idempotency keys where the source documents none", Where: where,
			Write: "idempotency: methods and path of those with a key", Contradicts: true,
		})
	}
}

// pathParameter matches what names a record in a path.
var pathParameter = regexp.MustCompile(`\{[^/{}]*\}`)

// pattern returns a path with * in place of what names a record.
func pattern(path string) string {
	return pathParameter.ReplaceAllString(path, "*")
}
