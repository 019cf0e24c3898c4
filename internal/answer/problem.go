package answer

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A Problem is the content of a problem document (RFC 9457). The zero Problem is that of any
// other document.
type Problem struct {
	// Fields has an entry for each entry of the errors member, or else the detail or the title
	// as a message. The member is a list, as in an example of the RFC, or a map from fields to
	// texts, as of ASP.NET.
	Fields []apierrors.Field

	// RetryAfter is the extension retry_after, in seconds; empty: there is none.
	RetryAfter string

	// NoRetry means that the extension retryable is false.
	NoRetry bool

	// Limits are the names in the extension violated-policies of the problem types of
	// draft-ietf-httpapi-ratelimit-headers.
	Limits []string
}

// ProblemOf returns the problem in a document. A member of the wrong type is ignored.
// Without the media type, a problem must have a type and a title.
func ProblemOf(header http.Header, body Node) Problem {
	if wrapped, ok := body.Get("problem"); ok && len(body.Members) == 1 {
		body = wrapped // the root of the XML form
	}
	isLabelled := strings.HasPrefix(header.Get("Content-Type"), "application/problem+")
	if !isLabelled && (body.text("title") == "" || body.text("type") == "") {
		return Problem{}
	}
	wait, _ := body.Get("retry_after")
	retryable, _ := body.Get("retryable")
	return Problem{Fields: Bounded(body.problems()), RetryAfter: wait.Text, NoRetry: retryable.Text == "false", Limits: body.violatedPolicies()}
}

// problems returns the entries of the errors member of a problem document, or else its text.
func (n Node) problems() []apierrors.Field {
	errors, _ := n.Get("errors")
	fields := errors.fieldMap()
	if errors.Kind == Array {
		fields = errors.problemList()
	}
	text := cmp.Or(n.text("detail"), n.text("title"))
	if len(fields) == 0 && text != "" {
		return []apierrors.Field{{Message: text}}
	}
	return fields
}

// violatedPolicies returns the names of the limits that were exceeded, or are reduced for now.
func (n Node) violatedPolicies() []string {
	list, _ := n.Get("violated-policies")
	var names []string
	for _, e := range list.Elements[:min(len(list.Elements), MaxItems)] {
		if e.Kind == Text && !slices.Contains(names, e.Text) {
			names = append(names, e.Text)
		}
	}
	return names
}

// problemList returns the fields in a list of problems.
func (n Node) problemList() []apierrors.Field {
	var fields []apierrors.Field
	for _, e := range n.Elements {
		f := apierrors.Field{Path: pointerPath(e.text("pointer")), Message: e.text("detail")}
		if f != (apierrors.Field{}) {
			fields = append(fields, f)
		}
	}
	return fields
}

// text returns the text of a member, or "" if it is not a text.
func (n Node) text(key string) string {
	member, _ := n.Get(key)
	if member.Kind != Text {
		return ""
	}
	return member.Text
}

// pointerPath returns the path of a field for a JSON pointer in a URI fragment.
func pointerPath(pointer string) string {
	pointer = strings.TrimPrefix(strings.TrimPrefix(pointer, "#"), "/")
	keys := strings.Split(pointer, "/")
	for i, key := range keys {
		keys[i] = unescape(key)
	}
	return strings.Join(keys, ".")
}
