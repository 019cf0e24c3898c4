package vendors

import (
	"fmt"
	"slices"
	"strings"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// A whenRow narrows a row to some responses. All that it says must hold.
type whenRow struct {
	At yamlfile.Pos
	policy.Match

	// Message is a text that a message of the response contains, in any case.
	Message string `yaml:"message,nonempty"`

	// HasDocument selects responses whose body is a JSON or XML document, or, if false, others.
	HasDocument *bool `yaml:"has_document"`

	// Place leads to a value of the body, which has the text, in place of a header.
	Place answer.Pointer `yaml:"at"`

	headerTextRow

	Conditions struct{} `yaml:"-"` // hides Match.Conditions, which the compiler makes
}

// isAboutContent reports whether the row says something about a response beyond its status.
func (row whenRow) isAboutContent() bool {
	return row.Message != "" || row.HasDocument != nil || row.Place != nil || row.Headers != nil || row.HasWait != nil
}

// A sign is something about a response by which a rule tells it from others with the same code or
// status. All that is set must hold.
type sign struct {
	name        string // in Failure.Conditions
	message     string // in lower case
	hasDocument *bool
	at          answer.Pointer // leads to the text, in place of a header
	text        headerText
}

// sign returns what the row says about the content of a response. It is the zero sign if the row
// says nothing about it.
func (c *compiler) sign(at yamlfile.Pos, row whenRow) sign {
	s := sign{message: strings.ToLower(row.Message), hasDocument: row.HasDocument, at: row.Place}
	var parts []string
	if row.Message != "" {
		parts = append(parts, fmt.Sprintf("message with %q", row.Message))
	}
	if has := row.HasDocument; has != nil {
		parts = append(parts, map[bool]string{true: "with a document", false: "without a document"}[*has])
	}
	if hasText := row.Is != "" || row.Contains != ""; hasText || row.Headers != nil || row.Place != nil {
		if s.text = c.signText(at, row); hasText {
			parts = append(parts, s.textName(row))
		}
	}
	s.name = strings.Join(parts, ", ")
	return s
}

// signText returns the text that a header or a value of the body has.
func (c *compiler) signText(at yamlfile.Pos, row whenRow) headerText {
	if (row.Headers == nil) == (row.Place == nil) || (row.Is == "") == (row.Contains == "") {
		c.problems.Report(at, "when: a text needs headers or at (a value of the body), and either is (the whole value) or contains")
	}
	return headerText{headers: stringsOf(row.Headers), is: row.Is, contains: row.Contains}
}

// textName names where a response has a text, and which.
func (s sign) textName(row whenRow) string {
	where := strings.Join(s.text.headers, "|")
	if row.Place != nil {
		where = row.Place.String()
	}
	if row.Is != "" {
		return fmt.Sprintf("%s is %q", where, row.Is)
	}
	return fmt.Sprintf("%s with %q", where, row.Contains)
}

// A content is what a response has.
type content struct {
	answer policy.Answer
	body   answer.Node
	items  []apierrors.Field
}

// isDocument reports whether the body is JSON or XML, and not a bare value.
func (r content) isDocument() bool {
	return r.body.Kind == answer.Object || r.body.Kind == answer.Array
}

// isIn reports whether a response has the sign.
func (s sign) isIn(r content) bool {
	hasMessage := func(item apierrors.Field) bool { return strings.Contains(strings.ToLower(item.Message), s.message) }
	hasText := func(n answer.Node) bool { return s.text.matches(n.Text) }
	return (s.message == "" || slices.ContainsFunc(r.items, hasMessage)) &&
		(s.hasDocument == nil || *s.hasDocument == r.isDocument()) &&
		(s.at == nil || slices.ContainsFunc(r.body.All(s.at), hasText)) &&
		(len(s.text.headers) == 0 || s.text.isIn(r.answer.Header))
}

// A responseMatch selects responses. All that is set must hold; the zero one selects all.
type responseMatch struct {
	statuses []policy.StatusRange
	on       policy.Endpoint
	sign     sign
}

// covers reports whether m selects a response.
func (m responseMatch) covers(r content) bool {
	isCovered := func(s policy.StatusRange) bool { return s.Contains(r.answer.Status) }
	return (len(m.statuses) == 0 || slices.ContainsFunc(m.statuses, isCovered)) &&
		m.on.Covers(r.answer.Method, r.answer.Path) && m.sign.isIn(r)
}

// conditionsOf returns the names of the signs that a response has.
func (d decoder) conditionsOf(r content) []string {
	var names []string
	for _, s := range d.signs {
		if s.isIn(r) {
			names = append(names, s.name)
		}
	}
	return names
}
