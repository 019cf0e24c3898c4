package vendors

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/internal/yamlfile"
	"github.com/retrywise/retrywise/policy"
)

// parse reads a vendor's file and compiles it, or tells every problem with it.
func parse(name string, data []byte) (*Vendor, error) {
	var f file
	unread, err := yamlfile.Read(name, data, &f)
	if err != nil {
		return nil, err
	}
	c := &compiler{}
	v := &Vendor{
		name: f.Vendor, title: f.Title, baseURL: f.BaseURL, documents: f.Documents, errorsIn2xx: f.ErrorsIn2xx,
		idempotencyHeader: http.CanonicalHeaderKey(f.Idempotency),
		decoder:           c.decoder(f),
	}
	settings := c.settings(f)
	c.problems.ReportAll(f.At, f.Retry.Problems())
	if err := unread.After(c.problems).Err(); err != nil {
		return nil, err
	}
	if v.policy, err = policy.New(settings); err != nil {
		return nil, err
	}
	return v, nil
}

// compiler turns rows into what decides and decodes, and gathers what is wrong.
type compiler struct{ problems yamlfile.Problems }

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (c *compiler) settings(f file) policy.Settings {
	if !nameForm.MatchString(f.Vendor) {
		c.problems.Report(f.At, "vendor %q: expected a name of small letters, digits and _", f.Vendor)
	}
	if u, err := url.Parse(f.BaseURL); f.BaseURL != "" && (err != nil || u.Host == "") {
		c.problems.Report(f.At, "base_url %q: expected an absolute URL", f.BaseURL)
	}
	return policy.Settings{
		Name: f.Vendor, Rules: c.rules(f), Endpoints: c.endpoints(f.Endpoints), Limits: c.limits(f.Limits), Retry: f.Retry,
	}
}

// rules compiles codes, statuses and classes.
func (c *compiler) rules(f file) []policy.Rule {
	var rules []policy.Rule
	seen := map[string]yamlfile.Pos{}
	add := func(at yamlfile.Pos, r policy.Rule, when policy.Match) {
		when.Methods, when.Paths, when.HasWait = r.When.Methods, r.When.Paths, r.When.HasWait
		c.rule(at, r, when, seen)
		r.When = when
		rules = append(rules, r)
	}
	for _, row := range f.Codes {
		if !apierrors.IsCode(row.Code) {
			c.problems.Report(row.At, "code %q: expected up to 64 of A-Z a-z 0-9 _ . -", row.Code)
		}
		add(row.At, row.Rule, policy.Match{Codes: []string{row.Code}})
	}
	for _, row := range f.Statuses {
		add(row.At, row.Rule, policy.Match{Statuses: []policy.StatusRange{row.Status}})
	}
	for _, row := range f.Classes {
		add(row.At, row.Rule, policy.Match{Class: row.Class})
	}
	return rules
}

// rule checks one rule. A second one for the same failures could never speak.
func (c *compiler) rule(at yamlfile.Pos, r policy.Rule, when policy.Match, seen map[string]yamlfile.Pos) {
	if r.Class == apierrors.None {
		c.problems.Report(at, "%v: missing key %q", when, "class")
	}
	if r.RepeatUnsafe != nil {
		c.problems.Report(at, "%v: repeat_unsafe is for an operator to decide", when)
	}
	if len(r.When.Codes) > 0 || len(r.When.Statuses) > 0 || r.When.Class != apierrors.None {
		c.problems.Report(at, "%v: when may only narrow the row: by methods, path or has_wait", when)
	}
	c.problems.ReportAll(at, r.Problems())
	c.problems.ReportTwice(seen, at, when.String())
}

func (c *compiler) endpoints(rows []endpointRow) []policy.Endpoint {
	var out []policy.Endpoint
	for _, row := range rows {
		c.problems.ReportAll(row.At, row.Problems())
		if row.RepeatUnsafe {
			c.problems.Report(row.At, "repeat_unsafe is for an operator to decide")
		}
		out = append(out, row.Endpoint)
	}
	return out
}

func (c *compiler) limits(rows []limitRow) []policy.Limit {
	var out []policy.Limit
	seen := map[string]yamlfile.Pos{}
	for _, row := range rows {
		c.problems.ReportTwice(seen, row.At, fmt.Sprintf("limit %q", row.Name))
		c.problems.ReportAll(row.At, row.Problems())
		out = append(out, row.Limit)
	}
	return out
}

func (c *compiler) decoder(f file) decoder {
	d := decoder{fieldLists: c.fieldLists(f.Codes), rename: f.Rename, waits: c.waits(f.Waits)}
	for _, row := range f.Decode {
		d.shapes = append(d.shapes, c.shape(row))
	}
	for _, row := range f.HeaderCodes {
		var names []string
		for _, h := range row.Headers {
			names = append(names, http.CanonicalHeaderKey(h))
		}
		d.headerCodes = append(d.headerCodes, headerCode{headers: names, contains: row.Contains, code: row.Code})
	}
	for _, row := range f.Limits {
		if n := row.NamedBy; n != nil {
			c.pointer(row.At, n.Body)
			d.limitNames = append(d.limitNames, limitName{body: n.Body, contains: n.Contains, limit: row.Name})
		}
	}
	return d
}

func (c *compiler) shape(row shapeRow) shape {
	c.pointer(row.At, row.In)
	if row.Code == "" && row.Message == "" && row.Means == "" {
		c.problems.Report(row.At, "a decode entry needs a code, a message, or is and means")
	}
	if (row.Is == "") != (row.Means == "") || (row.Means != "" && !apierrors.IsCode(row.Means)) {
		c.problems.Report(row.At, "is and means go together, and means a code")
	}
	return shape{
		in: row.In, code: row.Code, message: row.Message, field: row.Field, texts: row.Texts,
		is: row.Is, means: row.Means, needs: row.Needs, adds: row.Adds,
	}
}

// waits compiles the wait sources; without any, Retry-After is read as RFC 9110 has it.
func (c *compiler) waits(rows []waitRow) []waitSource {
	if len(rows) == 0 {
		return []waitSource{{header: "Retry-After", unit: policy.HTTP}}
	}
	var out []waitSource
	for _, row := range rows {
		if (row.Header == "") == (row.Body == "") {
			c.problems.Report(row.At, "a wait needs either a header or a body")
		}
		c.pointer(row.At, row.Body)
		out = append(out, waitSource{header: http.CanonicalHeaderKey(row.Header), body: row.Body, unit: row.Unit})
	}
	return out
}

func (c *compiler) fieldLists(rows []codeRow) map[string]*regexp.Regexp {
	lists := map[string]*regexp.Regexp{}
	for _, row := range rows {
		if row.FieldsInMessage == "" {
			continue
		}
		pattern, err := regexp.Compile(row.FieldsInMessage)
		if err != nil || pattern.NumSubexp() != 1 {
			c.problems.Report(row.At, "fields_in_message %q: expected a pattern with one group", row.FieldsInMessage)
			continue
		}
		lists[row.Code] = pattern
	}
	return lists
}

// pointer checks a JSON pointer (RFC 6901).
func (c *compiler) pointer(at yamlfile.Pos, pointer string) {
	if pointer != "" && pointer[0] != '/' {
		c.problems.Report(at, "%q: expected a JSON pointer, which begins with /", pointer)
	}
}
