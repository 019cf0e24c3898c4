package apierrors

import (
	"net/url"
	"regexp"
	"strings"
)

// What a vendor sends as a code, a field path or a request id leaves the process
// only if it looks like one; anything else may be a value in disguise.
var (
	codeForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	idForm   = regexp.MustCompile(`^[A-Za-z0-9_.:=/+-]{1,128}$`)
	pathForm = regexp.MustCompile(`^[\pL\pN_.$\[\]-]{1,128}$`)

	wordForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}$`)
	versionForm = regexp.MustCompile(`^v[0-9]{1,3}(\.[0-9]{1,3})?$`)
)

// IsCode reports whether s looks like a vendor's code: up to 64 of A-Z a-z 0-9 _ . -
// Anything else may be a value in disguise, and is not taken for one.
func IsCode(s string) bool { return codeForm.MatchString(s) }

func cleanCode(s string) string { return onlyIf(codeForm, s) }
func cleanID(s string) string   { return onlyIf(idForm, s) }
func cleanPath(s string) string { return onlyIf(pathForm, s) }

func onlyIf(form *regexp.Regexp, s string) string {
	if form.MatchString(s) {
		return s
	}
	return ""
}

// maskURL keeps the origin and those path segments that name a resource, and writes
// {} for those that may identify one. A URL that does not parse gives nothing.
func maskURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if s != "" && !wordForm.MatchString(s) && !versionForm.MatchString(s) {
			segments[i] = "{}"
		}
	}
	path := strings.Join(segments, "/")
	if u.Host == "" {
		return path
	}
	return u.Scheme + "://" + u.Host + path
}
