package apierrors

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The forms of what is printed of a vendor's response. A code, a path or an id in another
// form may be personal data, and is not printed.
var (
	codeForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)
	idForm   = regexp.MustCompile(`^[A-Za-z0-9_.:=/+-]{1,128}$`)
	pathForm = regexp.MustCompile(`^[\pL\pN_.$\[\]-]{1,128}$`)

	// Segments of a URL that name a resource or a version, and not a record.
	wordForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z_-]{0,31}$`)
	versionForm = regexp.MustCompile(`^v[0-9]{1,3}(\.[0-9]{1,3})?$`)
)

// IsCode reports whether s looks like a vendor's code: up to 128 of A-Z a-z 0-9 _ . -. For
// tools that decode responses: other text may be personal data, and must not become a code.
func IsCode(s string) bool { return codeForm.MatchString(s) }

// Printable returns a copy of e that has only what Error, JSON and slog print, and the codes of
// its fields: nothing that may be personal data. It is for what is kept or sent elsewhere, such
// as a file of dead letters. The copy of nil is nil.
func (e *Error) Printable() *Error {
	if e == nil {
		return nil
	}
	p := *e
	p.URL, p.Code, p.RequestID = maskURL(e.URL), cleanCode(e.Code), cleanID(e.RequestID)
	p.Message, p.Details, p.IdempotencyKey, p.Body, p.Err = "", nil, "", nil, nil
	p.Fields, p.Attempts, p.Items = printable(e.Fields), slices.Clone(e.Attempts), slices.Clone(e.Items)
	for i, a := range p.Attempts {
		p.Attempts[i].Code = cleanCode(a.Code)
	}
	for i, item := range p.Items {
		p.Items[i].Key, p.Items[i].Code, p.Items[i].Fields = "", cleanCode(item.Code), printable(item.Fields)
	}
	return &p
}

// printable returns the paths and codes of fields that may be printed, each once.
func printable(fields []Field) []Field {
	var out []Field
	for _, f := range fields {
		f = Field{Path: cleanPath(f.Path), Code: cleanCode(f.Code)}
		if f != (Field{}) && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

func cleanCode(s string) string { return onlyIf(codeForm, s) }
func cleanID(s string) string   { return onlyIf(idForm, s) }
func cleanPath(s string) string { return onlyIf(pathForm, s) }

// onlyIf returns s if it has the form, or "".
func onlyIf(form *regexp.Regexp, s string) string {
	if form.MatchString(s) {
		return s
	}
	return ""
}

// maskURL returns PrintableURL of the URL raw, or "" if it is not a URL.
func maskURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return PrintableURL(u)
}

// PrintableURL returns u as Error prints it: without userinfo, query and fragment, and with {} in
// place of the segments of its path that may identify a record. For tools, and for what is kept
// or sent elsewhere, such as a trace.
func PrintableURL(u *url.URL) string {
	path := u.EscapedPath()
	var b strings.Builder
	b.Grow(len(u.Scheme) + len("://") + len(u.Host) + len(path))
	if u.Host != "" {
		b.WriteString(u.Scheme + "://" + u.Host)
	}
	slash := ""
	for s := range strings.SplitSeq(path, "/") {
		b.WriteString(slash)
		if slash = "/"; s != "" && !wordForm.MatchString(s) && !versionForm.MatchString(s) {
			s = "{}"
		}
		b.WriteString(s)
	}
	return b.String()
}
