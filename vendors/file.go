package vendors

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/retrywise/retrywise/internal/answer"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// file is the format of a vendor's file. The keys of rules, limits, endpoints and retry
// bounds are the tags in package policy.
type file struct {
	At        yamlfile.Pos
	Vendor    vendorName    `yaml:"vendor,required"`
	Title     string        `yaml:"title,required,nonempty"`
	BaseURL   hostURL       `yaml:"base_url"`
	Documents []documentRow `yaml:"documents,required"`

	// Hosts are further hosts of the vendor.
	Hosts []hostRow `yaml:"hosts,nonempty"`

	// Token is where the vendor issues tokens of OAuth 2.0; absent: no document says it.
	Token *tokenRow `yaml:"token"`

	// Idempotency is where the vendor honors idempotency keys; absent: nowhere.
	Idempotency *idempotencyRow `yaml:"idempotency,was=idempotency_header"`

	// RequestIDs are the headers that may hold a request's id; absent: the common ones.
	RequestIDs []headerName `yaml:"request_id_headers,nonempty"`

	// RequestIDBody leads to a request's id in the body, which goes before those headers.
	RequestIDBody answer.Pointer `yaml:"request_id_body"`

	// ErrorsIn2xx says what makes a response with a status of 2xx an error: one of these.
	ErrorsIn2xx []conditionRow `yaml:"errors_in_2xx"`

	// Batches are the requests that have many items, some of which may have failed in a 2xx.
	Batches []batchRow `yaml:"batches"`

	// Pages say how lists are read page by page. The first that covers a request counts.
	Pages []pageRow `yaml:"pages"`

	// PeekBytes is how many bytes of a 2xx that is streamed are searched for an error.
	PeekBytes int `yaml:"peek_bytes,positive"`

	Decode []shapeRow `yaml:"decode"`

	// Verdict is where a response says whether to retry; absent: it does not say.
	Verdict *verdictRow `yaml:"verdict"`

	// Rename maps member names that the vendor sends to those that it documents.
	Rename map[string]string `yaml:"rename"`

	HeaderCodes []headerRow   `yaml:"header_codes"`
	Waits       []waitRow     `yaml:"waits"`
	Codes       []codeRow     `yaml:"codes"`
	Statuses    []statusRow   `yaml:"statuses"`
	Classes     []classRow    `yaml:"classes"`
	Endpoints   []endpointRow `yaml:"endpoints"`
	Limits      []limitRow    `yaml:"limits"`
	Retry       policy.Retry  `yaml:"retry"`
}

// A vendorName is the name of a vendor in files and errors.
type vendorName string

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// UnmarshalText reads a name.
func (n *vendorName) UnmarshalText(text []byte) error {
	if !nameForm.Match(text) {
		return fmt.Errorf("expected a name of lower-case letters, digits and _, such as rdstation; got %q", text)
	}
	*n = vendorName(text)
	return nil
}

// A documentRow is a source of the data.
type documentRow struct {
	At yamlfile.Pos
	Document
}

// A headerName is the name of an HTTP header in its canonical form.
type headerName string

// tokenForm is a token as in RFC 9110, section 5.6.2.
var tokenForm = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// UnmarshalText reads the name of a header in any case.
func (h *headerName) UnmarshalText(text []byte) error {
	if !tokenForm.Match(text) {
		return fmt.Errorf("expected the name of a header; got %q", text)
	}
	*h = headerName(http.CanonicalHeaderKey(string(text)))
	return nil
}

// stringsOf returns names as strings, or nil for nil.
func stringsOf(names []headerName) []string {
	var out []string
	for _, h := range names {
		out = append(out, string(h))
	}
	return out
}

// A conditionRow is what makes a 2xx an error.
type conditionRow struct {
	At yamlfile.Pos

	// Place leads to the value that tells. Without Is, any value does but null, false, 0
	// and an empty one.
	Place answer.Pointer `yaml:"at,required"`

	// Is is the text that the value must have.
	Is string `yaml:"is,nonempty"`

	// Methods and Paths select the requests whose responses may hold an error there.
	Methods []string `yaml:"methods,nonempty"`
	Paths   []string `yaml:"path,nonempty"`

	// Refused means that the vendor then executed no part of the request. Without it, that
	// is unknown.
	Refused bool `yaml:"refused"`
}

// A place is where an object has a value: the name of a member, or a JSON pointer.
type place answer.Pointer

// UnmarshalText reads a place. A name with a dot or a slash is refused: it was meant as a
// path.
func (p *place) UnmarshalText(text []byte) error {
	name := string(text)
	switch {
	case strings.HasPrefix(name, "/"):
		return (*answer.Pointer)(p).UnmarshalText(text)
	case name == "" || strings.ContainsAny(name, "./*"):
		return fmt.Errorf("expected the name of a member, or a JSON pointer such as /source/pointer; got %q", name)
	}
	*p = place{name}
	return nil
}

func (p place) pointer() answer.Pointer { return answer.Pointer(p) }

// shapeRow is one form in which the vendor writes errors, in JSON or XML.
type shapeRow struct {
	At yamlfile.Pos

	// In leads to the values that hold the errors; empty: the whole body.
	In answer.Pointer `yaml:"in"`

	// Code is where an object has its code. An object that has one is an error.
	Code place `yaml:"code"`

	// Slug makes a code of a text such as "Member Exists": Member_Exists.
	Slug bool `yaml:"slug"`

	// Nested are members in which an error may have another one that is more exact, to any
	// depth. The deepest that is listed decides.
	Nested []string `yaml:"nested,nonempty"`

	// Message is where an error has its text.
	Message place `yaml:"message"`

	// Field is where an error has the path of its field, or the keys of that path: those of a list,
	// or several texts. Without it, the keys above the error are the path.
	Field place `yaml:"field"`

	// Fields is where an error has a list of fields, each of which is at fault.
	Fields place `yaml:"fields"`

	// Uncoded means that an object with a message is an error also without a code.
	Uncoded bool `yaml:"uncoded"`

	// Texts means that a plain text at In or below it is an error without a code.
	Texts bool `yaml:"texts"`

	// Is and Means: if the value at In has the text Is, that means the code Means.
	Is    string `yaml:"is"`
	Means string `yaml:"means"`

	// Needs is what the value at In must have, or else the entry does not apply.
	Needs place `yaml:"needs"`

	// Adds means that the entry applies even if an earlier one found errors.
	Adds bool `yaml:"adds"`

	// General means that the codes of the entry say what those of earlier ones say, with less
	// detail. If an earlier one found errors, they decide only if none of its codes is listed.
	General bool `yaml:"general"`
}

// A verdictRow is the header in which a response says whether to retry. Whatever Yes says, a write
// that may have been executed is not repeated.
type verdictRow struct {
	Header headerName `yaml:"header,required"`
	Yes    string     `yaml:"yes,nonempty"`
	No     string     `yaml:"no,nonempty"`
}

// headerRow is a code for the text of a header.
type headerRow struct {
	At yamlfile.Pos
	headerTextRow
	Code string `yaml:"code,required,nonempty"`
}

// headerTextRow is a text that one of the headers has: as a value, or as a part of one.
type headerTextRow struct {
	Headers  []headerName `yaml:"headers,nonempty"`
	Is       string       `yaml:"is,nonempty"`
	Contains string       `yaml:"contains,nonempty"`
}

// A codeRow is a rule for a code. Its when may only narrow it.
type codeRow struct {
	At   yamlfile.Pos
	Code string  `yaml:"code,required"`
	When whenRow `yaml:"when"`

	// FieldsInMessage is a pattern whose only group matches a list of field names.
	FieldsInMessage string `yaml:"fields_in_message,nonempty"`

	policy.Rule

	// For samples: the status of a row without a code, and what a code says of a key.
	status                 policy.StatusRange
	isInFlight, isMismatch bool
}

// A statusRow is a rule for responses without a code. Its when may only narrow it.
type statusRow struct {
	At     yamlfile.Pos
	Status policy.StatusRange `yaml:"status,required"`
	When   whenRow            `yaml:"when"`
	policy.Rule
}

// hasBadSuccess reports whether a status of 2xx or 300 may be a failure.
func (f file) hasBadSuccess() bool {
	return slices.ContainsFunc(f.Statuses, func(row statusRow) bool { return row.Status.From < http.StatusBadRequest })
}

// A classRow is a rule for its class. Its when may only narrow it.
type classRow struct {
	At   yamlfile.Pos
	When whenRow `yaml:"when"`
	policy.Rule
}

type endpointRow struct {
	At yamlfile.Pos
	policy.Endpoint
}

// FileSchema returns the form of a vendor's file as a JSON Schema. For tools: an editor
// completes and checks a file by it.
func FileSchema() []byte { return yamlfile.JSONSchema("retrywise: a vendor's file", file{}) }
